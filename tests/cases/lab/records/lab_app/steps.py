"""What the trainer works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt


class Device(Enum):
    """Where a step runs."""

    NOWHERE = 0
    CPU = 1
    GPU = 2


class Outcome(IntEnum):
    """How an episode stands."""

    RUNNING = 0
    TERMINATED = 1
    TRUNCATED = 2


@dataclass(frozen=True)
class Reward:
    """A part of a reward."""

    name: str
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One step of an agent in an environment."""

    run_id: UUID
    index: int
    timestamp: datetime
    device: Device
    observation: np.ndarray
    action: "np.ndarray"
    reward: float
    info: Mapping[str, Any]
    cost: Decimal
    outcome: Outcome
    clock: datetime
    mask: np.ndarray | None = None
    tags: tuple[str, ...] = ()
    rewards: tuple[Reward, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
