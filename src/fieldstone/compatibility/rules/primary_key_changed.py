"""A table has another primary key."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(key: str, index: str = "int64 index = 2") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: {key}}};
  string run = 1;
  {index};
  int64 agent = 3;
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="A released table keeps its primary key.",
    message="the primary key of `{parent}.{name}` was ({old}) and is now ({new})",
    fix="keep `primary_key: [{kept}]`; for another key, add a new message in a new package version",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_step('["run", "index"]'), _step('["run", "index", "agent"]')),
        hit(_step('["run", "index"]'), _step('["index", "run"]')),
        miss(
            _step('["run", "index"]'),
            _step('["run", "step"]', 'int64 step = 2 [(fieldstone.v1.column).name = "index"]'),
            also=["field-renamed"],
        ),
    ],
)
def primary_key_changed(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """The key of a table with rows cannot be changed by adding to it. With a shorter key, different rows become equal;
    with a longer one, equal records count as different and their events are delivered again. The key's columns, in
    order, are also the arguments of `get_` and `delete_`.
    """
    old, new = change.old, change.new
    if old.numbers(old.primary_key) != new.numbers(new.primary_key):
        kept = ", ".join(f'"{name}"' for name in old.primary_key)
        yield Hit(old=", ".join(old.primary_key), new=", ".join(new.primary_key), kept=kept)
