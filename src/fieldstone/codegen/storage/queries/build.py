"""An annotated query -> the view of its method."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from fieldstone.codegen.scopes import marked, unmarked
from fieldstone.codegen.storage.column_views import ColumnView
from fieldstone.codegen.storage.dialects import Dialect, all_dialects
from fieldstone.codegen.storage.fields import FieldConversion
from fieldstone.codegen.storage.queries.groups import group_view
from fieldstone.codegen.storage.queries.views import ArgumentView, PageView, QueryView
from fieldstone.schema.entity import Query
from fieldstone.schema.storage import Table

Columns = Mapping[str, ColumnView]


def query_view(query: Query, table: Table, columns: Columns, fields: Mapping[str, FieldConversion]) -> QueryView:
    """The view of a query.

    Args:
        query: the annotation.
        table: whose records it asks for.
        columns: the columns of the table, by field.
        fields: their conversions.
    """
    present = [columns[name] for name in query_present(query, table)]
    order = [_always(c) if c in present else c for c in (columns[name] for name in query_order(query, table))]
    pages = query.result == "records" and bool(order)
    equal = [_argument(columns[name], columns[name].attribute, "=") for name in query.equal]
    among = [_list_argument(columns[name]) for name in query.among]
    absent = [columns[name] for name in query.absent]
    latest = [columns[name] for name in query.latest_per]
    ranked = (columns[name] for name in query_ranking(query, table))
    ranking = [_always(column) if column in present else column for column in ranked]
    return QueryView(
        name=marked(query.name),
        result=query.result,
        equal=equal,
        among=among,
        absent=absent,
        present=present,
        optional=[_argument(columns[name], columns[name].attribute, "=") for name in query.optional_equal],
        range=_range(query, columns),
        order=order,
        descending=query.descending,
        latest=latest,
        ranking=ranking,
        limit=query.limit,
        pages=pages,
        after_type=f"tuple[{', '.join(column.type for column in order)}]" if pages else "",
        after={name: _after(order, name, dialect, query) for name, dialect in all_dialects().items()},
        where={name: _where([*equal, *among], absent, present, name) for name in all_dialects()},
        opening=_opening(table, columns, latest, ranking),
        closing=_closing(table, columns, latest, query),
        order_by=_order_by(order, descending=query.descending, table=table.table if query.result == "groups" else ""),
        comment=_comment(query, table, columns),
        groups=group_view(query, table, fields) if query.result == "groups" else None,
    )


def query_order(query: Query, table: Table) -> list[str]:
    """The fields that a query's answer is ordered by: never two records alike, so that pages do not overlap."""
    if query.result == "groups":
        return list(query.group_by)
    if query.latest_per:
        return [name for name in dict.fromkeys(query.latest_per) if name not in query.equal]
    return [name for name in _sequence(query, table) if name not in {*query.equal, *query.absent}]


def query_present(query: Query, table: Table) -> list[str]:
    """The field of a range that can be absent: a record without it is in no range, and not in an answer of records."""
    column = table.column(query.range)
    is_left_out = column is not None and column.nullable and query.result in {"records", "first"}
    return [query.range] if is_left_out else []


def query_ranking(query: Query, table: Table) -> list[str]:
    """The fields of whose values the greatest tell the latest record; none where all records are asked for."""
    fixed = {*query.equal, *query.absent, *query.latest_per}
    return [name for name in _sequence(query, table) if name not in fixed] if query.latest_per else []


def _sequence(query: Query, table: Table) -> list[str]:
    wanted = query.order_by or ((query.range,) if query.range else ())
    return list(dict.fromkeys((*wanted, *table.primary_key)))


def _always(column: ColumnView) -> ColumnView:
    """The column where it is never NULL."""
    return replace(column, nullable=False, type=column.key_type)


def _range(query: Query, columns: Columns) -> list[ArgumentView]:
    if not query.range:
        return []
    column = columns[query.range]
    name = query.range_name or query.range
    return [_argument(column, marked(f"from_{name}"), ">="), _argument(column, marked(f"before_{name}"), "<")]


def _argument(column: ColumnView, name: str, operator: str) -> ArgumentView:
    return ArgumentView(
        name=name,
        type=column.key_type,
        column=column,
        operator=operator,
        bind={
            dialect: _renamed(held.bind, column.attribute, name).replace(f'"{column.attribute}"', f'"{name}"')
            for dialect, held in column.on.items()
        },
        condition={name: f"{column.name} {operator} {dialect.mark}" for name, dialect in all_dialects().items()},
    )


def _list_argument(column: ColumnView) -> ArgumentView:
    """An argument with a list of values."""
    bind, condition = {}, {}
    for name, dialect in all_dialects().items():
        item = _renamed(column.on[name].bind, column.attribute, "item")
        bind[name] = dialect.bind_list.format(f"[{item} for item in listed({column.attribute})]")
        condition[name] = dialect.among.format(column=column.name, type=column.on[name].type)
    return ArgumentView(
        name=column.attribute,
        type=f"Iterable[{column.key_type}]",
        column=column,
        operator="in",
        bind=bind,
        condition=condition,
    )


def _renamed(expression: str, old: str, new: str) -> str:
    """An expression over another variable; an error still names the old one."""
    return re.sub(rf"(?<![\w.\"]){re.escape(old)}(?![\w\"])", new, expression)


def _where(
    given: Sequence[ArgumentView], absent: Sequence[ColumnView], present: Sequence[ColumnView], dialect: str
) -> str:
    conditions = [argument.condition[dialect] for argument in given]
    conditions += [f"{column.name} IS NULL" for column in absent]
    return " AND ".join([*conditions, *(f"{column.name} IS NOT NULL" for column in present)]) or "TRUE"


def _order_by(order: Sequence[ColumnView], *, descending: bool, table: str = "") -> str:
    """ORDER BY with absent values after all others, whatever the database does by itself.

    Names are of columns of `table`, where the answer has others: PostgreSQL calls a sum `sum`.
    """
    absent = " NULLS FIRST" if descending else " NULLS LAST"
    down = " DESC" if descending else ""
    of = f"{table}." if table else ""
    parts = [f"{of}{column.name}{down}{absent if column.nullable else ''}" for column in order]
    return f"ORDER BY {', '.join(parts)}" if parts else ""


def _after(order: Sequence[ColumnView], name: str, dialect: Dialect, query: Query) -> PageView:
    """The rows after a position: a column that may be NULL is compared in two parts, whether it is, and its value."""
    columns, marks, bound, values = [], [], [], []
    for column in order:
        held, variable = column.on[name], _last_of(column)
        value = _renamed(held.bind, column.attribute, variable)
        if column.nullable:
            value = f"None if {variable} is None else {value}"
            columns += [f"{column.name} IS NULL", f"coalesce({column.name}, {held.zero})"]
            marks += [dialect.mark, f"coalesce({dialect.typed_mark.format(type=held.type)}, {held.zero})"]
            bound += [f"{variable} is None", value]
        else:
            columns, marks, bound = [*columns, column.name], [*marks, dialect.mark], [*bound, value]
        values.append(value)
    sign = "<" if query.descending else ">"
    return PageView(
        variables=[_last_of(column) for column in order],
        condition=f"({', '.join(columns)}) {sign} ({', '.join(marks)})",
        bound=bound,
        values=values,
    )


def _last_of(column: ColumnView) -> str:
    """The variable that holds a part of `after`."""
    return marked(f"last_{unmarked(column.attribute)}")


def _opening(table: Table, columns: Columns, latest: Sequence[ColumnView], ranking: Sequence[ColumnView]) -> str:
    """Of each distinct value the last row, by the number that it has from the end."""
    if not latest:
        return ""
    key = ", ".join(columns[name].name for name in table.primary_key)
    per = ", ".join(column.name for column in latest)
    number = f"row_number() OVER (PARTITION BY {per} {_order_by(ranking, descending=True)}) AS {_free_name(columns)}"
    return f"({key}) IN (SELECT {key} FROM (SELECT {key}, {number} FROM {table.table} WHERE "  # noqa: S608 - names of the schema


def _closing(table: Table, columns: Columns, latest: Sequence[ColumnView], query: Query) -> str:
    if latest:
        return f") AS numbered WHERE {_free_name(columns)} = 1)"
    by = ", ".join(f"{table.table}.{columns[name].name}" for name in query.group_by)
    return f" GROUP BY {by}" if by and query.result == "groups" else ""


def _free_name(columns: Columns) -> str:
    """A name that no column has."""
    name, taken = "place", {column.name for column in columns.values()}
    while name in taken:
        name += "_"
    return name


def _comment(query: Query, table: Table, columns: Columns) -> str:
    what = {
        "records": f"The {table.plural}",
        "first": f"The first of the {table.plural}",
        "count": f"How many {table.plural} there are",
        "deleted": f"Delete the {table.plural}",
        "groups": f"What is computed of the {table.plural}",
    }[query.result]
    if query.latest_per:
        what = f"The latest of the {table.plural} for each {_attributes(query.latest_per, columns)}"
    of = f" with this {_attributes(query.equal, columns)}" if query.equal else ""
    among = f" with one of these {_attributes(query.among, columns)}" if query.among else ""
    absent = f" without {_attributes(query.absent, columns)}" if query.absent else ""
    having = f" that have {_attributes(present, columns)}" if (present := query_present(query, table)) else ""
    return f"{what}{of}{among}{absent}{having}{_comment_on_order(query, table, columns)}."


def _comment_on_order(query: Query, table: Table, columns: Columns) -> str:
    order = _attributes(query_order(query, table), columns)
    if query.result == "groups":
        return f", for each {order}" if order else ""
    if not order or query.result not in {"records", "first"}:
        return ""
    return f", by {order}{', the last ones first' if query.descending else ''}"


def _attributes(names: Sequence[str], columns: Columns) -> str:
    """The attributes of fields, as a list in a sentence."""
    words = [unmarked(columns[name].attribute) for name in names]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
