"""Relay: deliver the events of an outbox to a sink."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.errors import Unavailable
from fieldstone.project.stopping import until_stopped

if TYPE_CHECKING:
    from fieldstone_runtime.relay.outbox import Backlog
    from fieldstone_runtime.relay.relay import Counts


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a relay.

    Attributes:
        table: the outbox; None for the only table whose name ends in "_outbox".
        once: whether to end when no event is due.
        batch: the most events in one delivery.
        lease: the time after which the claim of a dead relay expires, in seconds.
        attempts: the number of refusals by the sink before an event is set aside.
        keep: the age at which delivered rows are deleted, in seconds; None keeps them.
    """

    table: str | None
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
    if find_spec("fieldstone_runtime") is None or find_spec("opentelemetry") is None:
        fix = "pip install 'fieldstone-runtime[kafka]', [s3] or [postgres], by where the events go"
        raise Unavailable("relaying takes fieldstone-runtime and its clients, which are not installed", fix=fix)
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
        raise Unavailable(problem, fix=fix) from error
    except ModuleNotFoundError as error:
        problem, _, fix = str(error).partition(": ")
        raise Unavailable(problem, fix=fix) from error
    except UnavailableError as error:
        raise Unavailable(str(error), fix="what was not delivered stays in the outbox: run it again") from error
