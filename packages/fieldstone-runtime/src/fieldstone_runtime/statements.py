"""A hook that sees the statements of a database and how long each took, for logs and traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

OnStatement = Callable[[str, float], None]
"""Called after each statement, on its thread, with its SQL and its seconds; also after one that failed."""


@contextmanager
def timed(on_statement: OnStatement, statement: object) -> Iterator[None]:
    """Call the hook once the block is left.

    The hook only watches: an exception of it is logged, and the statement counts as it ended.
    """
    start = perf_counter()
    try:
        yield
    finally:
        took = perf_counter() - start
        text = statement.decode() if isinstance(statement, bytes) else str(statement)
        try:
            on_statement(text, took)
        except Exception:  # a write that is done must neither look as if it had failed nor be undone
            from logging import getLogger

            getLogger(__name__).exception("on_statement failed after %s", text)
