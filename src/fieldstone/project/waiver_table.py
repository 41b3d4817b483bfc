"""`[[waivers]]` of a settings file: schema, validation, line numbers, and adding an entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.compatibility.finding import MODULE_FINDINGS
from fieldstone.compatibility.waiver import PERMISSIONS, REASON_CLASSES, Waiver
from fieldstone.errors import Conflict, FieldstoneError, Invalid
from fieldstone.schema.location import Location
from fieldstone.suggestions import did_you_mean

_TEXT = r"\S"
_SUBJECT = {
    "type": "string",
    "pattern": r"^[^*]*[^*\s][^*]*$",
    "description": "The full name of one element, as the finding names it: no pattern.",
}
_BUF_RULE = "^[A-Z][A-Z0-9_]+$"
SCHEMA: dict[str, Any] = {
    "type": "array",
    "examples": [
        [
            {
                "rule": "field-renamed",
                "subject": "shop.v1.Order.total",
                "reason": "nobody reads the JSON yet",
                "owner": "team-shop",
                "until": "2027-01-31",
            }
        ]
    ],
    "description": "Permitted breaks: each entry is for one rule on one subject, or on a list of them, until a date.",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["rule", "reason", "owner", "until"],
        "oneOf": [{"required": ["subject"]}, {"required": ["subjects"]}],
        "properties": {
            "rule": {
                "type": "string",
                "description": "The id of the rule.",
            },
            "subject": _SUBJECT,
            "subjects": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": _SUBJECT,
                "description": "Instead of `subject`: the full names of several elements.",
            },
            "reason": {"type": "string", "pattern": _TEXT, "description": "The reason to accept the break."},
            "owner": {"type": "string", "pattern": _TEXT, "description": "The owner: a team or an address."},
            "until": {
                "type": "string",
                "pattern": r"^\d{4}-\d{2}-\d{2}$",
                "description": "The last day that it holds, in UTC: a date such as 2027-01-31.",
            },
            "reason-class": {
                "enum": [*REASON_CLASSES],
                "description": "The kind of reason: "
                + "; ".join(f"`{name}`: {meaning}" for name, meaning in REASON_CLASSES.items())
                + ".",
            },
            "module": {"type": "string", "pattern": _TEXT, "description": "The only module that it holds for."},
            "entered": {
                "type": "string",
                "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$",
                "description": "The newest release when it was written: a version such as 1.4.0.",
            },
        },
    },
}
"""The entries, as JSON Schema 2020-12."""


def rule_schema(ids: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of `rule`, for editors: one of the rules, or an id of buf."""
    return {"anyOf": [{"enum": list(ids)}, {"pattern": _BUF_RULE}]}


def with_text_dates(values: Any) -> Any:
    """Settings from TOML with the dates of waivers as texts, because JSON has no dates."""
    waivers = values.get("waivers") if isinstance(values, dict) else None
    if not isinstance(waivers, list):
        return values
    return {**values, "waivers": [_with_text_date(w) if isinstance(w, dict) else w for w in waivers]}


def _with_text_date(entry: Mapping[str, Any]) -> dict[str, Any]:
    until = entry.get("until")
    if isinstance(until, date) and not isinstance(until, datetime):
        return {**entry, "until": until.isoformat()}
    return dict(entry)


def check_waivers(entries: Sequence[Mapping[str, Any]], file: Path | str) -> None:
    """Validate the rules and dates of entries that match `SCHEMA`, and look for duplicates.

    Raises:
        FieldstoneError: a rule is unknown or cannot be waived, a date is invalid, or an entry is a duplicate; or
            a rule is in capitals, and buf cannot be run.
    """
    seen: set[tuple[str, ...]] = set()
    for number, entry in enumerate(entries, 1):
        where = f"waivers[{number}] in {file}"
        check_rule(entry["rule"], f"waivers[{number}].rule in {file}")
        try:
            date.fromisoformat(entry["until"])
        except ValueError as error:
            raise Invalid(f"until of {where} is {entry['until']}, and that is no date: {error}") from error
        for subject in _subjects(entry, where):
            key = (entry["rule"], subject, entry.get("module", ""))
            if key in seen:
                raise Conflict(f"{where} waives {key[0]} on {key[1]} a second time", fix="keep one of the two")
            seen.add(key)


def _subjects(entry: Mapping[str, Any], where: str) -> Sequence[str]:
    """The subjects of an entry."""
    if "subject" in entry and "subjects" in entry:
        raise Invalid(f"{where} has both subject and subjects", fix="move the subject into the list")
    if not (entry.get("subject") or entry.get("subjects")):
        raise Invalid(
            f"{where} has no subject", fix="it is the full name of one element; or list several names as subjects"
        )
    return entry["subjects"] if "subjects" in entry else [entry["subject"]]


def check_rule(rule: str, where: str) -> None:
    """Raise if a rule is unknown or cannot be waived.

    Raises:
        FieldstoneError: there is no such rule, its findings cannot be waived (those of the registry, of the waivers
            themselves, of modules, of `buf lint`), or buf cannot be run.
    """
    from fieldstone.compatibility.rules import rule_ids

    known = rule_ids()
    if rule in known:
        return
    if re.search(_BUF_RULE, rule):
        _check_buf_rule(rule, where)
        return
    if rule.startswith("registry-") or rule in {*PERMISSIONS, *MODULE_FINDINGS}:
        raise Invalid(f"{where} is {rule}, and that cannot be waived", fix=f"see `fieldstone explain {rule}`")
    raise _no_such_rule(rule, where, known, "there is no such rule", "`fieldstone rules` lists them")


def _check_buf_rule(rule: str, where: str) -> None:
    """Raise for an id in capitals that is no rule of `buf breaking`: other findings of buf cannot be waived."""
    from fieldstone.toolchain import buf_rules

    known = buf_rules.rule_ids("breaking")
    if rule in known:
        return
    if any(rule in buf_rules.rule_ids("lint", version) for version in buf_rules.CONFIG_VERSIONS):
        raise Invalid(
            f"{where} is {rule}, a rule of `buf lint`, and no waiver reaches it",
            fix=f"write `// buf:lint:ignore {rule}` above the element, or change the `lint` section of buf.yaml",
        )
    raise _no_such_rule(
        rule, where, known, "`buf breaking` has no such rule", "`buf config ls-breaking-rules` lists them"
    )


def _no_such_rule(rule: str, where: str, known: Sequence[str], problem: str, otherwise: str) -> FieldstoneError:
    fix = did_you_mean(rule, known, otherwise, likeness=0.5)
    return Invalid(f"{where} is {json.dumps(rule)}, and {problem}", fix=fix)


class Entry(Struct, frozen=True):
    """Where a waiver is written.

    Attributes:
        location: its lines; in an entry with several subjects, the line of its own.
        whole: the lines of the whole entry.
    """

    location: Location
    whole: Location


def load_waivers(entries: Sequence[Mapping[str, Any]], file: Path) -> dict[Waiver, Entry]:
    """The waivers of a settings file, each with its lines; an entry with several subjects gives a waiver for each.

    Args:
        entries: the validated entries.
        file: the absolute path of the file.
    """
    if not entries:
        return {}
    text = file.read_text("utf-8")
    blocks, lines = list(_blocks(text)), text.split("\n")
    found: dict[Waiver, Entry] = {}
    for entry in entries:
        first, last = next((span for block, span in blocks if block == entry), _mention(text, entry))
        whole = _lines(file, first, last)
        terms = {key.replace("-", "_"): value for key, value in entry.items() if key not in {"subject", "subjects"}}
        for subject in _subjects(entry, ""):
            number = _line_of(subject, lines, first, last) if "subjects" in entry else 0
            location = _lines(file, number, number) if number else whole
            found[Waiver(subject=subject, **terms)] = Entry(location, whole)
    return found


def _lines(file: Path, first: int, last: int) -> Location:
    return Location(str(file), first, 1 if first else 0, last, 1 if last else 0)


def _line_of(subject: str, lines: Sequence[str], first: int, last: int) -> int:
    """The number of the line of an entry that has a quoted subject; 0 if there is none, as with escapes in it."""
    quoted = (json.dumps(subject, ensure_ascii=False), f"'{subject}'")
    numbers = range(first, last + 1) if first else range(0)
    return next((number for number in numbers if any(text in lines[number - 1] for text in quoted)), 0)


def as_entry(waivers: Sequence[Waiver]) -> dict[str, Any]:
    """Waivers that differ in their subjects alone as one entry, its date as a text, without empty keys."""
    values = {name: getattr(waivers[0], name.replace("-", "_"), "") for name in SCHEMA["items"]["properties"]}
    if len(waivers) > 1:
        values |= {"subject": "", "subjects": [waiver.subject for waiver in waivers]}
    return {name: value for name, value in values.items() if value}


def add_entries(groups: Iterable[Sequence[Waiver]], file: Path, *, table: str, text: str | None = None) -> str:
    """The text of a settings file with entries appended; nothing else changes.

    Args:
        groups: the waivers of each entry.
        file: the settings file; it need not exist.
        table: the dotted name of the table of the settings; empty if they are the whole file.
        text: the text of the file, if not that on disk.

    Raises:
        FieldstoneError: the existing entries are an inline array, so that no block can be appended.
    """
    import tomllib

    if text is None:
        text = file.read_bytes().decode("utf-8") if file.is_file() else ""
    end = "\r\n" if "\r\n" in text else "\n"
    header = f"[[{table}.waivers]]" if table else "[[waivers]]"
    for waivers in groups:
        separated = text if not text or text.endswith("\n") else text + end
        text = separated + (end if separated.strip() else "") + _block(header, waivers).replace("\n", end)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(
            f"cannot add a waiver to {file}: its waivers are an inline array", fix=f"write each as {header}"
        ) from error
    return text


def _block(header: str, waivers: Sequence[Waiver]) -> str:
    import tomli_w

    values = {**as_entry(waivers), "until": date.fromisoformat(waivers[0].until)}
    return f"{header}\n{tomli_w.dumps(values)}"


_HEADER = r"\s*\["
_WAIVER_HEADER = r"""\s*\[\[\s*((["']?)tool\2\s*\.\s*(["']?)fieldstone\3\s*\.\s*)?(["']?)waivers\4\s*\]\]"""


def _blocks(text: str) -> Iterator[tuple[dict[str, Any], tuple[int, int]]]:
    """Every `[[waivers]]` block that can be parsed alone: its entry, and its first and last line."""
    import tomllib

    lines = text.split("\n")
    for first, line in enumerate(lines):
        if not re.match(_WAIVER_HEADER, line):
            continue
        ends = (i for i in range(first + 1, len(lines)) if re.match(_HEADER, lines[i]))
        last = next(ends, len(lines))
        while not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#"):
            last -= 1
        try:
            values = tomllib.loads("\n".join(lines[first:last]))
        except (ValueError, RecursionError):  # part of a multi-line string that looks like a block
            continue
        settings = values["tool"]["fieldstone"] if "tool" in values else values
        yield _with_text_date(settings["waivers"][0]), (first + 1, last)


def _mention(text: str, entry: Mapping[str, Any]) -> tuple[int, int]:
    """The line with both the rule and a subject, else the first with the subject; 0 if there is none."""
    subject = _subjects(entry, "")[0]
    lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if subject in line]
    both = [i for i, line in lines if entry["rule"] in line]
    number = both[0] if both else lines[0][0] if lines else 0
    return number, number
