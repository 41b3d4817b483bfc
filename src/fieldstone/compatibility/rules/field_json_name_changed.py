"""A field has another name in JSON."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps its JSON name.",
    message="the JSON name of `{name}` of `{parent}` went from `{old}` to `{new}`",
    fix="keep the JSON name `{old}`",
    breaks=[Surface.JSON],
    buf=["FIELD_SAME_JSON_NAME"],
    examples=[
        hit("message Step { string run_id = 1; }", 'message Step { string run_id = 1 [json_name = "run"]; }'),
        miss("message Step { string run_id = 1; }", 'message Step { string run_id = 1 [json_name = "runId"]; }'),
        miss(
            "message Step { string run_id = 1; }",
            "message Step { string run = 1; }",
            also=["field-renamed"],
        ),
    ],
)
def field_json_name_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """ProtoJSON writes the JSON name. A reader of the other version rejects it as an unknown field,
    or ignores it and sees the field as unset.
    """
    if change.old.json_name != change.new.json_name and change.old.name == change.new.name:
        yield Hit(old=change.old.json_name, new=change.new.json_name)
