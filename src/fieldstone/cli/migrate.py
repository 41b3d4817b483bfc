"""`fieldstone migrate`."""

from __future__ import annotations

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName
from fieldstone.cli.output import say


@click.command()
@click.argument("url")
@click.option(
    "--module", "modules", multiple=True, type=ModuleName(), help="A module; by default all modules with storage."
)
@click.option("--unreleased", is_flag=True, help="Apply the working tree, too, as its next version.")
def command(url: str, modules: tuple[str, ...], unreleased: bool) -> int:
    """Migrate the database at URL to the newest releases.

    It applies the missing migrations, in one transaction per module, and records them in the database. Running it twice
    at once is safe. A database that newer schemas migrated is refused.

    \b
    Examples:
      fieldstone migrate sqlite:///telemetry.db
      fieldstone migrate sqlite:////var/lib/telemetry.db --module telemetry
      fieldstone migrate postgresql://telemetry@localhost/telemetry
    """
    from fieldstone.workflows.migrate import migrate

    for done in migrate(open_project(), url, modules, unreleased=unreleased):
        if done.applied:
            say(f"{done.module}: applied {', '.join(done.applied)}")
        else:
            say(f"{done.module}: nothing to apply, it has {done.newest}.", err=True)
    return 0
