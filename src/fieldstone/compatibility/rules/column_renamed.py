"""The column of a field has another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Column


def _step(options: str = "", name: str = "note") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  string id = 1;
  string {name} = 2{options};
}}
"""


@rule(
    on=[(Kept, Column)],
    summary="A released column keeps its name.",
    message="the column of `{name}` of `{parent}` was `{old}` and is now `{new}`",
    fix='write `name: "{old}"` in the annotation of the field',
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step(), _step(' [(fieldstone.v1.column).name = "remark"]')),
        miss(_step(), _step(' [(fieldstone.v1.column).name = "note"]')),
        miss(_step(), _step(' [(fieldstone.v1.column).attribute = "remark"]')),
        miss(_step(), _step(name="remark"), also=["field-renamed"]),
    ],
)
def column_renamed(change: Kept[Column], context: Context) -> Iterator[Hit]:
    """Migrations only add, so the new name creates a new column, empty in every row. The values stay in the old column.
    If the field itself is renamed, its column follows; `field-renamed` reports that.
    """
    if change.old.column != change.new.column:
        yield Hit(old=change.old.column, new=change.new.column)
