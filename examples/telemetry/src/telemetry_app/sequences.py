"""Positions: the one that the hub gives in a run's stream, and gaps in those that agents report."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from telemetry_app.control import SequenceGap
from telemetry_app.records import StepRecord

_REMEMBERED = 2**16
"""So many runs, and so many agents, are remembered; for others the count begins anew from what is stored."""


class RunSequence:
    """Gives every record of a run its position in the run's stream.

    Args:
        last_stored: gives the last position that is stored of a run, 0 for none. It is asked in a thread,
            and once for a run, so that positions go on after a restart.
    """

    def __init__(self, last_stored: Callable[[str], int]) -> None:
        self._last_stored = last_stored
        self._last: OrderedDict[str, int] = OrderedDict()

    async def recall(self, run_id: str) -> None:
        """Make ready to give positions of a run."""
        if run_id not in self._last:
            stored = await asyncio.to_thread(self._last_stored, run_id)
            self._last.setdefault(run_id, stored)  # another stream of the run may have been faster

    def next(self, run_id: str) -> int:
        """The next position of a run that was recalled, from 1."""
        position = self._last.pop(run_id) + 1
        self._last[run_id] = position
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return position


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
