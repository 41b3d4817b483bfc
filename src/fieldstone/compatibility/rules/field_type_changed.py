"""A field has another type."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its type.",
    message="`{name}` of `{parent}` went from {old} to {new}",
    fix="keep {released} and add a new field",
    breaks=EVERYTHING,
    buf=["FIELD_SAME_TYPE", "FIELD_SAME_CARDINALITY", "FIELD_SAME_DEFAULT"],
    examples=[
        hit("message Step { double reward = 1; }", "message Step { float reward = 1; }"),
        hit("message Step { int32 index = 1; }", "message Step { int64 index = 1; }"),
        hit("message Step { map<string, int32> tags = 1; }", "message Step { map<string, string> tags = 1; }"),
        hit(
            "message A {} message B {} message Step { A a = 1; }",
            "message A {} message B {} message Step { B a = 1; }",
        ),
        hit(
            'syntax = "proto2"; message Step { optional int32 tries = 1 [default = 3]; }',
            'syntax = "proto2"; message Step { optional string tries = 1; }',
        ),
        hit(
            "message End { string why = 1; } message Step { End end = 1; map<string, End> ends = 2; }",
            "enum End { END_NONE = 0; END_GOAL = 1; } message Step { End end = 1; map<string, End> ends = 2; }",
            also=["field-presence-changed", "message-removed", "type-name-reused"],
        ),
        hit(
            "enum End { END_NONE = 0; END_GOAL = 1; } message Step { repeated End ends = 1; }",
            "message End { string why = 1; } message Step { repeated End ends = 1; }",
            also=["enum-removed", "type-name-reused"],
        ),
        miss("message Step { double reward = 1; }", "message Step { double reward = 1; float reward_small = 2; }"),
        miss(
            'edition = "2023"; message Tag {} message Step { map<string, Tag> tags = 1; }',
            'edition = "2023"; option features.message_encoding = DELIMITED; '
            "message Tag {} message Step { map<string, Tag> tags = 1; }",
        ),
        miss("message Step { Tag tag = 1; } message Tag {}", "message Tag {} message Step { Tag tag = 1; }"),
    ],
)
def field_type_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """Types differ in encoding, in range or in meaning. Some pairs are read without an error and give another value
    (int64 truncated to int32, sint32 read as int32), which is worse than an error. Each pair is judged separately:
    int32 to int64 keeps all old data, but old code truncates new data; string to bytes allows values that old code
    refuses. A message or enum of the same structure has the same bytes and JSON, and is another type only in generated
    code.
    """
    old, new = change.old, change.new
    is_another = (old.type, old.composite) != (new.type, new.composite)
    if is_another and (old.cardinality == "map") == (new.cardinality == "map"):
        losses = context.structure.type(old, new)
        breaks = by_surface(losses, Surface.SOURCE, *([] if old.composite and not losses else [Surface.STORAGE]))
        if _only_the_number_changed(change):
            breaks = {surface: whom for surface, whom in breaks.items() if surface is Surface.WIRE}
        if breaks:
            yield Hit(breaks=breaks, old=_type(old, new), new=_type(new, old))
    elif old.group != new.group and (old.cardinality == "map") == (new.cardinality == "map"):
        on_wire = by_surface(context.structure.type(old, new), Surface.STORAGE)
        words = {True: "a group", False: "a message"}
        yield Hit(breaks=on_wire, old=words[old.group], new=words[new.group])


def _type(field: Field, other: Field) -> str:
    """The type of a field, with its kind if the name alone does not distinguish it from the other."""
    return f"{field.composite} {field.type}" if field.type == other.type else field.type


def _only_the_number_changed(change: Kept[Field]) -> bool:
    """Whether another field has the old name and type, so that only bytes are read as another type here."""
    message = change.within.new if change.within else None
    if change.old.name == change.new.name or not isinstance(message, Message):
        return False
    number = message.numbers.get(change.old.name)
    return number is not None and message.fields[number].type == change.old.type
