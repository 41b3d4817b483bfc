"""Relay: deliver the events of an outbox to a sink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import NotFound, Unavailable
from fieldstone.installing import beside
from fieldstone.project.stopping import until_stopped

if TYPE_CHECKING:
    from fieldstone_runtime.relay.backlog import Backlog
    from fieldstone_runtime.relay.register import Registered
    from fieldstone_runtime.relay.relay import Counts


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a relay.

    Attributes:
        table: the outbox; None for the only table whose name ends in "_outbox".
        name: the sink's name, under which deliveries are recorded.
        from_start: whether a new name gets the events that are there already, too.
        once: whether to end when no event is due.
        batch: the most events in one delivery.
        lease: the time after which the claim of a dead relay expires, in seconds.
        attempts: the number of refusals by the sink before an event is set aside.
        keep: the age at which an event that every sink has had is deleted, in seconds; None keeps it.
    """

    table: str | None
    name: str
    from_start: bool
    once: bool
    batch: int
    lease: float
    attempts: int
    keep: float | None


def relay(source: str, target: str, settings: Settings, told: Callable[[Counts], None]) -> tuple[Counts, Backlog]:
    """Deliver events until SIGINT or SIGTERM or, with `once`, until no event is due.

    Args:
        source: the URL of the database that the outbox is in.
        target: the URL of the sink.
        settings: the settings.
        told: called after each batch.

    Returns:
        The counts of delivered events, and the backlog.

    Raises:
        FieldstoneError: a URL is invalid, a client library is missing, or, with `once`, outbox or sink cannot be
            reached.
    """
    _require_runtime()
    from fieldstone_runtime.relay.metrics import observe
    from fieldstone_runtime.relay.relay import Relay
    from fieldstone_runtime.relay.urls import destination, open_outbox, open_sink

    with _translated():
        outbox = open_outbox(
            source, settings.table, name=settings.name, lease=settings.lease, attempts=settings.attempts
        )
        sink = open_sink(target)
        running = Relay(
            outbox,
            sink,
            batch=settings.batch,
            keep=settings.keep,
            from_start=settings.from_start,
            destination=destination(target),
            told=told,
        )
        observe(open_outbox(source, settings.table, name=settings.name), running.counts)
        with until_stopped() as stop:
            if settings.once:
                running.drain(stop)
            else:
                running.run(stop)
        sink.close()
        return running.counts, outbox.backlog()


def forget(source: str, table: str | None, name: str) -> None:
    """End a name that events are delivered under: it gets no more of them, and none is kept for it.

    Args:
        source: the URL of the database that the outbox is in.
        table: the outbox; None for the only table whose name ends in "_outbox".
        name: the sink's name.

    Raises:
        FieldstoneError: there is no such name, a URL is invalid, or the outbox cannot be reached.
    """
    _require_runtime()
    from fieldstone_runtime.relay.urls import open_outbox

    with _translated():
        outbox = open_outbox(source, table, name=name)
        if not outbox.forget():
            there = ", ".join(sink.name for sink in outbox.sinks()) or "none"
            raise NotFound(f"{outbox.table} has no sink called {name}", fix=f"its sinks are: {there}")


def sinks(source: str, table: str | None) -> list[tuple[Registered, Backlog]]:
    """The names that events are delivered under, sorted, with how much each has to do.

    Args:
        source: the URL of the database that the outbox is in.
        table: the outbox; None for the only table whose name ends in "_outbox".

    Raises:
        FieldstoneError: the URL is invalid, or the outbox cannot be reached.
    """
    _require_runtime()
    from fieldstone_runtime.relay.urls import open_outbox

    with _translated(), closing(open_outbox(source, table)) as outbox:
        found = []
        for sink in outbox.sinks():
            with closing(open_outbox(source, table, name=sink.name)) as own:
                found.append((sink, own.backlog()))
        return found


def _require_runtime() -> None:
    if find_spec("fieldstone_runtime") is None or find_spec("opentelemetry") is None:
        fix = f"`{beside('fieldstone-runtime', 'kafka')}`, or with [s3] or [postgres], by where the events go"
        raise Unavailable("relaying takes fieldstone-runtime and its clients, which are not installed", fix=fix)


@contextmanager
def _translated() -> Iterator[None]:
    from fieldstone_runtime.relay.events import ForgottenError, UnavailableError
    from fieldstone_runtime.relay.urls import UrlError

    try:
        yield
    except UrlError as error:
        problem, _, fix = str(error).partition("; ")
        raise Unavailable(problem, fix=fix) from error
    except ModuleNotFoundError as error:
        problem, _, fix = str(error).partition(": ")
        raise Unavailable(problem, fix=fix) from error
    except UnavailableError as error:
        raise Unavailable(str(error), fix="what was not delivered stays in the outbox: run it again") from error
    except ForgottenError as error:
        raise Unavailable(str(error), fix="to begin anew under this name, start the relay again") from error
