"""A required field was added, or a field became or stopped being required."""

from collections.abc import Iterator, Sequence

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.losses import by_surface, lost
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.element import Element
from fieldstone.schema.model import Field, Message

_BESIDES = (Surface.SOURCE, Surface.STORAGE)
_GAINED = by_surface(lost(Direction.READING_OLD), *_BESIDES)
_GAINED_BY_NUMBER = by_surface(lost(Direction.READING_OLD, surfaces=[Surface.WIRE]), *_BESIDES)
_LOST = by_surface(lost(Direction.READ_BY_OLD), *_BESIDES)


@rule(
    on=[(Kept, Field), (Added, Field)],
    summary="Required fields stay required, and no other field becomes so.",
    message="`{name}` of `{parent}` {what}",
    fix="declare a new field `optional`; restore the released label of an existing one",
    breaks=EVERYTHING,
    buf=["MESSAGE_SAME_REQUIRED_FIELDS", "FIELD_SAME_CARDINALITY"],
    follows=["file-syntax-changed"],
    examples=[
        hit(
            'syntax = "proto2"; message Step { optional string id = 1; }',
            'syntax = "proto2"; message Step { required string id = 1; }',
        ),
        hit(
            'syntax = "proto2"; message Step { required string id = 1; }',
            'syntax = "proto2"; message Step { optional string id = 1; }',
        ),
        hit(
            'syntax = "proto2"; message Step { optional string id = 1; }',
            'syntax = "proto2"; message Step { optional string id = 1; required string run = 2; }',
        ),
        hit(
            'edition = "2023"; message Step { string id = 1; }',
            'edition = "2023"; message Step { string id = 1; '
            "string run = 2 [features.field_presence = LEGACY_REQUIRED]; }",
        ),
        miss(
            'syntax = "proto2"; message Step { required string id = 1; }',
            'syntax = "proto2"; message Step { required string id = 1; optional string run = 2; }',
        ),
    ],
)
def field_required_changed(change: Kept[Field] | Added[Field], context: Context) -> Iterator[Hit]:
    """A parser rejects a whole message if a required field is missing. A new required field makes every older message
    unreadable. If a field stops being required, new writers may omit it, and old readers reject the message.
    """
    is_required = change.new.cardinality == "required"
    if isinstance(change, Added):
        if is_required and change.within and isinstance(change.within.new, Message):
            breaks = _GAINED_BY_NUMBER if _was_required(change.within.old, change.new) else _GAINED
            yield Hit(breaks=breaks, what="is new and required", buf=_seen_by_buf(change.within.new, context))
    elif is_required != (change.old.cardinality == "required"):
        what = "became required" if is_required else "is no longer required"
        yield Hit(breaks=_GAINED if is_required else _LOST, what=what)


def _was_required(message: Element, field: Field) -> bool:
    """Whether JSON of the released message always had the field's name."""
    fields = message.fields.values() if isinstance(message, Message) else ()
    return any(f.cardinality == "required" and f.json_name == field.json_name for f in fields)


def _seen_by_buf(message: Message, context: Context) -> Sequence[str] | None:
    """buf detects new required fields only by the keyword, which editions lack."""
    return () if context.new.files[message.file].syntax.startswith("edition") else None
