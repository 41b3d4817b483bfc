"""From an exception to the status of a call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import grpc

from fieldstone_runtime import errors
from fieldstone_runtime.serving.refusals import NothingFoundError, RefusedRequestError, UnanswerableError
from fieldstone_runtime.unfit import UnfitError

if TYPE_CHECKING:
    from types import TracebackType

_LOG = logging.getLogger(__name__)

_OF_STORAGE: tuple[tuple[type[errors.StorageError], grpc.StatusCode, str], ...] = (
    (errors.DatabaseLockedError, grpc.StatusCode.UNAVAILABLE, "the database is locked; try again"),
    (errors.DatabaseUnreachableError, grpc.StatusCode.UNAVAILABLE, "the database cannot be reached; try again"),
    (errors.ConnectionLostError, grpc.StatusCode.UNAVAILABLE, "the connection to the database broke; try again"),
    (errors.DatabaseFullError, grpc.StatusCode.RESOURCE_EXHAUSTED, "the database is full"),
    (errors.DatabaseCorruptError, grpc.StatusCode.DATA_LOSS, "the database is damaged"),
    (errors.MigrationError, grpc.StatusCode.FAILED_PRECONDITION, "the database is not at the server's release"),
)


def status(error: BaseException) -> tuple[grpc.StatusCode, str] | None:
    """The code and text of a call that ended with this exception; None for one that is nobody's to foresee.

    The client is not told where and what the database is: that stands in the log.
    """
    if isinstance(error, (RefusedRequestError, UnfitError, OverflowError)):
        return grpc.StatusCode.INVALID_ARGUMENT, str(error)
    if isinstance(error, errors.ValueRefusedError) and not error.record:
        return grpc.StatusCode.INVALID_ARGUMENT, str(error)
    if isinstance(error, NothingFoundError):
        return grpc.StatusCode.NOT_FOUND, str(error)
    if isinstance(error, UnanswerableError):
        return grpc.StatusCode.INTERNAL, f"{error}: {error.__cause__}"
    for kind, code, text in _OF_STORAGE:
        if isinstance(error, kind):
            return code, text
    return (grpc.StatusCode.INTERNAL, "the storage failed") if isinstance(error, errors.StorageError) else None


class Answering:
    """Ends a call of `grpc.aio` with the status of the exception that leaves its block.

    async with Answering(context):
        ...
    """

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        self._context = context

    async def __aenter__(self) -> None:
        """Nothing is to be prepared."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the call if the exception has a status; any other passes."""
        found = None if error is None else status(error)
        if found is None:
            return
        if isinstance(error, (errors.StorageError, UnanswerableError)):
            _LOG.warning("a call ended with %s: %s", found[0].name, error, exc_info=error)
        await self._context.abort(*found)
