"""A constraint of protovalidate refuses values that it accepted."""

from collections.abc import Iterator

from fieldstone.compatibility.custom_options.constraints import tightened
from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.element import Element
from fieldstone.schema.model import Field, Message

_OPTIONS = ("buf.validate.field", "buf.validate.message")
_VALIDATE = """
    syntax = "proto2";
    package buf.validate;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.MessageOptions { optional MessageRules message = 1159; }
    extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
    message Rule { optional string id = 1; optional string message = 2; optional string expression = 3; }
    message MessageRules { repeated Rule cel = 3; }
    message FieldRules {
      repeated Rule cel = 23;
      oneof type { Int32Rules int32 = 3; StringRules string = 14; }
    }
    message Int32Rules { optional int32 lt = 2; optional int32 lte = 3; optional int32 gt = 4; optional int32 gte = 5; }
    message StringRules {
      optional uint64 min_len = 2; optional uint64 max_len = 3; optional string pattern = 6; repeated string in = 10;
    }
"""


def _step(type_: str, rules: str) -> dict[str, str]:
    options = f"[(buf.validate.field) = {{ {rules} }}]" if rules else ""
    text = f'import "buf/validate/validate.proto"; message Step {{ {type_} x = 1 {options}; }}'
    return {"buf/validate/validate.proto": _VALIDATE, "acme/v1/step.proto": text}


def _with_expression(expression: str) -> dict[str, str]:
    option = f'option (buf.validate.message).cel = {{ id: "x" expression: "{expression}" }};'
    text = f'import "buf/validate/validate.proto"; message Step {{ {option} int32 x = 1; }}'
    return {"buf/validate/validate.proto": _VALIDATE, "acme/v1/step.proto": text}


@rule(
    on=[(Kept, Field), (Kept, Message)],
    summary="Values that were valid stay valid.",
    message="`{option}` of `{name}` of `{parent}` is tighter: {what}",
    fix="restore the constraint, or put the tighter one on a new field",
    breaks=by_surface(lost(Direction.READING_OLD)),
    examples=[
        hit(_step("int32", "int32: {gte: 0}"), _step("int32", "int32: {gte: 1}")),
        hit(_step("int32", ""), _step("int32", "int32: {lt: 10}")),
        hit(_step("string", "string: {max_len: 9}"), _step("string", "string: {max_len: 8}")),
        hit(_step("string", 'string: {pattern: "a*"}'), _step("string", 'string: {pattern: "a+"}')),
        hit(_step("string", 'string: {in: ["a", "b"]}'), _step("string", 'string: {in: ["b", "c"]}')),
        hit(_with_expression("this.x > 0"), _with_expression("this.x > 1")),
        miss(_step("int32", "int32: {gte: 1}"), _step("int32", "int32: {gt: 0}")),
        miss(_step("int32", "int32: {gte: 1, lt: 10}"), _step("int32", "int32: {gte: 0, lte: 10}")),
        miss(_step("string", 'string: {in: ["a"]}'), _step("string", 'string: {in: ["a", "b"]}')),
        miss(_step("string", 'string: {pattern: "a"}'), _step("string", "")),
    ],
)
def constraint_tightened(change: Kept[Element], context: Context) -> Iterator[Hit]:
    """A service that validates refuses values that old clients send or that are stored, although they can be read. A
    looser constraint is no break. The values of patterns and expressions cannot be compared, so a new one counts as
    tighter.
    """
    for option in _OPTIONS:
        old, new = change.old.custom.get(option), change.new.custom.get(option)
        what = tightened(old.parts if old else {}, new.parts if new else {})
        if what:
            yield Hit(option=option, what="; ".join(what))
