"""An index newly forbids rows with equal values."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(*index: str, fields: tuple[str, ...] = ()) -> str:
    entity, body = ", ".join(('primary_key: "id"', *index)), "\n  ".join(("string id = 1;", "string run = 2;", *fields))
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{{entity}}};
  {body}
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="Columns that allowed equal rows keep allowing them.",
    message="the index of `{parent}.{name}` over ({columns}) {what} unique, and existing rows may be equal",
    fix="remove `unique`; to require it, add a new message in a new package version",
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step('indexes: {fields: "run"}'), _step('indexes: {fields: "run", unique: true}')),
        hit(_step(), _step('indexes: {fields: "run", unique: true}')),
        hit(_step(), _step('indexes: {fields: "name", unique: true}', fields=("string name = 3;",))),
        miss(_step(), _step('indexes: {fields: "run"}')),
        miss(_step(), _step('indexes: {fields: ["run", "id"], unique: true}')),
        miss(_step(), _step('indexes: {fields: "name", unique: true}', fields=("optional string name = 3;",))),
    ],
)
def index_made_unique(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """A database with two equal rows refuses the unique index, so the migration fails only there. Where it succeeds, a
    writer of the old version gets an error for a valid record. An index over all columns of an existing unique key adds
    no requirement. Nor does one over a new column that is NULL in all older rows, because NULLs are never equal.
    """
    old, new = change.old, change.new
    unique = [{*old.numbers(fields)} for fields in _unique(old)]
    present = {old.numbers(index.fields) for index in old.indexes}
    for index in new.indexes:
        numbers = new.numbers(index.fields)
        if index.unique and not any(key <= {*numbers} for key in unique) and not _empty_in_old_rows(change, numbers):
            yield Hit(columns=", ".join(index.fields), what="became" if numbers in present else "is new and")


def _unique(table: Table) -> list[tuple[str, ...]]:
    return [table.primary_key, *(index.fields for index in table.indexes if index.unique)]


def _empty_in_old_rows(change: Kept[Table], numbers: tuple[int | str, ...]) -> bool:
    came = [column for number, column in change.new.columns.items() if number not in change.old.columns]
    return any(column.number in numbers and column.nullable and column.default is None for column in came)
