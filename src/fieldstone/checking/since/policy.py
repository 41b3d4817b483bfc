"""Settings and waivers of a change that protect less than those of its target branch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.exemption import Exemption, is_unstable
from fieldstone.compatibility.finding import Level
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.compatibility.waiver import NO_KNOWN_READER, Waiver
from fieldstone.consumers.uses import Rank
from fieldstone.project.extending.layers import has_key
from fieldstone.project.settings import ModuleSettings, Settings
from fieldstone.schema.location import Location

_SEVERITY = [Level.OFF, Level.NOTE, Level.WARNING, Level.ERROR]


class Weakened(Struct, frozen=True):
    """One way in which a change protects less than before.

    Attributes:
        subject: its subject: a key of the settings, a waiver, a module.
        message: a sentence without a full stop.
        fix: how to undo it.
        location: where it is in the change; the path is absolute.
        shared: the words that it has in common with others which only differ in the subject; empty if it stands alone.
    """

    subject: str
    message: str
    fix: str
    location: Location
    shared: str = ""


def weakened_settings(before: Settings, after: Settings, modules: Collection[str]) -> Iterator[Weakened]:
    """The keys of the settings that protect less than before.

    Args:
        before: the settings in force.
        after: those of the change.
        modules: the names of all modules of both.
    """
    seen: set[tuple[str, str]] = set()
    for module in ("", *sorted(modules)):
        for key, message, fix in _weaker(before.module(module), after.module(module)):
            subject = _written_as(after, before, module, key)
            if (subject, message) not in seen:
                seen.add((subject, message))
                yield Weakened(subject, f"{message}{_for(module, subject)}", fix, location_of(after, subject))


def added_waivers(before: Settings, after: Settings) -> dict[Waiver, str]:
    """The waivers of a change that permit more than those in force, each with its former expiry if it was extended.

    Args:
        before: the settings in force.
        after: those of the change.
    """
    return {
        waiver: max((held.until for held in before.waivers if _is_of_the_same(held, waiver)), default="")
        for waiver in after.waivers
        if not any(permits(held, waiver) for held in before.waivers)
    }


def permits(held: Waiver, waiver: Waiver) -> bool:
    """Whether a waiver permits everything that another one does, and for as long."""
    is_asked = held.reason_class != NO_KNOWN_READER or waiver.reason_class == NO_KNOWN_READER
    return is_asked and _is_of_the_same(held, waiver) and held.until >= waiver.until


def exempts(settings: ModuleSettings, exemption: Exemption) -> bool:
    """Whether a module's settings have an exemption, or a wider one."""
    if exemption.package:
        return settings.unstable_packages == "exempt" and is_unstable(exemption.package)
    return any(held.includes(exemption) for held in settings.exemptions)


def weakened_waivers(before: Settings, after: Settings) -> Iterator[Weakened]:
    """The added and extended waivers, each with its owner's reason."""
    for waiver, until in added_waivers(before, after).items():
        done = f"was extended from {until}" if until else "was added"
        yield Weakened(
            f"waiver {waiver.rule} {waiver.subject}",
            f"the waiver of `{waiver.rule}` on `{waiver.subject}` {done}: {waiver.terms}",
            "remove it, or have its owner and the owners of the schema agree",
            after.waivers[waiver].location,
            f"waivers of {waiver.rule} {waiver.terms}",
        )


def _is_of_the_same(held: Waiver, waiver: Waiver) -> bool:
    return held.covers(waiver.rule, waiver.subject) and held.module in {"", waiver.module}


def _weaker(before: ModuleSettings, after: ModuleSettings) -> Iterator[tuple[str, str, str]]:
    """Key, message and fix for each key of a module that protects less."""
    for key, was, now in _dropped(before, after):
        yield key, f"`{key}` no longer has {', '.join(now)}", f"keep {key} = {json.dumps(list(was))}"
    for key, was, now in _relaxed(before, after):
        yield key, f"`{key}` went from {json.dumps(was)} to {json.dumps(now)}", f"keep {key} = {json.dumps(was)}"
    for exemption in after.exemptions:
        if not exempts(before, exemption):
            key = f"exempt-rules.{exemption.rule}" if exemption.rule else "exempt-paths"
            yield key, f"`{key}` has {exemption.path} now", f"remove {exemption.path} from {key}"
    for rule in sorted(before.rules.keys() | after.rules.keys()):
        for old, level in _levels(all_rules()[rule], before, after):
            if _SEVERITY.index(level) < _SEVERITY.index(old):
                yield f"rules.{rule}", f"the rule `{rule}` went from {old} to {level}", _keep(rule, before)
                break


def _levels(rule: Rule, before: ModuleSettings, after: ModuleSettings) -> Iterator[tuple[Level, Level]]:
    """The levels before and after, for each default level of a rule; a setting replaces all of them."""
    for default in rule.levels:
        yield Level(before.rules.get(rule.id, default)), Level(after.rules.get(rule.id, default))


def _keep(rule: str, before: ModuleSettings) -> str:
    kept = before.rules.get(rule)
    return f'keep rules.{rule} = "{kept}"' if kept else f"leave rules.{rule} out"


def _dropped(before: ModuleSettings, after: ModuleSettings) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Lists that lack items: key, the former list, and the missing items."""
    for key in ("surfaces", "options"):
        was, now = getattr(before, key), getattr(after, key)
        missing = [item for item in was if item not in now]
        if missing:
            yield key, was, missing


def _relaxed(before: ModuleSettings, after: ModuleSettings) -> Iterator[tuple[str, Any, Any]]:
    """Single values that are less strict: key, before and after."""
    for key, is_weaker in _ORDERED.items():
        was, now = (getattr(side, key.replace("-", "_")) for side in (before, after))
        if is_weaker(was, now):
            yield key, was, now


_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "naming": lambda was, now: was and not now,
    "fail-on": lambda was, now: (was, now) == ("warning", "error"),
    "breaking-before-1-0": lambda was, now: (was, now) == ("refuse", "minor"),
    "notice": lambda was, now: now < was,
    "unstable-packages": lambda was, now: (was, now) == ("protect", "exempt"),
    "sunset-needs": lambda was, now: (was, now) == (NO_KNOWN_READER, "notice"),
    "evidence-days": lambda was, now: now > was,
    "evidence-rank": lambda was, now: not Rank(now).is_at_least(Rank(was)),
}
"""Keys with a single value, each with a test of whether the new value is less strict than the old one."""


def _written_as(after: Settings, before: Settings, module: str, key: str) -> str:
    """The dotted key that was changed: the module's own, if either side has one."""
    for settings in (after, before):
        own: Any = settings.values.get("modules", {}).get(module, {})
        for part in key.split(".", 1):
            own = own.get(part) if isinstance(own, Mapping) else None
        if own is not None:
            return f"modules.{module}.{key}"
    return key


def _for(module: str, subject: str) -> str:
    return f" for module {module}" if module and subject.startswith("modules.") else ""


def location_of(settings: Settings, subject: str) -> Location:
    """The line of the settings file that has a key, or that names the pinned file with it; else the file alone."""
    if settings.file is None:
        return Location(str(settings.root))
    key, file = subject.split("."), settings.file
    for layer in settings.layers:
        if layer.file is None:
            key = ["extends"]
            break
        file = layer.file
        if has_key(layer.values, key):
            break
    else:
        file = settings.file
    line = _line_of(file, key)
    return Location(str(file), line, 1 if line else 0, line, 1 if line else 0)


def _line_of(file: Path, key: list[str]) -> int:
    """The number of the line that begins with a key in its table, from 1; 0 if there is none."""
    table = [*_TABLE.get(file.name, ()), *key[:-1]]
    current: list[str] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            current = [part.strip().strip("\"'") for part in header[1].split(".")]
        elif current == table and re.match(rf"""\s*["']?{re.escape(key[-1])}["']?\s*=""", line):
            return number
    return 0


_TABLE = {"pyproject.toml": ("tool", "fieldstone")}
"""The table that the settings are in, by file name."""
