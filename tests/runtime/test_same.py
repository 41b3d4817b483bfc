"""Whether a record that is added again is the one that is stored."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fieldstone_runtime.same import same

NONE, FIRST = frozenset[int](), frozenset([0])
SAME: list[tuple[Any, Any, Any]] = [
    (((1, "a"),), ((1, "a"),), (NONE,)),
    (((math.nan, 0.0),), ((math.nan, -0.0),), (NONE,)),
    (((-5e-324,),), ((0.0,),), (NONE,)),
    ((('{"a":1,"b":[NaN]}',),), (('{"b":[NaN], "a":1.0}',),), (FIRST,)),
    (((1,), [(0, "x"), (1, "y")]), ((1,), [(0, "x"), (1, "y")]), (NONE, NONE)),
    (((1,), ["[1]"]), ((1,), [("[1.0]",)]), (NONE, FIRST)),
]
OTHER: list[tuple[Any, Any, Any]] = [
    (None, ((1,),), (NONE,)),
    (((1, None),), ((1, 0),), (NONE,)),
    ((('{"a":1}',),), (('{"a": 1}',),), (NONE,)),
    ((("[1]",),), ((None,),), (FIRST,)),
    ((("[true]",),), (("[1]",),), (FIRST,)),
    ((('{"a":1}',),), (('{"b":1}',),), (FIRST,)),
    (((1,), [(0, "x")]), ((1,), [(0, "x"), (1, "y")]), (NONE, NONE)),
    (((1,), [(0, "x")]), ((1,), [(0, "z")]), (NONE, NONE)),
]


@pytest.mark.parametrize(("stored", "given", "json"), SAME)
def test_what_is_the_same(stored: Any, given: Any, json: Any) -> None:
    assert same(stored, given, json)


@pytest.mark.parametrize(("stored", "given", "json"), OTHER)
def test_what_is_other(stored: Any, given: Any, json: Any) -> None:
    assert not same(stored, given, json)
