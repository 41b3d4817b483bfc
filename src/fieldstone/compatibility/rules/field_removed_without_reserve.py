"""A field was removed, and its number or name can be used again."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Removed, Field)],
    summary="A released field stays; if one is removed, its number and name are reserved.",
    message="`{name}` ({number}) was removed from `{parent}` and its {free} can be taken again",
    fix=(
        'keep {released}; to remove it all the same, write `reserved {number}; reserved "{name}";` '
        "and waive `field-removed`"
    ),
    breaks=EVERYTHING,
    buf=["FIELD_NO_DELETE", "MESSAGE_SAME_REQUIRED_FIELDS", "MESSAGE_NO_DELETE"],
    examples=[
        hit("message Step { string id = 1; string note = 2; }", "message Step { string id = 1; }"),
        hit("message Step { string id = 1; string note = 2; }", "message Step { reserved 2; string id = 1; }"),
        miss(
            "message Step { string id = 1; string note = 2; }",
            'message Step { reserved 2; reserved "note"; string id = 1; }',
            also=["field-removed"],
        ),
    ],
)
def field_removed_without_reserve(change: Removed[Field], context: Context) -> Iterator[Hit]:
    """Data of the old schema remains for years. If another field gets the number, that data is read as something else,
    without any error; if another field gets the name, the same happens to JSON. With `reserved` the compiler refuses
    both.
    """
    message = change.within.new if change.within else None
    if not isinstance(message, Message):
        return
    taken = {
        "number": message.reserved.has_number(change.old.number),
        "name": message.reserved.has_name(change.old.name),
    }
    free = [what for what, is_reserved in taken.items() if not is_reserved]
    if free:
        yield Hit(free=" and ".join(free))
