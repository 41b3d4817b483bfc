"""A message that stays is no longer stored."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(entity: str) -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{{entity}}};
  string id = 1;
}}
"""


@rule(
    on=[(Removed, Table)],
    summary="A stored message stays stored.",
    message="`{parent}.{name}` is no longer stored: {table} was removed",
    fix="keep the annotation of `{name}`, without `not_stored`",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    follows=["package-removed", "message-removed"],
    examples=[
        hit(_step('primary_key: "id"'), "message Step { string id = 1; }"),
        hit(_step('primary_key: "id"'), _step('primary_key: "id", not_stored: true')),
        miss(_step("not_stored: true"), "message Step { string id = 1; }"),
        miss(_step('primary_key: "id"'), "message Other { bytes blob = 1; }", also=["message-removed"]),
    ],
)
def table_dropped(change: Removed[Table], context: Context) -> Iterator[Hit]:
    """The rows stay in databases, but no generated code reads them any more. Processes of the old version still write
    rows that the new version does not see, and the repository loses every method for the message.
    """
    message = context.new.messages[change.old.full_name]
    yield Hit(location=message.location, table=f"table `{change.old.table}`")
