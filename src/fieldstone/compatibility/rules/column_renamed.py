"""A field is stored in a column of another name."""

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
    """Migrations only add, so a column of the new name is a new one, empty in every row; the values
    stay behind under the old name. A field that is renamed itself takes its column with it, which
    `field-renamed` tells.
    """
    if change.old.column != change.new.column:
        yield Hit(old=change.old.column, new=change.new.column)
