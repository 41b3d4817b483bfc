"""An enum whose old readers cannot take another value has one."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue, Field, Schema

_REQUIRED = "REQUIRED"
_VALIDATE = "buf.validate.field"


@rule(
    on=[(Added, EnumValue)],
    summary="A closed enum, and one that a required field uses, gets no other values.",
    message="`{name}` ({number}) was added to `{parent}`, which {what}",
    fix="add a new enum, and a new field of its type beside the old one",
    breaks=by_surface(lost(Direction.READ_BY_OLD)),
    examples=[
        hit(
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; }',
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; TIME = 2; }',
        ),
        hit(
            'edition = "2023"; enum End { NONE = 0; GOAL = 1; } '
            "message Step { End end = 1 [features.field_presence = LEGACY_REQUIRED]; }",
            'edition = "2023"; enum End { NONE = 0; GOAL = 1; TIME = 2; } '
            "message Step { End end = 1 [features.field_presence = LEGACY_REQUIRED]; }",
        ),
        miss("enum End { NONE = 0; GOAL = 1; }", "enum End { NONE = 0; GOAL = 1; TIME = 2; }"),
        miss(
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; }',
            'syntax = "proto2"; enum End { option allow_alias = true; NONE = 0; GOAL = 1; TARGET = 1; }',
        ),
    ],
)
def enum_value_added(change: Added[EnumValue], context: Context) -> Iterator[Hit]:
    """Old code that meets the number in a closed enum puts the field among the unknown ones and reads
    it as unset; if the field is required, it refuses the message. An open enum keeps the number, but
    JSON writes the name, which old parsers refuse or, told to be lenient, leave out: what is required
    is then missing. Values of other open enums may come.
    """
    enum = change.within.old if change.within else None
    if not isinstance(enum, Enum) or any(value.number == change.new.number for value in enum.values):
        return
    users = [field for field in _users(context.old) if field.holds == enum.full_name]
    required = [field for field in users if _is_required(field)]
    defined = [field for field in users if _takes_defined_only(field)]
    if enum.closed:
        yield Hit(what="is closed")
    elif defined:
        yield Hit(what=f"`{defined[0].full_name}` must be a declared value of")
    elif required:
        breaks = by_surface(lost(Direction.READ_BY_OLD, surfaces=[Surface.JSON]))
        yield Hit(breaks=breaks, what=f"the required field `{required[0].full_name}` uses")


def _users(schema: Schema) -> Iterator[Field]:
    for message in schema.messages.values():
        yield from message.fields.values()
    yield from schema.extensions.values()


def _is_required(field: Field) -> bool:
    behavior, validate = field.custom.get("google.api.field_behavior"), field.custom.get(_VALIDATE)
    named = behavior.parts.get("", ()) if behavior else ()
    by_behavior = isinstance(named, tuple) and _REQUIRED in named
    return field.cardinality == "required" or by_behavior or bool(validate and validate.parts.get("required"))


def _takes_defined_only(field: Field) -> bool:
    option = field.custom.get(_VALIDATE)
    parts = option.parts if option else {}
    return any(path.endswith("enum.defined_only") and value for path, value in parts.items())
