"""A message or enum gained or lost its JSON format."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message


@rule(
    on=[(Kept, Message), (Kept, Enum)],
    summary="A released message or enum keeps its JSON support.",
    message="the JSON format of `{name}` went from {old} to {new}",
    fix="keep features.json_format = {old}",
    breaks=[Surface.JSON],
    buf=["MESSAGE_SAME_JSON_FORMAT", "ENUM_SAME_JSON_FORMAT"],
    follows=["file-syntax-changed"],
    examples=[
        hit(
            'edition = "2023"; message Step { string id = 1; }',
            'edition = "2023"; message Step { option features.json_format = LEGACY_BEST_EFFORT; string id = 1; }',
        ),
        miss(
            'edition = "2023"; message Step { string id = 1; }',
            'edition = "2023"; message Step { option features.json_format = ALLOW; string id = 1; }',
        ),
    ],
)
def json_format_changed(change: Kept[Message | Enum], context: Context) -> Iterator[Hit]:
    """With `ALLOW` every runtime supports ProtoJSON. With `LEGACY_BEST_EFFORT` it may refuse, and clashing JSON names
    are no longer errors of the schema.
    """
    if (change.old.json_format, change.new.json_format) == ("ALLOW", "LEGACY_BEST_EFFORT"):
        yield Hit(old=change.old.json_format, new=change.new.json_format)
