"""A record's attribute became or stopped being one that always has a value."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message

_TIMESTAMP = 'import "google/protobuf/timestamp.proto"; '
_REQUIRED = " [(fieldstone.v1.column).required = true]"


def _step(*fields: str, entity: str = '{primary_key: "id"}', more: str = "") -> str:
    option = f"option (fieldstone.v1.entity) = {entity}; " if entity else ""
    return f"{_TIMESTAMP} message Step {{ {option}string id = 1; {' '.join(fields)} }} {more}"


@rule(
    on=[(Kept, Field), (Added, Field)],
    summary="Only fields of new messages are `required`, and they stay so.",
    group=Group.STORAGE,
    message="`{name}` of `{parent}` {what} `required` in its annotation",
    fix="{fix}",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_step("google.protobuf.Timestamp at = 2;"), _step(f"google.protobuf.Timestamp at = 2{_REQUIRED};")),
        hit(_step(f"google.protobuf.Timestamp at = 2{_REQUIRED};"), _step("google.protobuf.Timestamp at = 2;")),
        hit(_step(), _step(f"google.protobuf.Timestamp at = 2{_REQUIRED};")),
        hit(
            _step("Part part = 2;", more="message Part { string id = 1; }"),
            _step(
                "Part part = 2;",
                more=f"message Part {{ string id = 1; google.protobuf.Timestamp at = 2{_REQUIRED}; }}",
            ),
        ),
        miss(_step(), _step(more=f"message Part {{ google.protobuf.Timestamp at = 1{_REQUIRED}; }}")),
        miss(
            _step("google.protobuf.Timestamp at = 2;", entity=""),
            _step(f"google.protobuf.Timestamp at = 2{_REQUIRED};"),
        ),
        miss(
            _step(f"google.protobuf.Timestamp at = 2{_REQUIRED};"),
            _step(f"google.protobuf.Timestamp at = 2{_REQUIRED};", "google.protobuf.Timestamp seen = 3;"),
        ),
    ],
)
def column_required_changed(change: Kept[Field] | Added[Field], context: Context) -> Iterator[Hit]:
    """The attribute of a required field is never None, its column is NOT NULL, and the mapper refuses a message without
    it. Rows, JSON and messages of released writers may lack a field that becomes required, and all lack a new one. If a
    field stops being required, its column in every database still refuses NULL, and code that reads the attribute does
    not expect None.
    """
    old, new = change.within.sides if change.within else (None, None)
    if not isinstance(old, Message) or not isinstance(new, Message) or (new.entity and not old.entity):
        return
    is_required = change.new.required_in_record
    keep = "leave `required` out; records of a new message may require it"
    if isinstance(change, Added):
        if is_required:
            yield Hit(what="is new and", fix=keep)
    elif is_required != change.old.required_in_record:
        yield Hit(what="became", fix=keep) if is_required else Hit(what="is no longer", fix="keep `required`")
