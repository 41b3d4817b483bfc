"""A buf command that runs once for several modules; each reads its own part of the result.

A part without an answer, as when the common run fails, gets a run of its own. So a common run saves time, and
decides nothing that a module's own run would not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from fieldstone.errors import FieldstoneError
from fieldstone.toolchain.buf import Running
from fieldstone.toolchain.diagnostic import Diagnostic

_TOGETHER = 50
"""The most requests in one run: their files fit on a command line, and further runs can use other cores."""

_SIDE_BY_SIDE = 8
"""The most runs of their own that start at once when a common run has no answers."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Compiling(Protocol):
    """A compiler that runs or will run: `Running`, or a part of a common run."""

    def output(self, *, what: str) -> bytes:
        """The image; see `Running.output`."""

    def close(self) -> None:
        """End it if nobody waited for it."""


class Inspecting(Protocol):
    """A linter, or `buf breaking`, that runs or will run: `Running`, or a part of a common run."""

    def diagnostics(self, *, what: str) -> list[Diagnostic]:
        """The findings; see `Running.diagnostics`."""

    def close(self) -> None:
        """End it if nobody waited for it."""


class Part(Generic[Asked, Answer]):
    """The part of a common run that answers one request."""

    def __init__(self, asked: Asked, alone: Callable[[Asked], Running]) -> None:
        self.asked = asked
        self._alone = alone
        self._batch: _Batch[Asked, Answer] | None = None
        self.is_closed = False

    def begin(self, batch: _Batch[Asked, Answer] | None) -> None:
        """Belong to a common run; without one, start a run of its own."""
        self._batch = batch
        if batch is None:
            _ = self.own

    @cached_property
    def own(self) -> Running:
        """A run of its own, started on first use."""
        return self._alone(self.asked)

    def close(self) -> None:
        """End its own run; a common run goes on for the others."""
        self.is_closed = True
        if "own" in vars(self):
            self.own.close()

    def answer(self) -> Answer | None:
        """Its part of the common run's result; None if there is none."""
        return self._batch.answer(self) if self._batch else None


class CompiledPart(Part[Asked, bytes]):
    """A part of a common `buf build`."""

    def output(self, *, what: str) -> bytes:
        """The image; see `Running.output`."""
        answer = self.answer()
        return self.own.output(what=what) if answer is None else answer


class InspectedPart(Part[Asked, Sequence[Diagnostic]]):
    """A part of a common `buf lint` or `buf breaking`."""

    def diagnostics(self, *, what: str) -> list[Diagnostic]:
        """The findings; see `Running.diagnostics`."""
        answer = self.answer()
        return self.own.diagnostics(what=what) if answer is None else [*answer]


Together = Callable[[Sequence[Asked]], Callable[[], Sequence[Answer | None]]]
"""Starts a common run for requests. The returned function waits for it, and gives an answer for each, or None."""


class Joint(Generic[Asked, Answer]):
    """Requests that wait for a common run.

    Args:
        together: starts a common run.
    """

    def __init__(self, together: Together[Asked, Answer]) -> None:
        self._together = together
        self._waiting: list[Part[Asked, Answer]] = []

    def add(self, part: Part[Asked, Answer]) -> None:
        """Add a request to those that `begin` starts."""
        self._waiting.append(part)

    def begin(self) -> None:
        """Start a run for all requests so far; a single one gets a run of its own."""
        waiting, self._waiting = [part for part in self._waiting if not part.is_closed], []
        for start in range(0, len(waiting), _TOGETHER):
            parts = waiting[start : start + _TOGETHER]
            batch = _Batch(parts, self._together([part.asked for part in parts])) if len(parts) > 1 else None
            for part in parts:
                part.begin(batch)


class _Batch(Generic[Asked, Answer]):
    """A common run with its parts."""

    def __init__(self, parts: Sequence[Part[Asked, Answer]], read: Callable[[], Sequence[Answer | None]]) -> None:
        self._parts = parts
        self._read = read

    @cached_property
    def _answers(self) -> Sequence[Answer | None]:
        try:
            return self._read()
        except FieldstoneError:
            return [None] * len(self._parts)

    def answer(self, part: Part[Asked, Answer]) -> Answer | None:
        """The answer for a part; without one, its own run and the next ones start side by side."""
        at = self._parts.index(part)
        if self._answers[at] is None:
            left = zip(self._parts[at:], self._answers[at:], strict=True)
            unanswered = [other for other, answer in left if answer is None and not other.is_closed]
            for other in unanswered[:_SIDE_BY_SIDE]:
                _ = other.own
        return self._answers[at]
