"""The value that older rows have in a released column changed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Column


def _step(options: str = "") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  string id = 1;
  int64 tries = 2{options};
}}
"""


@rule(
    on=[(Kept, Column)],
    summary="A column's default for existing rows is fixed in the release that adds it.",
    message="the default of `{name}` of `{parent}` for older rows was {old} and is now {new}",
    fix="keep the released default; let the writer set the value for new rows",
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step(' [(fieldstone.v1.column).default = "1"]'), _step(' [(fieldstone.v1.column).default = "2"]')),
        hit(_step(), _step(' [(fieldstone.v1.column).default = "1"]')),
        miss(
            _step(' [(fieldstone.v1.column) = {default: "1", not_stored: true}]'),
            _step(' [(fieldstone.v1.column).default = "2"]'),
        ),
    ],
)
def column_default_changed(change: Kept[Column], context: Context) -> Iterator[Hit]:
    """The migration that adds the column fills the existing rows, and runs once per database. A database that was
    migrated before keeps the old value in these rows, one that is migrated later gets the new one. The same rows then
    differ between databases.
    """
    old, new = change.old.default, change.new.default
    if old != new:
        yield Hit(old=_words(old), new=_words(new))


def _words(default: str | None) -> str:
    return "none" if default is None else f"`{default}`"
