"""A field has another name in JSON."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface
from fieldstone.compatibility.losses.json_names import losses
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message

_LOST = {
    (Direction.READING_OLD,): "new code does not find what is written under `{old}`",
    (Direction.READ_BY_OLD,): "old code does not find what is written under `{new}`",
    (Direction.READING_OLD, Direction.READ_BY_OLD): "neither version finds what the other writes",
}


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its JSON name.",
    message="the JSON name of `{name}` of `{parent}` went from `{old}` to `{new}`: {loss}",
    fix="keep the JSON name `{old}`",
    breaks=[Surface.JSON],
    buf=["FIELD_SAME_JSON_NAME"],
    examples=[
        hit("message Step { string run_id = 1; }", 'message Step { string run_id = 1 [json_name = "run"]; }'),
        hit("message Step { string run = 1; }", 'message Step { string run = 1 [json_name = "r"]; }'),
        hit('message Step { string run = 1 [json_name = "r"]; }', "message Step { string run = 1; }"),
        hit('message Step { string run = 1 [json_name = "r"]; }', 'message Step { string run = 1 [json_name = "s"]; }'),
        hit("message Step { string run_id = 1; }", 'message Step { string run_id = 1 [json_name = "run_id"]; }'),
        hit('message Step { string run_id = 1 [json_name = "run_id"]; }', "message Step { string run_id = 1; }"),
        hit(
            'message Step { string a = 1 [json_name = "x"]; string b = 2 [json_name = "y"]; }',
            'message Step { string a = 1 [json_name = "y"]; string b = 2 [json_name = "x"]; }',
        ),
        hit(
            'message Step { string a = 1 [json_name = "x"]; string b = 2; }',
            'message Step { string a = 1; string b = 2 [json_name = "x"]; }',
        ),
        hit(
            'message Step { int32 n = 1 [json_name = "id"]; }',
            "message Step { int32 n = 1; string id = 2; }",
        ),
        miss("message Step { string run_id = 1; }", 'message Step { string run_id = 1 [json_name = "runId"]; }'),
        miss(
            "message Step { string run_id = 1; }",
            "message Step { string run = 1; }",
            also=["field-renamed"],
        ),
    ],
)
def field_json_name_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """ProtoJSON writes a field under its JSON name. Parsers accept that name and the source name. Any other name is
    refused as unknown, ignored so that the field reads as unset, or read as another field with that name. So one
    direction of a change may be harmless: a version reads the other's JSON if it accepts the name.
    """
    old, new = (change.within.old, change.within.new) if change.within else (None, None)
    if not isinstance(old, Message) or not isinstance(new, Message):
        return
    if change.old.json_name != change.new.json_name and change.old.name == change.new.name:
        found = losses(change.old, old, change.new, new)
        told = tuple(direction for direction in Direction if (Surface.JSON, direction) in found)
        if told:
            before, after = change.old.json_name, change.new.json_name
            loss = _LOST[told].format(old=before, new=after)
            yield Hit(breaks=by_surface(found), old=before, new=after, loss=loss)
