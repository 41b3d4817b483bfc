"""JSON in fields and columns."""

from __future__ import annotations

import copy
import math
import pickle
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from fieldstone_runtime.json_values import (
    JSON_NULL,
    dump_column,
    dump_json,
    load_column,
    load_json,
    struct_of,
    value_of,
)
from fieldstone_runtime.unfit import UnfitError

DUMPED: list[tuple[Any, str]] = [
    ({"a": [1, None, True, -0.0, "ü"]}, '{"a":[1,null,true,-0.0,"ü"]}'),
    ((1, 2), "[1,2]"),
    (np.int64(5), "5"),
    ([np.bool_(1), np.float32(0.5), np.str_("a")], '[true,0.5,"a"]'),
    (MappingProxyType({"a": 1}), '{"a":1}'),
    (JSON_NULL, "null"),
]


@pytest.mark.parametrize(("value", "text"), DUMPED)
def test_values_of_json(value: Any, text: str) -> None:
    assert dump_json(value) == text


@pytest.mark.parametrize(
    "value",
    [math.nan, [math.inf], {"a": -math.inf}, {1: 2}, [{"a": {None: 1}}], {"a": {1, 2}}, b"x", np.array([1]), object()],
)
def test_what_is_no_json(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        dump_json(value)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":-Infinity}', "", "{", "1 2"])
def test_text_that_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_json(text)


def test_a_column_keeps_numbers_that_json_lacks() -> None:
    assert dump_column([math.nan, math.inf]) == "[NaN,Infinity]"
    assert load_column("[Infinity]") == [math.inf]


def test_null_is_one_value() -> None:
    assert copy.deepcopy(JSON_NULL) is copy.copy(JSON_NULL) is pickle.loads(pickle.dumps(JSON_NULL)) is JSON_NULL  # noqa: S301
    assert not JSON_NULL
    assert repr(JSON_NULL) == "JSON_NULL"


def test_a_struct_has_floats_and_text() -> None:
    assert repr(struct_of({"a": 1, "b": (True, None, np.float32(0.5))})) == "{'a': 1.0, 'b': [True, None, 0.5]}"
    for wrong in ({1: 2}, {"a": 2**53 + 1}, {"a": b"x"}, {"a": np.array([1.5])}, [1]):
        with pytest.raises(UnfitError):
            struct_of(wrong)
    assert value_of(JSON_NULL) is None
