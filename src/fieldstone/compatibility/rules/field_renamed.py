"""A field has another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import NOTHING, Losses, by_surface
from fieldstone.compatibility.losses.json_names import losses
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its name.",
    message="field {number} of `{parent}` was `{name}` and is now `{new_name}`",
    fix="keep {released}, or add `{new_name}` as a new field beside it",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME", "FIELD_SAME_TYPE", "MESSAGE_NO_DELETE"],
    examples=[
        hit("message Step { double reward = 1; }", "message Step { double score = 1; }"),
        hit("message Step { double reward = 1; }", 'message Step { double score = 1 [json_name = "reward"]; }'),
        hit(
            'message Step { double reward = 1 [json_name = "score"]; }',
            'message Step { double score = 1 [json_name = "points"]; }',
        ),
        hit(
            'message Step { option (fieldstone.v1.entity) = {primary_key: "id"}; string id = 1; }',
            'message Step { option (fieldstone.v1.entity) = {primary_key: "key"}; '
            'string key = 1 [(fieldstone.v1.column).name = "id"]; }',
        ),
        miss("message Step { double reward = 1; }", "message Step { double reward = 1; double score = 2; }"),
    ],
)
def field_renamed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """The binary encoding identifies fields by number, but JSON, generated code and table columns by name: all three
    lose the old one. If the JSON name stays, JSON is unaffected; if parsers of one version accept the name that the
    other writes, one direction is. If the column's name stays, the table is unaffected. If the name continues under
    another number, `field-numbers-swapped` reports it.
    """
    if change.old.name != change.new.name and not change.old.extendee and not _lives_on(change):
        is_kept = _is_entity(change) and change.new.column.name == _column(change.old)
        stored = () if is_kept else (Surface.STORAGE,)
        yield Hit(breaks=by_surface(_in_json(change), Surface.SOURCE, *stored))


def _in_json(change: Kept[Field]) -> Losses:
    old, new = (change.within.old, change.within.new) if change.within else (None, None)
    if not isinstance(old, Message) or not isinstance(new, Message):
        return NOTHING
    return losses(change.old, old, change.new, new)


def _lives_on(change: Kept[Field]) -> bool:
    message = change.within.new if change.within else None
    return isinstance(message, Message) and change.old.name in message.numbers


def _is_entity(change: Kept[Field]) -> bool:
    message = change.within.new if change.within else None
    return isinstance(message, Message) and message.entity is not None


def _column(field: Field) -> str:
    return field.column.name or field.name
