"""A package was removed, or moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fieldstone.compatibility.finding import USUAL, Direction, Surface
from fieldstone.compatibility.pairing import Moved, Removed
from fieldstone.compatibility.renaming import Move
from fieldstone.compatibility.rules import EVERYTHING, Breaks, Context, Hit, Rule, hit, miss, rule
from fieldstone.compatibility.rules.enum_removed import enum_removed
from fieldstone.compatibility.rules.message_removed import message_removed
from fieldstone.compatibility.rules.service_removed import service_removed
from fieldstone.compatibility.rules.service_renamed import service_renamed
from fieldstone.compatibility.rules.type_renamed import named_in
from fieldstone.schema.location import Location
from fieldstone.schema.model import Enum, Message, Package, Service

_STEP = "message Step { Tag tag = 1; repeated Step next = 2; } message Tag { string name = 1; } enum End { NONE = 0; }"
_OF_FILES = ("FILE_SAME_PACKAGE", "FILE_NO_DELETE")
_OTHER = "message Other { int64 count = 1; }"


@rule(
    on=[(Removed, Package), (Moved, Package)],
    summary="A released package stays until the sunset of everything in it.",
    message="package `{package}` {what}",
    fix="keep it beside the new package, and deprecate its contents with a sunset date",
    breaks=EVERYTHING,
    buf=[*_OF_FILES, "MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE"],
    examples=[
        hit(
            {"acme/v1/a.proto": f"package acme.v1; {_STEP}", "acme/other.proto": f"package acme; {_OTHER}"},
            {"acme/other.proto": f"package acme; {_OTHER}"},
            also=["enum-removed", "file-removed", "message-removed"],
        ),
        hit(f"package acme.v1; {_STEP}", f"package acme.v2; {_STEP}"),
        hit(
            {"acme/v1/a.proto": f"package acme.v1; {_STEP}", "acme/v1/b.proto": f"package acme.v1; {_OTHER}"},
            {"acme/v2/a.proto": f"package acme.v2; {_STEP} {_OTHER}"},
        ),
        hit(
            f"package acme.v1; {_STEP} {_OTHER}",
            f"package acme.v2; {_STEP} message Other {{ int32 count = 1; }}",
            also=["field-type-changed"],
        ),
        hit(f"package acme.v1; {_STEP} {_OTHER}", f"package acme.v2; {_STEP}", also=["message-removed"]),
        hit(
            "package acme.v1; message A {} service Steps { rpc Get(A) returns (A); }",
            "package acme.v2; message A {} service Steps { rpc Get(A) returns (A); }",
            also=["service-renamed"],
        ),
        miss(
            {"acme/v1/step.proto": "package acme.v1; message Step { string id = 1; }"},
            {
                "acme/v1/step.proto": "package acme.v1; message Step { string id = 1; }",
                "acme/v2/step.proto": "package acme.v2; message Step { string id = 1; }",
            },
        ),
    ],
)
def package_removed(change: Removed[Package] | Moved, context: Context) -> Iterator[Hit]:
    """Teams depend on a package version as a whole. A new version is added beside the old one, so that each team can
    migrate in its own time. If a package's types moved to another package, this one finding covers all of them, and
    changes inside a type are reported as usual. A type that is only renamed is read as before: see `type-renamed`; a
    type that did not move has a finding of its own. Services have their name in the path of every call, and a removed
    message has no reader.
    """
    package = change.old.full_name
    held = [element for element in context.old.types() if element.package == package]
    if isinstance(change, Moved):
        move = change.move
        breaks = lost_with([element for element in held if element.full_name in move.types], context)
        because = _ANY if any(name in context.old.messages for name in move.types) else ""
        what = f"moved to `{move.new}`{_with(held, context)}"
        covers, location = sorted({*move.types, *move.files}), _first_location(move, context)
        yield Hit(breaks=breaks, location=location, covers=covers, because=because, package=package, what=what)
        return
    top = [element for element in held if element.top_level]
    if not top or not all(map(context.is_retired, top)):
        because = context.why_any_is_kept(top)
        yield Hit(
            breaks=lost_with(held, context),
            buf=_OF_FILES,
            because=because,
            package=package,
            what="was removed from the module",
        )


def _first_location(move: Move, context: Context) -> Location:
    """The first file with types of a package that moved."""
    came = {*move.types.values()}
    paths = {element.file for element in context.new.part.types() if element.full_name in came}
    return Location(min(paths or move.files & context.new.files.keys() or move.files))


_ANY = "this breaks generated code, and messages packed into Any"


def lost_with(held: Iterable[Message | Enum | Service], context: Context) -> Breaks:
    """The surfaces that break, and for whom, if types of the old schema are gone or renamed.

    Args:
        held: the types.
        context: the schemas, which show the renamed types and those that may be removed.
    """
    found: dict[Surface, set[Direction]] = {Surface.SOURCE: {*USUAL[Surface.SOURCE]}}
    for element in held:
        for surface, directions in _lost(element, context).items():
            found.setdefault(surface, set()).update(directions)
    return {surface: [d for d in Direction if d in found[surface]] for surface in Surface if surface in found}


def _lost(element: Message | Enum | Service, context: Context) -> Mapping[Surface, Iterable[Direction]]:
    lives_on = element.full_name in context.renames.types
    if lives_on and not isinstance(element, Service):
        return {surface: USUAL[surface] for surface in named_in(element)}
    if context.is_retired(element):
        return {}
    match element:
        case Service():
            return _of(service_renamed if lives_on else service_removed)
        case Enum():
            return _of(enum_removed)
        case Message():
            return _of(message_removed)


def _of(removal: Rule) -> Mapping[Surface, Iterable[Direction]]:
    return {surface: removal.directions.get(surface, USUAL[surface]) for surface in removal.breaks}


def _with(held: Sequence[Message | Enum | Service], context: Context) -> str:
    """The number of messages, enums and services of a package that moved, in words."""
    words = []
    for kind in (Message, Enum, Service):
        mine = [element.full_name in context.renames.types for element in held if isinstance(element, kind)]
        count = sum(mine)
        of = f"of {len(mine)} " if count < len(mine) else ""
        if count:
            words.append(f"{count} {of}{kind.__name__.lower()}{'' if len(mine) == 1 else 's'}")
    listed = " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
    return f" with {listed}" if listed else ""
