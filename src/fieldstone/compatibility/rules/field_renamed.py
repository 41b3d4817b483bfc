"""A field number has another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its name.",
    message="field {number} of `{parent}` was `{name}` and is now `{new_name}`",
    fix="keep the name `{name}`, or add `{new_name}` as a new field beside it",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME", "FIELD_SAME_TYPE", "MESSAGE_NO_DELETE"],
    examples=[
        hit("message Step { double reward = 1; }", "message Step { double score = 1; }"),
        hit("message Step { double reward = 1; }", 'message Step { double score = 1 [json_name = "reward"]; }'),
        miss("message Step { double reward = 1; }", "message Step { double reward = 1; double score = 2; }"),
    ],
)
def field_renamed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """The binary encoding knows fields by number, but JSON, generated code and table columns know
    them by name: all three lose the old one. With the JSON name pinned to the old one, JSON survives.
    """
    if change.old.name != change.new.name and not change.old.extendee:
        pinned = change.old.json_name == change.new.json_name
        yield Hit(breaks=[Surface.SOURCE, Surface.STORAGE] if pinned else None)
