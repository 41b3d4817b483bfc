"""`fieldstone serve`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command

_DATA = "fieldstone-data"
_COUNT = click.IntRange(0, 1_000_000)
_CONNECTIONS = click.IntRange(10, 1_000_000)
_PROCESSES = click.IntRange(1, 1_000)
_SECONDS = click.IntRange(1, 3_600)


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
@click.option("--rate", default=500, show_default=True, type=_COUNT, help="Requests a second of each caller; 0: any.")
@click.option("--connections", default=1000, show_default=True, type=_CONNECTIONS, help="Connections at once.")
@click.option("--request-seconds", default=20, show_default=True, type=_SECONDS, help="Time for a request to arrive.")
@click.option("--processes", default=3, show_default=True, type=_PROCESSES, help="Pushes that are judged at once.")
@click.option("--push-seconds", default=60, show_default=True, type=_SECONDS, help="Time to judge a push.")
@click.option(
    "--compile-seconds", default=15, show_default=True, type=_COUNT, help="Processor time of buf for a push; 0: any."
)
@click.option("--stop-seconds", default=20, show_default=True, type=_SECONDS, help="Time to end requests at a stop.")
@click.option(
    "--webhooks-to",
    "networks",
    multiple=True,
    metavar="NETWORK",
    help="Send webhooks to this network too, as 10.1.0.0/16; without it to public addresses only. Can be repeated.",
)
@click.option(
    "--webhook-days", default=3.0, show_default=True, type=click.FloatRange(0, 365), help="Then an event is given up."
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
    networks: tuple[str, ...],
    webhook_days: float,
    npm_scope: str,
    python_prefix: str,
    **limits: int,
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

    require("jinja2", "packaging", "sqlalchemy", "starlette", "uvicorn")
    from fieldstone.server.guards.limits import Limits
    from fieldstone.server.registry import Options, create_app
    from fieldstone.server.running import is_loopback, run
    from fieldstone.server.webhooks.courier import webhooks_of
    from fieldstone.workflows.publishing import naming_of
    from fieldstone.workflows.serving import first_token, seconds_behind

    naming, webhooks = naming_of(python_prefix, npm_scope), webhooks_of(networks, webhook_days)
    address = database or f"sqlite:///{data.resolve()}/registry.db"
    if objects:
        address += f"{'&' if '?' in address else '?'}objects={objects}"
    token = first_token(address, data)
    seconds = seconds_behind(address)
    options = Options(
        address=address,
        anonymous_reads=False if anonymous_reads is None and not is_loopback(host) else anonymous_reads,
        naming=naming,
        limits=Limits(**limits),
        webhooks=webhooks,
    )

    def told(url: str) -> None:
        say(f"registry at {url}; stop with Ctrl-C.", err=True)
        if seconds:
            say(f"  the clock of this machine is {seconds} seconds behind the newest row of the audit", err=True)
        if token is not None:
            say(f"  the token of its first admin is in {token}", err=True)

    run(lambda lifespan: create_app(options, lifespan), host, port, told, options.limits)
    return 0
