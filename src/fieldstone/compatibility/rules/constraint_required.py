"""protovalidate newly requires a field, or a member of a oneof."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.element import Element
from fieldstone.schema.model import Field, Message, Oneof

_VALIDATE = """
    syntax = "proto2";
    package buf.validate;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
    extend google.protobuf.OneofOptions { optional OneofRules oneof = 1159; }
    message FieldRules { optional bool required = 25; }
    message OneofRules { optional bool required = 1; }
"""


def _step(body: str) -> dict[str, str]:
    text = f'import "buf/validate/validate.proto"; message Step {{ {body} }}'
    return {"buf/validate/validate.proto": _VALIDATE, "acme/v1/step.proto": text}


@rule(
    on=[(kind, element) for kind in (Kept, Added) for element in (Field, Oneof)],
    summary="No field of a released message becomes required.",
    message="`{name}` of `{parent}` {what} required by `{option}`",
    fix="remove `required`, and accept messages without the field",
    breaks=by_surface(lost(Direction.READING_OLD)),
    examples=[
        hit(_step("string id = 1;"), _step("string id = 1 [(buf.validate.field).required = true];")),
        hit(
            _step("string id = 1;"),
            _step("string id = 1; string run = 2 [(buf.validate.field).required = true];"),
        ),
        hit(
            _step("oneof kind { string id = 1; }"),
            _step("oneof kind { option (buf.validate.oneof).required = true; string id = 1; }"),
        ),
        miss(_step("string id = 1 [(buf.validate.field).required = true];"), _step("string id = 1;")),
        miss(_step("string id = 1;"), _step("string id = 1 [(buf.validate.field).required = false];")),
        miss(
            _step("string id = 1;"),
            _step("string id = 1; message Run { string id = 1 [(buf.validate.field).required = true]; }"),
        ),
    ],
)
def constraint_required(change: Kept[Element] | Added[Element], context: Context) -> Iterator[Hit]:
    """Stored messages and clients of old releases may lack the field, because it was optional; clients that do not know
    it cannot send it at all. A service that validates refuses them all.
    """
    if not _is_required(change.new):
        return
    if isinstance(change, Added):
        if change.within and isinstance(change.within.new, Message):
            yield Hit(what="is new and", option=_option(change.new))
    elif not _is_required(change.old):
        yield Hit(what="became", option=_option(change.new))


def _is_required(element: Element) -> bool:
    option = element.custom.get(_option(element))
    return bool(option and option.parts.get("required") and option.parts.get("ignore") != "IGNORE_ALWAYS")


def _option(element: Element) -> str:
    return "buf.validate.field" if isinstance(element, Field) else "buf.validate.oneof"
