"""Which constraints of protovalidate are tighter than others."""

from __future__ import annotations

import pytest

from fieldstone.compatibility.custom_options.constraints import Parts, tightened


@pytest.mark.parametrize(
    ("old", "new", "tighter"),
    [
        ({}, {"int32.gte": 0}, True),
        ({}, {"uint32.gte": 0}, False),
        ({}, {"uint32.gt": 0}, True),
        ({"int32.gte": 1}, {"int32.gt": 0}, False),
        ({"double.gte": 1.0}, {"double.gt": 0.5}, False),
        ({"double.gte": 1.0}, {"double.gt": 1.0}, True),
        ({"int32.gte": 1}, {"int64.gte": 1}, False),
        ({"int32.gte": 1, "int32.lt": 5}, {"int32.gte": 1}, False),
        ({"int32.gt": 5, "int32.lt": 1}, {"int32.gt": 5}, True),
        ({"int32.gt": 5, "int32.lt": 1}, {"int32.gt": 4, "int32.lt": 2}, False),
        ({"int32.gt": 5}, {"int32.gt": 5, "int32.lt": 1}, False),
        ({}, {"string.min_len": 0}, False),
        ({}, {"string.len": 5}, True),
        ({"string.len": 5}, {"string.min_len": 4, "string.max_len": 6}, False),
        ({"string.max_len": 5}, {"string.max_len": 4}, True),
        ({"repeated.min_items": 1}, {"repeated.min_items": 2}, True),
        ({"repeated.items.string.max_len": 9}, {"repeated.items.string.max_len": 8}, True),
        ({"map.keys.string.max_len": 9}, {"map.keys.string.max_len": 10}, False),
        ({"string.in": ("a", "b")}, {"string.in": ("b", "a", "c")}, False),
        ({"string.in": ("a", "b")}, {"string.in": ("a",)}, True),
        ({}, {"string.in": ("a",)}, True),
        ({"string.not_in": ("a",)}, {"string.not_in": ("a", "b")}, True),
        ({"string.not_in": ("a",)}, {}, False),
        ({}, {"string.email": True}, True),
        ({}, {"string.email": False}, False),
        ({"string.pattern": "a"}, {"string.pattern": "b"}, True),
        ({"timestamp.within": 10}, {"timestamp.within": 20}, False),
        ({"timestamp.within": 20}, {"timestamp.within": 10}, True),
        ({"duration.lt": 10}, {"duration.lte": 9}, False),
        ({"int32.const": 1}, {"int32.const": 2}, True),
        ({}, {"int32.example": (1,)}, False),
        ({}, {"required": True}, False),
        ({"ignore": "IGNORE_ALWAYS", "int32.gt": 0}, {"int32.gt": 0}, True),
        ({"int32.gt": 0}, {"ignore": "IGNORE_ALWAYS", "int32.gt": 9}, False),
        ({"ignore": "IGNORE_IF_ZERO_VALUE", "int32.gt": 0}, {"int32.gt": 0}, True),
        ({"cel[0].expression": "a", "cel[0].message": "x"}, {"cel[0].expression": "a", "cel[0].message": "y"}, False),
        ({"cel[0].expression": "a"}, {"cel[0].expression": "b", "cel[1].expression": "a"}, True),
        ({}, {"oneof[0].fields": ("a", "b")}, True),
        ({"oneof[0].fields": ("a", "b")}, {"oneof[0].fields": ("b", "a")}, False),
        ({"oneof[0].fields": ("a", "b")}, {"oneof[0].fields": ("a", "b"), "oneof[0].required": True}, True),
    ],
)
def test_tighter(old: Parts, new: Parts, *, tighter: bool) -> None:
    assert bool(tightened(old, new)) is tighter
    assert tightened(new, new) == []
