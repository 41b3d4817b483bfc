"""A field that stays is no longer stored."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Column, Table


def _step(*fields: str) -> str:
    body = "\n  ".join(("string id = 1;", *fields))
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  {body}
}}
"""


@rule(
    on=[(Removed, Column)],
    summary="A released column stays.",
    message="`{name}` of `{parent}` is no longer stored: its column `{column}` was removed",
    fix="keep the column: take `not_stored` back, and mark the field `deprecated = true` if nobody should use it",
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step("string note = 2;"), _step("string note = 2 [(fieldstone.v1.column).not_stored = true];")),
        miss(
            _step("string note = 2 [(fieldstone.v1.column).not_stored = true];"),
            _step("string note = 2 [(fieldstone.v1.column) = {not_stored: true, attribute: 'remark'}];"),
        ),
        miss(_step("string note = 2;"), _step(), also=["field-removed-without-reserve"]),
    ],
)
def column_dropped(change: Removed[Column], context: Context) -> Iterator[Hit]:
    """Stored values are no longer read, and new values are lost without an error: a record comes back with the
    attribute's default. If the field itself was removed with its column, `field-removed` and similar rules report it.
    """
    table = change.within.new if change.within else None
    if isinstance(table, Table):
        yield Hit(location=table.message.fields[change.old.number].location, column=change.old.column)
