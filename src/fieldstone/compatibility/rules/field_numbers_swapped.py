"""A field number was given to another field of the same message."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Kept, Field)],
    summary="Released fields do not swap or take over numbers.",
    message="number {number} of `{parent}` was `{name}` and is now `{new_name}`, {what}",
    fix="give `{name}` its number {number} back",
    breaks=[Surface.WIRE, Surface.JSON],
    buf=["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME", "FIELD_SAME_TYPE", "MESSAGE_NO_DELETE"],
    examples=[
        hit(
            "message Step { double reward = 1; double cost = 2; }",
            "message Step { double cost = 1; double reward = 2; }",
        ),
        hit(
            "message Step { double reward = 1; double cost = 2; }",
            "message Step { double score = 1; double reward = 2; }",
            also=["field-renamed"],
        ),
        hit(
            "message Step { double reward = 1; double cost = 2; }",
            "message Step { double cost = 1; }",
            also=["field-renamed", "field-removed-without-reserve"],
        ),
        miss(
            "message Step { double reward = 1; double cost = 2; }",
            "message Step { double cost = 2; double reward = 1; }",
        ),
        miss("message Step { double reward = 1; }", "message Step { double score = 1; }", also=["field-renamed"]),
    ],
)
def field_numbers_swapped(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """Bytes identify fields by number. If the types are equal nothing fails: one field is read as the other, in old
    data and by old code. JSON and generated code go by name and still work, so tests that compile and print pass, too.
    """
    if change.within is None or change.old.extendee or change.old.name == change.new.name:
        return
    old, new = change.within.old, change.within.new
    if isinstance(old, Message) and isinstance(new, Message):
        came_from, went_to = old.numbers.get(change.new.name), new.numbers.get(change.old.name)
        if came_from:
            yield Hit(breaks=None if went_to else [Surface.WIRE], what=f"which was number {came_from}")
        elif went_to:
            yield Hit(what=f"and `{change.old.name}` is number {went_to}")
