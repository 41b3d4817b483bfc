"""A new column has no possible value for existing rows."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Column, Table

_WITHOUT_ZERO = {"timestamp", "duration", "json", "proto"}


def _step(options: str, field: str = "required google.protobuf.Timestamp at = 2") -> str:
    return f"""
syntax = "proto2";
package acme.v1;
import "fieldstone/v1/annotations.proto";
import "google/protobuf/timestamp.proto";
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  required string id = 1;
  {field}{options};
}}
"""


_NOT_STORED = " [(fieldstone.v1.column).not_stored = true]"
_ALWAYS = " [(fieldstone.v1.column).required = true]"
_DEFAULT = ' [(fieldstone.v1.column).default = "2026-01-31T00:00:00Z"]'


@rule(
    on=[(Added, Column)],
    summary="A new column may be empty, has a zero value, or declares a default for existing rows.",
    message="`{name}` of `{parent}` has a new column without a default, and existing rows have no value for it",
    fix="set `default` in the annotation of the field",
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step(_NOT_STORED), _step("")),
        hit(
            _step(_NOT_STORED, "optional google.protobuf.Timestamp at = 2"),
            _step(_ALWAYS, "optional google.protobuf.Timestamp at = 2"),
            also=["column-required-changed"],
        ),
        miss(_step(_NOT_STORED), _step(_DEFAULT)),
        miss(
            _step(_NOT_STORED, "optional google.protobuf.Timestamp at = 2"),
            _step("", "optional google.protobuf.Timestamp at = 2"),
        ),
        miss(_step(_NOT_STORED, "required int64 index = 2"), _step("", "required int64 index = 2")),
    ],
)
def column_unfillable(change: Added[Column], context: Context) -> Iterator[Hit]:
    """A table with rows accepts a new column only if every row has a value for it. Numbers, text, lists and maps start
    as zero or empty, an enum as its first value, an optional field as NULL. A required timestamp, duration or message
    has no such start: whatever a migration stored, 1970 or an empty message, would look like written data. A new
    required field is refused by `field-required-changed`.
    """
    column, table = change.new, change.within.new if change.within else None
    if isinstance(table, Table) and not column.nullable and column.default is None:
        field = table.message.fields[column.number]
        is_required = field.composite == "message" and field.cardinality == "required"
        if column.kind in _WITHOUT_ZERO and (is_required or field.column.required):
            yield Hit()
