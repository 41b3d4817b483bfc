"""Values of gymnasium's spaces as SpaceValueV2, from JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from telemetry_contracts.telemetry.v2 import telemetry_v2_pb2 as v2


def space_value(text: bytes | None) -> v2.SpaceValueV2 | None:
    """The value of a space that a JSON text holds; None for none and for null.

    JSON does not say of which space: numbers in lists of one length are an array, of int64, uint64 or float64, and
    other lists a tuple. No number is rounded.

    Raises:
        ValueError: it is no JSON, or holds half of a surrogate pair.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(text) if text else None
    return None if value is None else _space_value(value)


def _space_value(value: Any) -> v2.SpaceValueV2:
    if isinstance(value, str):
        return v2.SpaceValueV2(text=value)
    if isinstance(value, int):
        fits = -(2**63) <= value < 2**63
        return v2.SpaceValueV2(discrete=int(value)) if fits else v2.SpaceValueV2(integer=str(value))
    if isinstance(value, dict):
        return v2.SpaceValueV2(dict=v2.SpaceDictV2(entries={key: _space_value(item) for key, item in value.items()}))
    array = _array(value)
    if array is not None:
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return v2.SpaceValueV2(tensor=v2.TensorV2(dtype=array.dtype.name, shape=array.shape, data=data))
    return v2.SpaceValueV2(tuple=v2.SpaceTupleV2(items=[_space_value(item) for item in value or ()]))


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    """An array of the same numbers; None where there is none."""
    try:
        array = np.array(value)
    except ValueError:  # lists of different lengths
        return None
    if array.dtype.kind == "f" and not _holds(array, value):
        return None
    return array if array.dtype.kind in "iuf" else None


def _holds(array: np.ndarray[Any, Any], value: Any) -> bool:
    """Whether an array of floats has the integers of the value: from 2**53 on, not every integer is a float."""
    if not np.any(np.isfinite(array) & (np.abs(array) >= 2**53)):
        return True
    numbers = np.array(value, dtype=object).flat
    return all(not isinstance(number, int) or int(float(number)) == number for number in numbers)
