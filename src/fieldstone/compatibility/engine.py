"""Applies rules to changes and gives findings. Knows no settings and prints nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fieldstone.compatibility.buf.coverage import covered_by, extension_name
from fieldstone.compatibility.causes import with_causes
from fieldstone.compatibility.finding import (
    USUAL,
    Cause,
    Covered,
    Direction,
    Directions,
    Finding,
    Level,
    Surface,
    fingerprint,
)
from fieldstone.compatibility.losses.structure import replacement_of
from fieldstone.compatibility.pairing import Added, Change, Kept, Moved, Removed, Renamed
from fieldstone.compatibility.restoring import as_released
from fieldstone.compatibility.rules import Breaks, Context, Hit, Kind, Rule, directions_of
from fieldstone.compatibility.sunsets.announcements import Announced
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Field, File, Message, Package

_EXTENSION_GONE = ("EXTENSION_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE")


def judge(context: Context, rules: Iterable[Rule]) -> list[Finding]:
    """Apply rules to every change between the context's two schemas.

    Returns:
        the findings in the order of their locations, each at its rule's level. Findings about packages that moved as a
        whole come first.
    """
    by_kind: Mapping[Kind, list[Rule]] = _by_kind(rules)
    found = [
        finding
        for change in _changes(context, by_kind)
        for rule in _rules_for(change, by_kind)
        for finding in _apply(rule, change, context)
    ]
    ordered = sorted(
        found, key=lambda f: (not f.leads, f.location.path, f.location.line, f.location.column, f.rule, f.subject)
    )
    return with_causes(ordered)


def _changes(context: Context, by_kind: Mapping[Kind, list[Rule]]) -> Iterator[Change | Announced[Element]]:
    """The changes that the rules judge; new sunsets are computed only if a rule needs them."""
    yield from context.changes
    if any(kind is Announced for kind, _ in by_kind):
        yield from context.announcements


def _by_kind(rules: Iterable[Rule]) -> dict[Kind, list[Rule]]:
    by_kind: dict[Kind, list[Rule]] = defaultdict(list)
    for rule in rules:
        for kind in rule.on:
            by_kind[kind].append(rule)
    return by_kind


def _rules_for(change: Change | Announced[Element], by_kind: Mapping[Kind, list[Rule]]) -> list[Rule]:
    """The rules for a change; a renamed type is also judged by the rules for types that kept their names."""
    kind = type(change.subject)
    rules = by_kind.get((type(change), kind), [])
    if isinstance(change, Renamed) and issubclass(kind, Message | Enum):
        return [*rules, *(rule for rule in by_kind.get((Kept, kind), ()) if rule not in rules)]
    return rules


def _apply(rule: Rule, change: Change | Announced[Element], context: Context) -> Iterator[Finding]:
    old, new = change.sides
    for hit in rule.function(change, context):
        words = _words(change, hit, context)
        subject = change.subject.full_name
        declared: Breaks = rule.breaks if hit.breaks is None else hit.breaks
        breaks, directions = _by_name(change, context, declared, {**rule.directions, **directions_of(declared)})
        breaks, directions = _by_number(change, context, breaks, directions)
        buf = _reported_by_buf(rule, change, context) if hit.buf is None else tuple(hit.buf)
        level = hit.level or rule.level
        homes, package = _home_of(change, context)
        yield Finding(
            rule=rule.id,
            subject=subject,
            message="; ".join(part for part in (rule.message.format_map(words), hit.because) if part),
            location=hit.location or change.location,
            was=old.declaration if old else "",
            was_at=old.location if old else None,
            breaks=tuple(surface for surface in Surface if surface in breaks),
            directions=directions,
            fix=rule.fix.format_map(words),
            level=level,
            additive=bool(breaks) and level is Level.WARNING,
            fingerprint=fingerprint(
                rule.id, subject, *(e.shape for e in (old, new) if e), *map(str, hit.words.values())
            ),
            buf=buf,
            covered=covered_by(change, context.old, hit.parts, hit.covers) if buf else Covered(),
            leads=isinstance(change, Moved),
            covers=hit.covers,
            homes=homes,
            package=package,
            cause=_of_option(rule, hit),
        )


def _home_of(change: Change | Announced[Element], context: Context) -> tuple[tuple[str, ...], str]:
    """The released files of the changed element, and its package; no file if the element is new.

    An element that is new in a released one belongs to the file of that one.
    """
    subject = change.subject
    if isinstance(subject, Package):
        files = context.old.part.files.items()
        return tuple(path for path, file in files if file.package == subject.full_name), subject.full_name
    old = change.sides[0] or (change.within.old if change.within else None)
    if old is None:
        file = context.new.files.get(change.location.path)
        return (), file.package if file else ""
    path = old.full_name if isinstance(old, File) else old.location.path
    file = context.old.files.get(path)
    return (path,), file.package if file else ""


def _of_option(rule: Rule, hit: Hit) -> Cause | None:
    """The option that a hit is about, as the cause that it shares with other elements."""
    option = hit.words.get("option") or hit.words.get("feature")
    return Cause(rule.id, str(option)) if option else None


def _reported_by_buf(rule: Rule, change: Change | Announced[Element], context: Context) -> tuple[str, ...]:
    """The buf rules that report the same change: none inside a renamed type, because buf sees an unrelated type."""
    holder = change.within or change
    is_of_names = holder is change and (Renamed, type(change.subject)) in rule.on
    if not isinstance(holder, Kept) or (isinstance(change, Renamed) and is_of_names):
        return rule.buf
    old, new = holder.old, holder.new
    if isinstance(old, Message | Enum):
        return rule.buf if old.full_name == new.full_name else ()
    return (
        rule.buf if not isinstance(old, Field) or not isinstance(new, Field) else _of_extension(rule, old, new, context)
    )


def _of_extension(rule: Rule, old: Field, new: Field, context: Context) -> tuple[str, ...]:
    """The buf rules that report a change of an extension. buf identifies it by file and name in the package, too."""
    if old.extendee == new.extendee:
        return rule.buf
    same_name = extension_name(old, context.old) == extension_name(new, context.new)
    same_name &= old.location.path == new.location.path
    return () if same_name else tuple(identifier for identifier in rule.buf if identifier in _EXTENSION_GONE)


def _by_name(
    change: Change | Announced[Element], context: Context, breaks: Breaks, directions: dict[Surface, Directions]
) -> tuple[Breaks, dict[Surface, Directions]]:
    """The surfaces that break, and for whom, where a renamed or renumbered field keeps its JSON name.

    JSON identifies a field by that name, so JSON breaks only if the values are lost.
    """
    old, new = (change.within.old, change.within.new) if change.within else (None, None)
    if Surface.JSON not in breaks or not isinstance(change.subject, Field) or isinstance(change, Added | Announced):
        return breaks, directions
    if not isinstance(old, Message) or not isinstance(new, Message):
        return breaks, directions
    if isinstance(change, Kept) and change.new.name == change.old.name:
        return breaks, directions
    field = new.by_json_name.get(change.subject.json_name)
    if field is None:
        return breaks, directions
    losses = context.structure.named(change.subject, old, field, new)
    left = tuple(d for d in directions.get(Surface.JSON, USUAL[Surface.JSON]) if (Surface.JSON, d) in losses)
    if left:
        return breaks, {**directions, Surface.JSON: left}
    return [surface for surface in breaks if surface is not Surface.JSON], directions


def _by_number(
    change: Change | Announced[Element], context: Context, breaks: Breaks, directions: dict[Surface, Directions]
) -> tuple[Breaks, dict[Surface, Directions]]:
    """The same where an extension replaces a field, or the reverse: the binary encoding goes by number."""
    old = change.old if isinstance(change, Removed) else None
    new = replacement_of(old, context.new, context.renames.types) if isinstance(old, Field) else None
    if not isinstance(old, Field) or new is None or Surface.WIRE not in breaks:
        return breaks, directions
    losses = context.structure.replaced(old, new)
    left = tuple(direction for direction in Direction if (Surface.WIRE, direction) in losses)
    if left:
        return breaks, {**directions, Surface.WIRE: left}
    return [surface for surface in breaks if surface is not Surface.WIRE], directions


def _words(change: Change | Announced[Element], hit: Hit, context: Context) -> dict[str, Any]:
    old, new = change.sides
    subject = change.subject
    return {
        "name": subject.name,
        "parent": subject.parent,
        "number": getattr(subject, "number", ""),
        "was": old.declaration if old else "",
        "released": "" if isinstance(change, Announced) else as_released(change, context.old, context.new),
        "now": new.declaration if new else "",
        "new_name": new.name if new else "",
        **hit.words,
    }
