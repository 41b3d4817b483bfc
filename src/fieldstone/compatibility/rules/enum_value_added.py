"""An enum has a new value that old readers do not know."""

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
_IN_JSON = "its JSON parsers refuse the name, or ignore the value if they are lenient"
_REFUSED = "old code refuses the message"
_IN_BYTES_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.WIRE])
_IN_JSON_ALONE = lost(Direction.READ_BY_OLD, surfaces=[Surface.JSON])


def _validated(constraint: str, more: str = "") -> dict[str, str]:
    field = f"End end = 1 [(buf.validate.field).{constraint} = true];"
    text = f'import "buf/validate/validate.proto"; enum End {{ NONE = 0; GOAL = 1; {more} }} message Step {{ {field} }}'
    return {"buf/validate/validate.proto": _RULES, "acme/v1/step.proto": text}


@rule(
    on=[(Added, EnumValue)],
    summary="Old readers of an enum can handle an added value.",
    message="`{name}` ({number}) was added to {what}: {loss}",
    fix="if old readers cannot handle it, add a new enum, and a new field of its type beside the old one",
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
    """A new enum value is an addition, but old code does not know it. In bytes, an open enum keeps the number without a
    name; a closed enum moves the value to the unknown fields, and the field reads as unset. JSON writes the name, which
    old parsers refuse or, if lenient, ignore. So it is a warning. It is an error if a required field uses the enum, or
    a field that accepts only declared values: then old code refuses the whole message. If readers cannot handle any of
    this, set the rule to "error".
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
        what = f"`{enum.full_name}`, of which `{declared.full_name}` accepts only declared values"
        yield Hit(level=Level.ERROR, what=what, loss=_REFUSED)
    elif required is not None:
        what = f"`{enum.full_name}`, which the required field `{required.full_name}` uses"
        loss = _REFUSED if enum.closed else f"{_REFUSED} in JSON, because it does not know the name"
        yield Hit(breaks=by_surface(losses), level=Level.ERROR, what=what, loss=loss)
    else:
        what = f"the {'closed' if enum.closed else 'open'} enum `{enum.full_name}`"
        in_bytes = "treats it as unknown" if enum.closed else "keeps the number without a name"
        in_json = f", and {_IN_JSON}" if losses & _IN_JSON_ALONE else ""
        yield Hit(breaks=by_surface(losses), what=what, loss=f"old code {in_bytes}{in_json}")


def _losses(enum: Enum, value: EnumValue) -> Losses:
    """The surfaces on which old code loses a value: an open enum keeps its number in bytes; JSON may know its name."""
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
