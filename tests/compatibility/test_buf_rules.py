"""The catalogue of buf's rules against the real buf: the same findings, places, words and order."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from fieldstone.compatibility.buf_rules import all_rules
from fieldstone.compatibility.buf_rules.catalogue import VERSIONS
from fieldstone.compatibility.buf_rules.files import OPTIONS
from fieldstone.schema import buf
from tests.compatibility.batches import Pair, by_buf, by_fieldstone, compile_pairs, live_rules, placed

SCALARS = (
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split()
)
DEFAULTS = [
    *((kind, "1") for kind in SCALARS if kind not in {"bool", "string", "bytes"}),
    *((kind, value) for kind in ("double", "float") for value in ("0.1", "nan", "inf", "-0.0", "1e6", "1.5e-5")),
    *(("double", value) for value in ("0.10000000149011612", "1e20", "123456", "1234567", "9007199254740993")),
    *(("float", value) for value in ("16777217", "3.4e38", "1e-45")),
    *(("int64", value) for value in ("0", "-1", "9007199254740993", "100000000")),
    *(("string", value) for value in ('""', '"1"', r'"\"\n\u200b"', '"é"')),
    *(("bytes", value) for value in ('""', '"1"', r'"\xe9\a\\\t"')),
    *(("bool", value) for value in ("true", "false")),
    *(("E", value) for value in ("A", "Z")),
    *((kind, "") for kind in ("E", "F", "M", "int32", "string")),
]


def read_examples() -> dict[str, Pair]:
    """The pairs of `buf_examples.txt`, by name."""
    text = Path(__file__).with_name("buf_examples.txt").read_text("utf-8")
    found: dict[str, Pair] = {}
    for section in text.split("=== ")[1:]:
        title, _, body = section.partition("\n")
        name = re.sub(r"\W+", "_", title).lower()
        sides: dict[str, dict[str, str]] = defaultdict(dict)
        for side, path, content in re.findall(r"--- (\w+) (\S+)\n(.*?)(?=\n--- |\Z)", body, re.DOTALL):
            sides[side][path] = content.rstrip("\n")
        found[name] = placed(name, sides["before"]), placed(name, sides["after"])
    return found


def option_pairs() -> dict[str, Pair]:
    """Every file option set, changed and dropped."""
    strings = [option for option in OPTIONS if re.search("package|name|prefix", option)]
    flags = [option for option in OPTIONS if option not in {*strings, "optimize_for"}]
    none = "message A {}"

    def setting(options: list[str], value: str) -> str:
        return "\n".join(f"option {option} = {value};" for option in options) + none

    texts = {
        "options_set": (none, setting(strings, '"x"')),
        "options_changed": (setting(strings, '"x"'), setting(strings, '"y"')),
        "options_dropped": (setting(strings, '"x"'), none),
        "options_emptied": (none, setting(strings, '""')),
        **{f"flags_{value}": (none, setting(flags, value)) for value in ("true", "false")},
        **{f"flags_no_longer_{value}": (setting(flags, value), none) for value in ("true", "false")},
    }
    return {name: (placed(name, before), placed(name, after)) for name, (before, after) in texts.items()}


def matrix(name: str, fields: list[tuple[str, str]]) -> dict[str, Pair]:
    """Every type and default to every other, as a field each."""
    sides: tuple[list[str], list[str]] = ([], [])
    for i, before in enumerate(fields):
        for j, after in enumerate(fields):
            number = len(fields) * i + j + 1
            for lines, (kind, value) in zip(sides, (before, after), strict=True):
                default = f" [default = {value}]" if value else ""
                lines.append(f"optional {kind} f{number} = {number}{default};")
    types = "enum E { Z = 0; A = 1; } enum F { T = 2; B = 1; } message M {} message N {}"
    head = 'syntax = "proto2";' + types + " message X {\n"
    old, new = ("\n".join([head, *lines, "}"]) for lines in sides)
    return {name: (placed(name, old), placed(name, new))}


@cache
def images() -> tuple[bytes, bytes]:
    types = [(kind, "") for kind in (*SCALARS, "E", "F", "M", "N")]
    pairs = read_examples() | option_pairs() | matrix("types", types) | matrix("defaults", DEFAULTS)
    old, new, refused = compile_pairs(pairs)
    assert not refused
    return old, new


@pytest.mark.parametrize("version", VERSIONS)
def test_buf_finds_the_same_in_every_example(version: str) -> None:
    rules = live_rules(version)
    theirs = by_buf(*images(), rules, version)
    assert by_fieldstone(*images(), rules) == theirs
    assert {annotation.rule for annotation in theirs} == set(rules)


def test_a_schema_against_itself_is_silent() -> None:
    for image in images():
        assert by_fieldstone(image, image, live_rules()) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_catalogue_is_the_one_that_buf_lists(version: str) -> None:
    listing = ["config", "ls-breaking-rules", "--version", version, "--include-deprecated", "--format", "json"]
    output = subprocess.run([buf.find_buf(), *listing], capture_output=True, check=True).stdout
    listed = {line["id"]: line for line in map(json.loads, output.splitlines())}
    known = {id_: rule for id_, rule in all_rules().items() if version in rule.categories}
    assert known.keys() == listed.keys()
    for id_, line in listed.items():
        rule = known[id_]
        assert rule.purpose == line["purpose"]
        assert rule.categories[version] == set(line["categories"])
        assert rule.is_default(version) == line["default"]
        assert rule.is_deprecated == line["deprecated"]
        assert rule.replacements == tuple(line["replacements"] or ())


def test_buf_has_as_many_rules_as_it_had() -> None:
    assert len(all_rules()) == 69
    assert len(live_rules("v2")) == 64
