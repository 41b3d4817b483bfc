"""Whether a record that comes again is the one that is stored."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from telemetry_app.records import EpisodeRollup, StepRecord

Record = StepRecord | EpisodeRollup


class ConflictError(Exception):
    """A record with this key is stored with other content, and stays as it is.

    Args:
        record: the record that was to be stored.
        attributes: the attributes in which the two differ.
    """

    def __init__(self, record: Record, attributes: list[str]) -> None:
        what = f"episode {record.episode_id!r} of run {record.run_id!r}"
        key = f"step {record.step_index} of {what}" if isinstance(record, StepRecord) else what
        super().__init__(
            f"{key[:300]} is stored already with another {' and another '.join(attributes)}; "
            "publish under a run_id of its own"
        )


def differing(stored: Record, given: Record) -> list[str]:
    """The attributes in which two records differ; the position that the hub gives does not count."""
    names = (field.name for field in fields(stored) if field.name != "seq_id")
    return [name for name in names if not _same(getattr(stored, name), getattr(given, name))]


def _same(one: Any, other: Any) -> bool:
    """Equality where NaN is NaN, and 1 is neither 1.0 nor True, as in JSON."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (isinstance(one, float) and math.isnan(one) and math.isnan(other))
