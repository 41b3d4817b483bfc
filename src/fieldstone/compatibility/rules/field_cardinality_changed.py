"""A field changed between a single value, a list and a map."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_MANY = ("repeated", "map")


@rule(
    on=[(Kept, Field)],
    summary="A released field stays a single value, a list or a map.",
    message="`{name}` of `{parent}` went from {old} to {new}",
    fix="keep {released} and add a new field",
    breaks=EVERYTHING,
    buf=["FIELD_SAME_CARDINALITY", "FIELD_SAME_TYPE", "MESSAGE_NO_DELETE"],
    examples=[
        hit("message Step { string tag = 1; }", "message Step { repeated string tag = 1; }"),
        hit("message Step { repeated string tags = 1; }", "message Step { string tags = 1; }"),
        hit("message Step { map<string, string> tags = 1; }", "message Step { repeated string tags = 1; }"),
        hit(
            'edition = "2023"; message Tag { string key = 1; int32 value = 2; } '
            "message Step { repeated Tag tags = 1 [features.message_encoding = DELIMITED]; }",
            'edition = "2023"; message Tag { string key = 1; int32 value = 2; } '
            "message Step { map<string, int32> tags = 1; }",
        ),
        hit(
            'edition = "2023"; message Tag { string key = 1; int32 value = 2; } '
            "message Step { map<string, int32> tags = 1; }",
            'edition = "2023"; message Tag { string key = 1; int32 value = 2; } '
            "message Step { repeated Tag tags = 1 [features.message_encoding = DELIMITED]; }",
        ),
        hit(
            "message A { repeated A x = 1; } message B { B x = 1; } message Step { A tree = 1; }",
            "message A { repeated A x = 1; } message B { B x = 1; } message Step { repeated B tree = 1; }",
            also=["field-type-changed"],
        ),
        miss("message Step { string tag = 1; }", "message Step { string tag = 1; repeated string tags = 2; }"),
    ],
)
def field_cardinality_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """A reader of a single value keeps the last element of a list and loses the rest; it cannot read a packed list of
    numbers at all. In bytes a map is a list of entries, but has each key once. In JSON a value is not an array, and in
    generated code and tables a list is another type.
    """
    old, new = change.old.cardinality, change.new.cardinality
    if old != new and (old in _MANY or new in _MANY):
        losses = context.structure.cardinality(change.old, change.new)
        breaks = by_surface(losses, Surface.SOURCE, Surface.STORAGE)
        yield Hit(breaks=breaks, old=_words(change.old), new=_words(change.new))


def _words(field: Field) -> str:
    return {"repeated": f"a list of {field.type}", "map": f"a {field.type}"}.get(field.cardinality, f"one {field.type}")
