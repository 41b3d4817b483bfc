"""Positions: the one that the hub gives in a run's stream, and gaps in those that agents report."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from telemetry_app.control import SequenceGap
from telemetry_app.records import EpisodeRollup, StepRecord

Place = Callable[[StepRecord | EpisodeRollup], None]
"""Puts the next position of its run into a record."""

_REMEMBERED = 2**16
"""So many runs, and so many agents, are remembered; for others the count begins anew from what is stored."""


class RunSequence:
    """Gives every stored record of a run its position in the run's stream, from 1 and without holes.

    Args:
        last_stored: gives the last position that is stored of a run, 0 for none.
    """

    def __init__(self, last_stored: Callable[[str], int]) -> None:
        self._last_stored = last_stored
        self._last: OrderedDict[str, int] = OrderedDict()

    @contextmanager
    def placing(self) -> Iterator[Place]:
        """Give positions to the records of a transaction, which count once the block has ended.

        After an exception storage is asked for the last position again: a lost connection does not say whether the
        transaction was committed.
        """
        given: dict[str, int] = {}

        def place(record: StepRecord | EpisodeRollup) -> None:
            last = given.get(record.run_id)
            if last is None:
                last = self._known(record.run_id)
            record.seq_id = given[record.run_id] = last + 1

        try:
            yield place
        except BaseException:
            for run_id in given:
                self._last.pop(run_id, None)
            raise
        for run_id, last in given.items():
            self._last[run_id] = last
            self._last.move_to_end(run_id)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def _known(self, run_id: str) -> int:
        return self._last[run_id] if run_id in self._last else self._last_stored(run_id)


class GapWatch:
    """Sees where the steps of an agent do not follow one another."""

    def __init__(self) -> None:
        self._next: OrderedDict[tuple[str, str | None], tuple[str, int]] = OrderedDict()

    def see(self, step: StepRecord) -> SequenceGap | None:
        """Take note of a step; a gap if it is not the one after the agent's last, or the first of an episode."""
        agent = (step.run_id, step.agent_id)
        episode, expected = self._next.pop(agent, (step.episode_id, step.step_index))
        if episode != step.episode_id:
            expected = 0
        self._next[agent] = (step.episode_id, step.step_index + 1)
        if len(self._next) > _REMEMBERED:
            self._next.popitem(last=False)
        if step.step_index == expected:
            return None
        return SequenceGap(step.run_id, step.agent_id, step.episode_id, expected, step.step_index)
