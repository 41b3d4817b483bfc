"""Reports of the hub beside the records themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """A step of an agent came that is not the one after its last.

    Attributes:
        run_id: the training run.
        agent_id: the agent; None where the run has only one.
        episode_id: the episode.
        expected: the position that should have come, from 0.
        came: the position that came.
    """

    run_id: str
    agent_id: str | None
    episode_id: str
    expected: int
    came: int


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """A worker's stream ended.

    Attributes:
        peer: the worker's address.
        taken: how many records it sent.
        problem: why it ended early; empty where the worker was done, or left after all that it sent was stored.
    """

    peer: str
    taken: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """Stands in the queue of a durable subscriber behind all that was published before it."""


ControlEvent = SequenceGap | StreamEnded | Marker
