"""An entity is stored in another table."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(entity: str = "") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"{entity}}};
  string id = 1;
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="A released table keeps its name.",
    message="the table of `{parent}.{name}` was `{old}` and is now `{new}`",
    fix='write `table: "{old}"` in the annotation',
    breaks=[Surface.STORAGE],
    follows=["package-removed", "type-renamed"],
    examples=[
        hit(_step(), _step(', table: "steps"')),
        hit(_step(), _step(', plural: "moves"'), also=["entity-renamed"]),
        miss(_step(), _step(', table: "acme_steps"')),
        miss(_step(), _step(', plural: "moves", table: "acme_steps"'), also=["entity-renamed"]),
    ],
)
def table_renamed(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """Migrations only add, so the new name creates a new, empty table. The rows stay in the old one, where nothing
    looks for them. The idempotency keys of events begin with the table's name, too.
    """
    if change.old.table != change.new.table:
        yield Hit(old=change.old.table, new=change.new.table)
