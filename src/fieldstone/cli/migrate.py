"""`fieldstone migrate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched

if TYPE_CHECKING:
    from fieldstone.workflows.migrate import Migrated
    from fieldstone.workflows.taking_over.differences import Difference


@click.command(cls=Command)
@click.argument("url")
@click.option(
    "--module", "modules", multiple=True, type=ModuleName(), help="A module; by default all modules with storage."
)
@click.option("--unreleased", is_flag=True, help="Apply the working tree, too, as its next version.")
@click.option("--baseline", is_flag=True, help="Take over tables that are there already, if they fit.")
def command(url: str, modules: tuple[str, ...], unreleased: bool, baseline: bool) -> int:
    """Migrate the database at URL to the newest releases.

    It applies the missing migrations, in one transaction per module, and records them in the database. Running it twice
    at once is safe. A database that newer schemas migrated is refused, unless they only added to it.

    With --baseline, tables that the database has already are compared with those of the releases. If all fit, the
    migrations that made them are recorded and the later ones applied. Otherwise the differences are listed, nothing is
    written and the exit code is 1.

    \b
    Examples:
      fieldstone migrate sqlite:///telemetry.db
      fieldstone migrate sqlite:////var/lib/telemetry.db --module telemetry
      fieldstone migrate postgresql://telemetry@localhost/telemetry
      fieldstone migrate postgresql://telemetry@localhost/telemetry --baseline
    """
    from fieldstone.workflows.migrate import migrate, take_over

    project = open_project()
    if not baseline:
        with watched(project, "migrating"):
            migrated = migrate(project, url, modules, unreleased=unreleased)
        _say_migrated(migrated)
        return 0
    with watched(project, "comparing with the database"):
        outcome = take_over(project, url, modules, unreleased=unreleased)
    _say_differences(outcome.differences)
    _say_migrated(outcome.migrated)
    return 1 if outcome.differences else 0


def _say_migrated(migrated: Sequence[Migrated]) -> None:
    for done in migrated:
        if done.recorded:
            say(f"{done.module}: took over {', '.join(done.recorded)}")
        for statement in done.indexes:
            say(f"{done.module}: {statement}")
        if done.applied:
            say(f"{done.module}: applied {', '.join(done.applied)}")
        elif not done.recorded:
            say(f"{done.module}: nothing to apply, it has {done.newest}.", err=True)


def _say_differences(differences: Mapping[str, Sequence[Difference]]) -> None:
    for module, listed in differences.items():
        for difference in listed:
            part = f"{difference.table}.{difference.part}" if difference.part else difference.table
            say(f"{part}: found {difference.found}, wanted {difference.wanted}")
            say(f"  fix: {difference.fix}")
        noun = "difference" if len(listed) == 1 else "differences"
        say(f"{module}: {len(listed)} {noun}; nothing was written.", err=True)
