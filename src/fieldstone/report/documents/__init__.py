"""JSON of what is no report of a check: releases and rules, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.structs import replace

if TYPE_CHECKING:
    from fieldstone.compatibility.rules import Rule
    from fieldstone.registry.release import Release


def release_document(release: Release) -> dict[str, Any]:
    """A release as its manifest says it."""
    document: dict[str, Any] = to_builtins(replace(release, files=dict(release.files)))
    return document


def kind_of(release: Release) -> str:
    """The bump of a release in words, with its line, and whether it retires the module or is accepted as history."""
    line = f"line {release.line}" if release.line else ""
    accepted = f"accepted as {release.accepted}" if release.accepted else ""
    return ", ".join(filter(None, (release.bump, line, "retired" if release.retired else "", accepted)))


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule, without its examples."""
    return {
        "id": rule.id,
        "group": rule.group,
        "summary": rule.summary,
        "level": rule.level,
        "breaks": rule.breaks,
        "style": rule.is_style,
        "since": rule.since,
        "buf": rule.buf,
        "why": " ".join(rule.why.split()),
        "fix": rule.fix,
        "source": rule.source,
    }
