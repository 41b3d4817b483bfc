"""Style that a change weakens: the `lint` sections of the buf configuration, its plugins, and the known faults."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.checking.since.policy import Weakened
from fieldstone.project.known_style import KNOWN_STYLE, KnownStyle
from fieldstone.schema.location import Location
from fieldstone.workspace.config.sections import section_of
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.modules import Module, Workspace

_DEFAULT = ("STANDARD",)
"""The rules that buf applies by default: https://buf.build/docs/lint/overview/."""

_PARTS = {
    "MINIMAL": {"BASIC", "STANDARD", "DEFAULT"},
    "BASIC": {"STANDARD", "DEFAULT"},
    "STANDARD": {"DEFAULT"},
    "DEFAULT": {"STANDARD"},
}
"""buf's categories of lint rules, each with those that include it: https://buf.build/docs/lint/rules/."""

_MOST = 3
"""The most files that a message lists."""

_EXECUTED = ("plugins", "policies")
"""The sections that make buf run programs or load rules from elsewhere."""


def weakened_style(
    before: Workspace, after: Workspace, modules: Mapping[str, tuple[Module, Module]]
) -> Iterator[Weakened]:
    """The keys of `lint` that are less strict than before.

    Args:
        before: the workspace of the branch.
        after: that of the change.
        modules: the modules that both have, by name.

    Raises:
        FieldstoneError: a configuration cannot be read.
    """
    seen: set[str] = set()
    for name, (was, now) in modules.items():
        section = section_of(after, now, "lint")
        old = section_of(before, was, "lint").content
        for message in _weaker(_table(old), _table(section.content)):
            if message not in seen or section.is_own:
                seen.add(message)
                about = f" for module {name}" if section.is_own else ""
                location = Location(str(section.file))
                yield Weakened("lint", f"{message}{about}", "undo it in the buf configuration", location)


def grown_style(before: KnownStyle, after: KnownStyle) -> Iterator[Weakened]:
    """The rules with more known faults than before, in any file."""
    grown: dict[str, list[str]] = defaultdict(list)
    for (rule, path), count in after.faults.items():
        had = before.faults.get((rule, path), 0)
        if count > had:
            grown[rule].append(f"{path} ({count}, was {had})")
    for rule, paths in grown.items():
        more = f" and {len(paths) - _MOST} more files" if len(paths) > _MOST else ""
        yield Weakened(
            f"known style {rule}",
            f"{KNOWN_STYLE} has more faults of {rule}: {', '.join(paths[:_MOST])}{more}",
            "fix the new faults, and take them out again",
            Location(str(after.file)),
        )


def changed_plugins(before: Workspace, after: Workspace) -> Iterator[Weakened]:
    """The sections with programs that `buf lint` would run, if the change alters them.

    Raises:
        FieldstoneError: a configuration cannot be read.
    """
    old, new = (load_config(workspace.root / workspace.config) for workspace in (before, after))
    for key in _EXECUTED:
        if new.get(key) != old.get(key):
            message = f"`{key}` of {after.config} changed, so that `buf lint` would run other programs: it did not run"
            yield Weakened(key, message, "undo it in the buf configuration", Location(str(after.root / after.config)))


def _weaker(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    used = _list(after.get("use")) or [*_DEFAULT]
    for rule in _list(before.get("use")) or [*_DEFAULT]:
        if rule not in used and _PARTS.get(rule, set()).isdisjoint(used):
            yield f"`lint.use` no longer has {rule}"
    for key in ("except", "ignore"):
        for item in _list(after.get(key)):
            if item not in _list(before.get(key)):
                yield f"`lint.{key}` has {item} now"
    for rule, paths in _table(after.get("ignore_only")).items():
        added = [path for path in _list(paths) if path not in _list(_table(before.get("ignore_only")).get(rule))]
        if added:
            yield f"`lint.ignore_only` has {rule} for {', '.join(added)} now"
    others = {*before, *after} - {"use", "except", "ignore", "ignore_only"}
    for key in sorted(others):
        if before.get(key) != after.get(key) and not _is_stricter(key, after.get(key)):
            yield f"`lint.{key}` went from {json.dumps(before.get(key))} to {json.dumps(after.get(key))}"


def _is_stricter(key: str, value: object) -> bool:
    """Whether a switch has its strictest value."""
    if key == "disallow_comment_ignores":
        return value is True
    return "allow" in key and not value


def _list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
