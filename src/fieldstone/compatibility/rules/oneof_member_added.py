"""A oneof has a new member that old readers do not know."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Level, Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.losses import NOTHING, by_surface, lost
from fieldstone.compatibility.losses.json_names import taken_for, written
from fieldstone.compatibility.losses.structure import replacement_of
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message

_VALIDATE = "buf.validate.oneof"
_RULES = """
    syntax = "proto2";
    package buf.validate;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.OneofOptions { optional OneofRules oneof = 1159; }
    message OneofRules { optional bool required = 1; }
"""
_NONE_SET = "old code finds no member set and keeps `{}` among the unknown fields"
_IN_BYTES_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.WIRE])
_IN_JSON_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.JSON])
_IN_JSON = "its JSON parsers refuse the name, or ignore the member if they are lenient"


def _required(members: str) -> dict[str, str]:
    oneof = f"oneof kind {{ option (buf.validate.oneof).required = true; {members} }}"
    text = f'import "buf/validate/validate.proto"; message Step {{ {oneof} }}'
    return {"buf/validate/validate.proto": _RULES, "acme/v1/step.proto": text}


@rule(
    on=[(Added, Field)],
    summary="Old readers of a oneof can handle an added member.",
    group=Group.ONEOFS,
    message="oneof `{oneof}` of `{parent}` has a new member `{name}`: {loss}",
    fix="if old readers need a choice, add `{name}` outside of the oneof, or in a new version of the message",
    breaks=by_surface(_IN_BYTES_ALONE | _IN_JSON_ALONE),
    level=Level.WARNING,
    other_levels=[Level.ERROR],
    examples=[
        hit(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; int32 c = 3; } }",
        ),
        hit(_required("int32 a = 1; int32 b = 2;"), _required("int32 a = 1; int32 b = 2; int32 c = 3;")),
        miss(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } oneof sort { int32 c = 3; int32 d = 4; } }",
        ),
        miss(
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } }",
            "message Step { oneof kind { int32 a = 1; int32 b = 2; } int32 c = 3; }",
        ),
        miss(
            'syntax = "proto2"; message Step { extensions 3; oneof kind { int32 a = 1; } } '
            "extend Step { optional int32 c = 3; }",
            'syntax = "proto2"; message Step { oneof kind { int32 a = 1; int32 c = 3; } }',
            also=["extension-range-dropped", "extension-removed", "field-number-reused"],
        ),
    ],
)
def oneof_member_added(change: Added[Field], context: Context) -> Iterator[Hit]:
    """A oneof has at most one member set. With the new member set, old code finds none: in bytes it is kept among the
    unknown fields, in JSON its name is refused or, by a lenient parser, ignored. Like any new field it is an addition,
    so it is a warning; it harms code that handles each member and has no branch for "none is set". A former extension
    is known to old code. It is an error if `buf.validate.oneof` requires a choice: then old code refuses the message.
    If a module's readers do not handle "none is set", set the rule to "error".
    """
    old = change.within.old if change.within else None
    if not isinstance(old, Message) or not change.new.oneof:
        return
    oneof = old.oneofs.get(change.new.oneof)
    if oneof is None or replacement_of(change.new, context.old, context.renames.came):
        return
    validate = oneof.custom.get(_VALIDATE)
    if validate and validate.parts.get("required"):
        yield Hit(level=Level.ERROR, oneof=oneof.name, loss="old code requires another one, and refuses the message")
    else:
        in_json = NOTHING if taken_for(written(change.new), old) else _IN_JSON_ALONE
        loss = f"{_NONE_SET.format(change.new.name)}{f', and {_IN_JSON}' if in_json else ''}"
        yield Hit(breaks=by_surface(_IN_BYTES_ALONE | in_json), oneof=oneof.name, loss=loss)
