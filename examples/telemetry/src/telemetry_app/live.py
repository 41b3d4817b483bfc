"""LiveTelemetryController: what is known of the runs that play now."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from telemetry_app.bus import Event, RunBus, Topic
from telemetry_app.control import SequenceGap
from telemetry_app.records import EpisodeRollup, StepRecord

_REWARDS = 10_000
"""So many episodes of a run are kept for its plot."""

_LAGS = 1000
_RATE_SECONDS = 2.0


@dataclass(slots=True)
class AgentView:
    """One agent of a run.

    Attributes:
        steps: how many of its steps were seen.
        episodes: how many of its episodes ended.
        reward: the rewards of its steps so far, added up.
        gaps: how often its steps did not follow one another.
        rate: its steps a second, over the last few seconds.
    """

    steps: int = 0
    episodes: int = 0
    reward: float = 0.0
    gaps: int = 0
    rate: float = 0.0
    _counted: tuple[float, int] = field(default_factory=lambda: (monotonic(), 0))

    def measure(self, now: float) -> None:
        """Work out the rate anew."""
        since, steps = self._counted
        if now - since >= _RATE_SECONDS:
            self.rate = (self.steps - steps) / (now - since)
            self._counted = (now, self.steps)


@dataclass(slots=True)
class RunView:
    """One run.

    Attributes:
        agents: by their ids; "" where the run has only one.
        rewards: the total reward of each finished episode, oldest first.
    """

    agents: dict[str, AgentView] = field(default_factory=dict)
    rewards: deque[float] = field(default_factory=lambda: deque(maxlen=_REWARDS))

    def agent(self, agent_id: str | None) -> AgentView:
        """The view of one agent."""
        key = agent_id or ""
        if key not in self.agents:
            self.agents[key] = AgentView()
        return self.agents[key]


class LiveTelemetryController:
    """Follows the bus for whoever watches; it never holds anybody back, and may miss what it cannot follow.

    Args:
        bus: what it follows.
        capacity: how many events wait at most before the oldest are dropped.

    Attributes:
        runs: by their ids.
        seen: how many records were seen.
    """

    def __init__(self, bus: RunBus, *, capacity: int = 1000) -> None:
        self.runs: dict[str, RunView] = {}
        self.seen = 0
        self._queue = bus.subscribe("live view", Topic.STEP, Topic.EPISODE, Topic.CONTROL, capacity=capacity)
        self._lags: deque[float] = deque(maxlen=_LAGS)

    @property
    def dropped(self) -> int:
        """How many events were dropped because nobody looked in time."""
        return self._queue.dropped

    @property
    def lag(self) -> float:
        """How old events are when they are seen, in seconds: the median of the last thousand."""
        lags = sorted(self._lags)
        return lags[len(lags) // 2] if lags else 0.0

    async def run(self) -> None:
        """Follow until the bus is closed."""
        while events := await self._queue.take(500, 0):
            now = monotonic()
            for event in events:
                self._lags.append(now - event.published)
                self.seen += event.topic is not Topic.CONTROL
                self._see(event)

    def measure(self) -> None:
        """Work out all rates anew."""
        now = monotonic()
        for run in self.runs.values():
            for agent in run.agents.values():
                agent.measure(now)

    def _see(self, event: Event) -> None:
        match event.payload:
            case StepRecord() as step:
                agent = self._run(step.run_id).agent(step.agent_id)
                agent.steps += 1
                agent.reward += step.reward
            case EpisodeRollup() as episode:
                run = self._run(episode.run_id)
                run.agent(episode.agent_id).episodes += 1
                run.rewards.append(episode.total_reward)
            case SequenceGap() as gap:
                self._run(gap.run_id).agent(gap.agent_id).gaps += 1

    def _run(self, run_id: str) -> RunView:
        if run_id not in self.runs:
            self.runs[run_id] = RunView()
        return self.runs[run_id]
