"""Relay: bring the events of an outbox to where others read them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.project.stopping import until_stopped

if TYPE_CHECKING:
    from fieldstone_runtime.relay.outbox import Backlog
    from fieldstone_runtime.relay.relay import Counts


class Settings(Struct, frozen=True, kw_only=True):
    """How a relay works.

    Attributes:
        table: the outbox; None for the only table whose name ends in "_outbox".
        once: ends when nothing is due.
        batch: how many events are delivered together, at most.
        lease: how long a claim holds if the relay dies, in seconds.
        attempts: how often a sink may refuse an event before it is set aside.
        keep: how old a delivered row gets before it is deleted, in seconds; None keeps them.
    """

    table: str | None
    once: bool
    batch: int
    lease: float
    attempts: int
    keep: float | None


def relay(source: str, target: str, settings: Settings, told: Callable[[Counts], None]) -> tuple[Counts, Backlog]:
    """Deliver events, until SIGINT or SIGTERM or, with `once`, until nothing is due.

    Args:
        source: the URL of the database that the outbox is in.
        target: the URL of the sink.
        settings: how.
        told: called after each batch.

    Returns:
        What was done, and what is left.

    Raises:
        FieldstoneError: one of the URLs names nothing, a client library is missing, or, with `once`, outbox or
            sink cannot be reached.
    """
    if find_spec("fieldstone_runtime") is None or find_spec("opentelemetry") is None:
        fix = "pip install 'fieldstone-runtime[kafka]', [s3] or [postgres], by where the events go"
        raise FieldstoneError("relaying takes fieldstone-runtime and its clients, which are not installed", fix=fix)
    from fieldstone_runtime.relay.events import UnavailableError
    from fieldstone_runtime.relay.metrics import observe
    from fieldstone_runtime.relay.relay import Relay
    from fieldstone_runtime.relay.urls import UrlError, open_outbox, open_sink

    try:
        outbox = open_outbox(source, settings.table, lease=settings.lease, attempts=settings.attempts)
        sink = open_sink(target)
        running = Relay(outbox, sink, batch=settings.batch, keep=settings.keep, told=told)
        observe(open_outbox(source, settings.table), running.counts)
        with until_stopped() as stop:
            if settings.once:
                running.drain(stop)
            else:
                running.run(stop)
        sink.close()
        return running.counts, outbox.backlog()
    except UrlError as error:
        problem, _, fix = str(error).partition("; ")
        raise FieldstoneError(problem, fix=fix) from error
    except ModuleNotFoundError as error:
        problem, _, fix = str(error).partition(": ")
        raise FieldstoneError(problem, fix=fix) from error
    except UnavailableError as error:
        raise FieldstoneError(str(error), fix="what was not delivered stays in the outbox: run it again") from error
