"""An enum has a new value, which old readers do not know."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Level, Surface
from fieldstone.compatibility.losses import NOTHING, Losses, by_surface, lost
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, EnumValue, Field, Schema

_REQUIRED = "REQUIRED"
_VALIDATE = "buf.validate.field"
_RULES = """
    syntax = "proto2";
    package buf.validate;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
    message FieldRules { optional EnumRules enum = 16; optional bool required = 25; }
    message EnumRules { optional bool defined_only = 2; }
"""
_IN_JSON = "its JSON parsers refuse the name, or leave the value out where they are lenient"
_REFUSED = "old code refuses the message"
_IN_BYTES_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.WIRE])
_IN_JSON_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.JSON])


def _validated(constraint: str, more: str = "") -> dict[str, str]:
    field = f"End end = 1 [(buf.validate.field).{constraint} = true];"
    text = f'import "buf/validate/validate.proto"; enum End {{ NONE = 0; GOAL = 1; {more} }} message Step {{ {field} }}'
    return {"buf/validate/validate.proto": _RULES, "acme/v1/step.proto": text}


@rule(
    on=[(Added, EnumValue)],
    summary="Old readers of an enum can do without a value that is added to it.",
    message="`{name}` ({number}) was added to {what}: {loss}",
    fix="where old readers cannot do without it, add a new enum, and a new field of its type beside the old one",
    breaks=by_surface(_IN_BYTES_ALONE | _IN_JSON_ALONE),
    level=Level.WARNING,
    other_levels=[Level.ERROR],
    examples=[
        hit("enum End { NONE = 0; GOAL = 1; }", "enum End { NONE = 0; GOAL = 1; TIME = 2; }"),
        hit(
            "enum End { NONE = 0; GOAL = 1; } message Step { End end = 1; map<string, End> ends = 2; }",
            "enum End { NONE = 0; GOAL = 1; TIME = 2; } message Step { End end = 1; map<string, End> ends = 2; }",
        ),
        hit(
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; }',
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; TIME = 2; }',
        ),
        hit(
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; } message Step { required End end = 1; }',
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; TIME = 2; } message Step { required End end = 1; }',
        ),
        hit(
            'edition = "2023"; enum End { NONE = 0; GOAL = 1; } '
            "message Step { End end = 1 [features.field_presence = LEGACY_REQUIRED]; }",
            'edition = "2023"; enum End { NONE = 0; GOAL = 1; TIME = 2; } '
            "message Step { End end = 1 [features.field_presence = LEGACY_REQUIRED]; }",
        ),
        hit(_validated("enum.defined_only"), _validated("enum.defined_only", "TIME = 2;")),
        hit(_validated("required"), _validated("required", "TIME = 2;")),
        miss(
            'syntax = "proto2"; enum End { NONE = 0; GOAL = 1; }',
            'syntax = "proto2"; enum End { option allow_alias = true; NONE = 0; GOAL = 1; TARGET = 1; }',
        ),
        miss("enum End { NONE = 0; GOAL = 1; }", "enum End { NONE = 0; GOAL = 1; } enum Why { TIME = 0; COST = 1; }"),
    ],
)
def enum_value_added(change: Added[EnumValue], context: Context) -> Iterator[Hit]:
    """A value added to an enum is an addition, and old code reads it as one of nothing that it knows. In bytes an
    open enum keeps the number, without a name; of a closed enum the value is set aside among the unknown fields, and
    the field reads as unset. JSON writes the name, which old parsers refuse or, told to be lenient, leave out. So it
    is a warning. It is an error where a required field uses the enum, or one that takes declared values alone: there
    old code refuses the whole message. Where readers cannot cope with any of it, set the rule to "error".
    """
    enum = change.within.old if change.within else None
    if not isinstance(enum, Enum) or change.new.number in enum.numbers:
        return
    losses = _losses(enum, change.new)
    if not losses:
        return
    users = [field for field in _users(context.old) if field.holds == enum.full_name]
    required = next(filter(_is_required, users), None)
    declared = next(filter(_takes_defined_only, users), None)
    if declared is not None:
        what = f"`{enum.full_name}`, of which `{declared.full_name}` takes declared values alone"
        yield Hit(level=Level.ERROR, what=what, loss=_REFUSED)
    elif required is not None:
        what = f"`{enum.full_name}`, which the required field `{required.full_name}` uses"
        loss = _REFUSED if enum.closed else f"{_REFUSED} in JSON, where it does not know the name"
        yield Hit(breaks=by_surface(losses), level=Level.ERROR, what=what, loss=loss)
    else:
        what = f"the {'closed' if enum.closed else 'open'} enum `{enum.full_name}`"
        in_bytes = "sets it aside as unknown" if enum.closed else "keeps the number without a name"
        in_json = f", and {_IN_JSON}" if losses & _IN_JSON_ALONE else ""
        yield Hit(breaks=by_surface(losses), what=what, loss=f"old code {in_bytes}{in_json}")


def _losses(enum: Enum, value: EnumValue) -> Losses:
    """Where old code does not have a value: an open enum keeps its number in bytes, and JSON may know its name."""
    in_json = _IN_JSON_ALONE if enum.number_of(value.name) is None else NOTHING
    return in_json | (_IN_BYTES_ALONE if enum.closed else NOTHING)


def _users(schema: Schema) -> Iterator[Field]:
    for message in schema.messages.values():
        yield from message.fields.values()
    yield from schema.extensions.values()


def _is_required(field: Field) -> bool:
    behavior, validate = field.custom.get("google.api.field_behavior"), field.custom.get(_VALIDATE)
    named = behavior.parts.get("", ()) if behavior else ()
    by_behavior = isinstance(named, tuple) and _REQUIRED in named
    parts = validate.parts if validate else {}
    validated = bool(parts.get("required")) and parts.get("ignore") != "IGNORE_ALWAYS"
    return field.cardinality == "required" or by_behavior or validated


def _takes_defined_only(field: Field) -> bool:
    option = field.custom.get(_VALIDATE)
    parts = option.parts if option else {}
    return any(path.endswith("enum.defined_only") and value for path, value in parts.items())
