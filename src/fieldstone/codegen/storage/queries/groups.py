"""Aggregates of a query -> the class of its answer, and what is selected and read for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fieldstone.codegen.class_names import camel
from fieldstone.codegen.scopes import marked, unmarked
from fieldstone.codegen.storage.conversions import SAME
from fieldstone.codegen.storage.dialects import Sum, all_dialects
from fieldstone.codegen.storage.fields import FieldConversion
from fieldstone.codegen.storage.queries.views import GroupView, MeasureView
from fieldstone.schema.entity import Aggregate, Query
from fieldstone.schema.storage import Table

SUMMED = frozenset({"int32", "uint32", "int64", "uint64", "duration", "float", "double"})
"""The kinds of columns that have a sum."""

COMPARED = SUMMED | {"text", "enum", "timestamp"}
"""The kinds of columns of which every database knows the least and the greatest value."""

_FLOATS = frozenset({"float", "double"})


def group_view(query: Query, table: Table, fields: Mapping[str, FieldConversion]) -> GroupView:
    """The answer of a query with aggregates."""
    writer = _Writer(table, fields)
    return GroupView(
        name=marked(f"{camel(query.name)}Group"),
        by=[writer.by(name, 1 + i) for i, name in enumerate(query.group_by)],
        measures=list(writer.measures(query.aggregates, 1 + len(query.group_by))),
    )


def measure_name(aggregate: Aggregate, attribute: str) -> str:
    """The attribute of an aggregate in the answer: `sum_amount`, `count`."""
    return aggregate.name or "_".join(filter(None, (aggregate.function, attribute)))


class _Writer:
    """Writes the attributes of a group; positions are those in a row, by dialect where one needs more columns."""

    def __init__(self, table: Table, fields: Mapping[str, FieldConversion]) -> None:
        self._fields = fields
        stored = [column for column in table.columns.values() if column.kind != "child_table"]
        self._columns = {column.name: column.column for column in stored}
        self._places = {column.name: place for place, column in enumerate(stored)}

    def by(self, name: str, position: int) -> MeasureView:
        """A value that all records of the group have."""
        field = self._fields[name]
        return MeasureView(
            name=field.attribute,
            type=field.annotation,
            comment=f"The {unmarked(field.attribute)} of all its records.",
            select=_everywhere([self._columns[name]]),
            read=_read(field, position),
            memory=[f"rows[0][{self._places[name]}]"],
        )

    def measures(self, aggregates: Sequence[Aggregate], position: int) -> Iterator[MeasureView]:
        """The computed values, of which the first is at a position of the row."""
        places = dict.fromkeys(all_dialects(), position)
        for aggregate in aggregates:
            made = self._measure(aggregate, places)
            yield made
            places = {name: place + len(made.select[name]) for name, place in places.items()}

    def _measure(self, aggregate: Aggregate, places: Mapping[str, int]) -> MeasureView:
        if aggregate.function == "count":
            return self._count(aggregate, places)
        field, column = self._fields[aggregate.field], self._columns[aggregate.field]
        of = f"[row[{self._places[aggregate.field]}] for row in rows]"
        if aggregate.function == "sum":
            return _sum(aggregate, field, column, of, places)
        word = {"min": "least", "max": "greatest"}[aggregate.function]
        return MeasureView(
            name=_named(aggregate, field),
            type=field.annotation,
            comment=f"The {word} {unmarked(field.attribute)}{_or_none(field)}.",
            select=_everywhere([f"{aggregate.function}({column})"]),
            read={name: _read(field, place)[name] for name, place in places.items()},
            memory=[f"{word}({of})"],
        )

    def _count(self, aggregate: Aggregate, places: Mapping[str, int]) -> MeasureView:
        field = self._fields.get(aggregate.field)
        column = self._columns[aggregate.field] if field else "*"
        rows = f"[row for row in rows if row[{self._places[aggregate.field]}] is not None]" if field else "rows"
        what = f"records have {_article(unmarked(field.attribute))}" if field else "records there are"
        return MeasureView(
            name=_named(aggregate, field),
            type="int",
            comment=f"How many {what}.",
            select=_everywhere([f"count({column})"]),
            read={name: f"values[{place}]" for name, place in places.items()},
            memory=[f"len({rows})"],
        )


def _article(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def _sum(aggregate: Aggregate, field: FieldConversion, column: str, of: str, places: Mapping[str, int]) -> MeasureView:
    """A sum: exact for whole numbers and durations; of floats as the database adds them."""
    is_float = field.value.kind in _FLOATS
    sums = {name: dialect.float_sum if is_float else dialect.whole_sum for name, dialect in all_dialects().items()}
    return MeasureView(
        name=_named(aggregate, field),
        type=field.annotation,
        comment=f"The sum of {unmarked(field.attribute)}{_or_none(field)}.",
        select={name: [text.format(column) for text in found.select] for name, found in sums.items()},
        read={name: _total(field, found, places[name]) for name, found in sums.items()},
        memory=[f"{part}({of})" for part in (("float_sum", "furthest") if is_float else ("upper_sum", "lower_sum"))],
    )


def _total(field: FieldConversion, found: Sum, place: int) -> str:
    """The sum, from the columns of a row from a position on."""
    total = found.read.format(*(f"values[{place + i}]" for i in range(len(found.select))))
    if field.value.kind == "duration":
        total = field.value.from_plain.format(total)
    return f"None if values[{place}] is None else {total}" if field.optional else total


def _named(aggregate: Aggregate, field: FieldConversion | None) -> str:
    return marked(measure_name(aggregate, unmarked(field.attribute) if field else ""))


def _or_none(field: FieldConversion) -> str:
    return "; None where none has one" if field.optional else ""


def _everywhere(select: Sequence[str]) -> dict[str, Sequence[str]]:
    return dict.fromkeys(all_dialects(), select)


def _read(field: FieldConversion, position: int) -> dict[str, str]:
    """The value at a position of the row, by dialect."""
    value = f"values[{position}]"
    return {
        name: value if dialect.read(field.value) == SAME else field.from_column(dialect.read(field.value), value)
        for name, dialect in all_dialects().items()
    }
