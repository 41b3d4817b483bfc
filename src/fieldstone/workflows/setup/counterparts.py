"""The rules of Fieldstone that correspond to rules of `buf breaking` which a configuration leaves out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from fieldstone.compatibility.finding import Level
from fieldstone.compatibility.rules import all_rules
from fieldstone.toolchain.buf_rules import BufRule

_DECISIVE: Mapping[str, tuple[str, ...]] = {
    "enum-removed": ("ENUM_NO_DELETE",),
    "enum-value-removed": ("ENUM_VALUE_NO_DELETE",),
    "enum-value-removed-without-reserve": ("ENUM_VALUE_NO_DELETE",),
    "extension-removed": ("EXTENSION_NO_DELETE",),
    "field-cardinality-changed": ("FIELD_SAME_CARDINALITY",),
    "field-oneof-changed": ("FIELD_SAME_ONEOF",),
    "field-presence-changed": ("FIELD_SAME_CARDINALITY",),
    "field-removed": ("FIELD_NO_DELETE",),
    "field-removed-without-reserve": ("FIELD_NO_DELETE",),
    "field-renamed": ("FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME"),
    "field-required-changed": ("MESSAGE_SAME_REQUIRED_FIELDS",),
    "field-type-changed": ("FIELD_SAME_TYPE",),
    "file-syntax-changed": ("FILE_SAME_SYNTAX",),
    "message-removed": ("MESSAGE_NO_DELETE",),
    "oneof-renamed": ("ONEOF_NO_DELETE",),
    "service-removed": ("SERVICE_NO_DELETE",),
    "service-renamed": ("SERVICE_NO_DELETE",),
    "type-renamed": ("MESSAGE_NO_DELETE", "ENUM_NO_DELETE"),
}
"""The buf rules that report the plain case of a change; the others that a rule names report it in special cases."""

_VARIANTS = (
    (re.compile(r"^(FIELD|ENUM_VALUE)_NO_DELETE_UNLESS_\w+"), r"\1_NO_DELETE"),
    (re.compile(r"^FIELD_WIRE_(?:JSON_)?COMPATIBLE_"), "FIELD_SAME_"),
    (re.compile(r"^PACKAGE_(?=(?:ENUM|EXTENSION|MESSAGE|SERVICE)_NO_DELETE)"), ""),
    (re.compile(r"^FIELD_SAME_LABEL$"), "FIELD_SAME_CARDINALITY"),
    (re.compile(r"^FIELD_SAME_CTYPE$"), "FIELD_SAME_CPP_STRING_TYPE"),
)
"""Milder, wider and older forms of a rule, each with the rule."""


class Counterpart(Struct, frozen=True):
    """The counterpart of some rules of buf.

    Attributes:
        rules: the rules of Fieldstone that report nothing but what these do.
        left: the ids among them that no such rule corresponds to, sorted.
    """

    rules: tuple[str, ...]
    left: tuple[str, ...]


def plain(ids: Iterable[str]) -> frozenset[str]:
    """The ids of rules, each variant as the rule that it is one of."""
    return frozenset(map(_plain, ids))


def counterpart(left_out: Iterable[str], in_force: Iterable[str]) -> Counterpart:
    """The rules of Fieldstone whose change buf does not report any more.

    Args:
        left_out: the ids of the rules that do not apply.
        in_force: the ids of those that do; a rule of Fieldstone that corresponds to one of them stays.
    """
    passing, held = plain(left_out), plain(in_force)
    decisive = {
        rule.id: _DECISIVE.get(rule.id, rule.buf)
        for rule in all_rules().values()
        if rule.buf and rule.level is Level.ERROR
    }
    found = {rule: ids for rule, ids in decisive.items() if not passing.isdisjoint(ids) and held.isdisjoint(ids)}
    covered = {identifier for ids in found.values() for identifier in ids}
    return Counterpart(tuple(found), tuple(sorted(passing - held - covered)))


def expand(name: str, known: Collection[BufRule]) -> set[str]:
    """The ids that the name of a rule or category stands for; the name itself if buf lists no such rule."""
    return {rule.id for rule in known if name == rule.id or name in rule.categories} or {name}


def _plain(identifier: str) -> str:
    for variant, rule in _VARIANTS:
        identifier = variant.sub(rule, identifier)
    return identifier
