"""`fieldstone relay`."""

from __future__ import annotations

import re
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command

if TYPE_CHECKING:
    from fieldstone_runtime.relay.relay import Counts

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[float]):
    """A number with a unit: 90s, 15m, 12h, 7d; in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the duration to seconds."""
        if isinstance(value, int | float):
            return float(value)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value)
        if not found:
            self.fail(f"{value!r} is no duration; write 90s, 15m, 12h or 7d", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@click.command(cls=Command)
@click.option("--from", "source", metavar="URL", required=True, help="The database with the outbox.")
@click.option("--to", "target", metavar="URL", help="The sink for the events.")
@click.option(
    "--name",
    metavar="NAME",
    default="default",
    show_default=True,
    help="The sink's name: relays of one name share the events, each name gets all.",
)
@click.option("--from-start", is_flag=True, help="Deliver to a new name what is in the outbox already, too.")
@click.option("--sinks", "listed", is_flag=True, help="List the names, with what each has not delivered yet.")
@click.option("--forget", metavar="NAME", help="End a name: it gets no more events, and none is kept for it.")
@click.option("--outbox", "table", metavar="TABLE", help="The outbox; by default the only table ending in _outbox.")
@click.option("--once", is_flag=True, help="Deliver all due events, then end.")
@click.option("--batch", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Events at a time.")
@click.option(
    "--lease",
    type=Duration(),
    default="60s",
    show_default=True,
    help="The time after which a killed relay's events are delivered by others.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="The attempts to deliver an event before it is set aside as dead.",
)
@click.option(
    "--keep",
    type=Duration(),
    default="7d",
    show_default=True,
    help="The age at which an event may be deleted, once every name has had it.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(
    source: str,
    target: str | None,
    table: str | None,
    forget: str | None,
    *,
    listed: bool,
    quiet: bool,
    **settings: Any,
) -> int:
    """Deliver the events of an outbox to a sink, in order within each aggregate, until stopped.

    Deliveries are recorded by --name: two relays of one name share the events, two names each get all. A new name gets
    the events from now on, or with --from-start all that are there. While a sink is down its events wait; an event that
    the sink refuses repeatedly is set aside as dead. With --once the exit code is 1 if there are dead events.

    \b
    Examples:
      fieldstone relay --from sqlite:///telemetry.db --to kafka://localhost:9092/telemetry
      fieldstone relay --from postgresql://telemetry@localhost/telemetry --to s3://lake/telemetry?region=eu-west-1
      fieldstone relay --from sqlite:///telemetry.db --to postgresql://lake@localhost/lake --once
      fieldstone relay --from sqlite:///telemetry.db --to sqlite:///analytics.db --name analytics --from-start
      fieldstone relay --from sqlite:///telemetry.db --sinks
      fieldstone relay --from sqlite:///telemetry.db --forget analytics
    """
    from fieldstone.workflows.relay import Settings, relay

    if sum((target is not None, forget is not None, listed)) != 1:
        raise click.UsageError("give one of these: a sink, --to URL; the name to end, --forget NAME; --sinks")
    if target is None:
        return _end(source, table, forget) if forget is not None else _list(source, table)
    progress = _Progress(quiet=quiet)
    counts, backlog = relay(source, target, Settings(table=table, **settings), progress.told)
    progress.end()
    say(
        f"delivered {counts.delivered}, refused {counts.refused}, cleaned up {counts.cleaned};"
        f" left: {backlog.pending + backlog.claimed} pending, {backlog.failed} to be tried again, {backlog.dead} dead"
    )
    return 1 if settings["once"] and backlog.dead else 0


def _end(source: str, table: str | None, name: str) -> int:
    from fieldstone.workflows.relay import forget

    forget(source, table, name)
    say(f"{name} gets no more events")
    return 0


def _list(source: str, table: str | None) -> int:
    from fieldstone.workflows.relay import sinks

    for sink, backlog in sinks(source, table):
        waiting = f"{backlog.pending + backlog.claimed} pending, {backlog.failed} to be tried again"
        age = f", the oldest {backlog.lag:.0f} s old" if backlog.lag else ""
        say(f"{sink.name} to {sink.destination or 'an unknown sink'}: {waiting}, {backlog.dead} dead{age}")
    return 0


class _Progress:
    """A progress line on stderr, rewritten a few times a second; none if stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._stream = sys.stderr
        self._shown = self._stream.isatty() and not quiet
        self._began = self._last = monotonic()

    def told(self, counts: Counts) -> None:
        """Rewrite the line."""
        now = monotonic()
        if self._shown and now - self._last > 0.2:  # noqa: PLR2004 - seconds
            self._last = now
            rate = counts.delivered / max(now - self._began, 1e-9)
            self._stream.write(f"\r\x1b[Kdelivered {counts.delivered:,} ({rate:,.0f}/s)")
            self._stream.flush()

    def end(self) -> None:
        """End the line."""
        if self._shown:
            self._stream.write("\n")
