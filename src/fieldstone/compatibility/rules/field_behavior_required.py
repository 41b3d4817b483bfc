"""`google.api.field_behavior` newly marks a field as required."""

from collections.abc import Iterator

from fieldstone.compatibility.custom_options.obligations import REQUIRED, behaviors
from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added, Kept, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message

_API = """
    package google.api;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052; }
    enum FieldBehavior { FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; }
"""


def _step(fields: str) -> dict[str, str]:
    text = f'import "google/api/field_behavior.proto"; message Step {{ {fields} }}'
    return {"google/api/field_behavior.proto": _API, "acme/v1/step.proto": text}


@rule(
    on=[(Kept, Field), (Renumbered, Field), (Added, Field)],
    summary="No field of a released message becomes `REQUIRED`.",
    message="`{name}` of `{parent}` {what} `REQUIRED` in `google.api.field_behavior`",
    fix="remove `REQUIRED`, and accept messages without the field",
    breaks=by_surface(lost(Direction.READING_OLD)),
    examples=[
        hit(_step("string id = 1;"), _step("string id = 1 [(google.api.field_behavior) = REQUIRED];")),
        hit(
            _step("string id = 1;"),
            _step("string id = 1; string run = 2 [(google.api.field_behavior) = REQUIRED];"),
        ),
        hit(
            _step("string id = 1;"),
            _step("string id = 2 [(google.api.field_behavior) = REQUIRED];"),
            also=["field-renumbered"],
        ),
        miss(
            _step("string id = 1;"),
            _step("string id = 1; string run = 2 [(google.api.field_behavior) = OPTIONAL];"),
        ),
        miss(
            _step("string id = 1 [(google.api.field_behavior) = REQUIRED];"),
            _step("string id = 1 [(google.api.field_behavior) = REQUIRED]; string run = 2;"),
        ),
    ],
)
def field_behavior_required(change: Kept[Field] | Added[Field], context: Context) -> Iterator[Hit]:
    """A service refuses requests without a required field (https://google.aip.dev/203). Clients of the old release may
    not send it: they do not know a new field, and an existing one was optional.
    """
    if REQUIRED not in behaviors(change.new):
        return
    if isinstance(change, Added):
        if change.within and isinstance(change.within.new, Message):
            yield Hit(what="is new and")
    elif REQUIRED not in behaviors(change.old):
        yield Hit(what="became")
