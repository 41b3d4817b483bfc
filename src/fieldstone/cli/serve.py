"""`fieldstone serve`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command

_DATA = "fieldstone-data"


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=_DATA,
    show_default=True,
    help="The folder of SQLite's database, unless --database names another.",
)
@click.option("--database", metavar="URL", default="", help="postgresql://USER@HOST/NAME or sqlite:///PATH.")
@click.option("--objects", metavar="URL", default="", help="Keep large contents there: s3://BUCKET/PREFIX.")
@click.option(
    "--anonymous-reads/--no-anonymous-reads",
    default=None,
    help="Read without a token; by default only on this machine, not through a proxy.",
)
@click.option("--npm-scope", metavar="NAME", default="", help="The scope of npm packages: acme for @acme/....")
@click.option("--python-prefix", metavar="NAME", default="", help="The beginning of the names of Python packages.")
def command(
    host: str,
    port: int,
    data: Path,
    database: str,
    objects: str,
    *,
    anonymous_reads: bool | None,
    npm_scope: str,
    python_prefix: str,
) -> int:
    """Serve a shared registry: for `buf push`, `buf dep update`, pip, npm and Fieldstone itself, until stopped.

    Without options it keeps its data in SQLite below ./fieldstone-data and listens on this machine only. The first
    start makes a token for an admin, and writes it to admin-token in that folder.

    \b
    Examples:
      fieldstone serve
      fieldstone serve --host 0.0.0.0 --database postgresql://fieldstone@db/contracts
    """
    from fieldstone.workflows.index import require

    require("packaging", "sqlalchemy", "starlette", "uvicorn")
    from fieldstone.server.registry import Options, create_app
    from fieldstone.server.running import is_loopback, run
    from fieldstone.workflows.publishing import naming_of
    from fieldstone.workflows.serving import first_token

    naming = naming_of(python_prefix, npm_scope)
    address = database or f"sqlite:///{data.resolve()}/registry.db"
    if objects:
        address += f"{'&' if '?' in address else '?'}objects={objects}"
    token = first_token(address, data)
    options = Options(
        address=address,
        anonymous_reads=False if anonymous_reads is None and not is_loopback(host) else anonymous_reads,
        naming=naming,
    )

    def told(url: str) -> None:
        say(f"registry at {url}; stop with Ctrl-C.", err=True)
        if token is not None:
            say(f"  the token of its first admin is in {token}", err=True)

    run(lambda lifespan: create_app(options, lifespan), host, port, told)
    return 0
