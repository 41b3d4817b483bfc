"""`buf lint` on a module: begun on the files that changed, and carried on once it is known what else they touch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldstone.schema.annotation import Annotation
    from fieldstone.schema.buf import Running


class Linting:
    """The style of a module, or of some of its files.

    Args:
        start: starts `buf lint` on files given by import path; on all where none is given.
    """

    def __init__(self, start: Callable[[Sequence[str]], Running]) -> None:
        self._start = start
        self._running: list[Running] = []
        self._begun: frozenset[str] | None = None

    def judge(self, paths: Collection[str], *, apart: bool = False) -> None:
        """Judge these files, or all where none is given; what was begun on is judged already.

        Args:
            paths: the files, by import path.
            apart: whether further files may be judged by themselves: no rule holds them against the others.
        """
        wanted = frozenset(paths)
        if wanted == self._begun:
            return
        if apart and self._begun and self._begun < wanted:
            self._running.append(self._start(sorted(wanted - self._begun)))
        else:
            for running in self._running:
                running.close()
            self._running = [self._start(sorted(wanted))]
        self._begun = wanted

    def annotations(self) -> list[Annotation]:
        """What was found, in buf's order; nothing where nothing was begun.

        Raises:
            FieldstoneError: buf failed, or found that the module does not compile.
        """
        found = [annotation for running in self._running for annotation in running.annotations(what="buf lint")]
        return sorted(found, key=lambda annotation: annotation.order) if len(self._running) > 1 else found
