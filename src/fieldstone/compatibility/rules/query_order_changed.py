"""A query returns its records in another order."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.entity import Query
from fieldstone.schema.storage import StoredQuery, Table

_ORDERED = {"records", "first"}


def _step(query: str) -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{
    primary_key: ["run", "index"]
    queries: {{name: "steps", {query}}}
  }};
  string run = 1;
  int64 index = 2;
  int64 agent = 3;
}}
"""


@rule(
    on=[(Kept, StoredQuery)],
    summary="A released query keeps the order of its records.",
    message="query `{name}` of `{parent}` was ordered by {old} and is now ordered by {new}",
    fix="keep the order and add a query of another name",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: "run", order_by: "agent"')),
        hit(_step('equal: "run"'), _step('equal: "run", descending: true')),
        miss(_step('equal: "run"'), _step('equal: "run", order_by: ["run", "index"]')),
        miss(_step('equal: "run"'), _step('equal: "run", range: "index"')),
        miss(
            _step('equal: "run", result: QUERY_RESULT_COUNT'),
            _step('equal: "run", result: QUERY_RESULT_COUNT, descending: true'),
        ),
    ],
)
def query_order_changed(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """A caller that takes the first record gets another one. A caller that reads page by page passes the last record's
    position in the old order as `after`, whose type depends on the order: it is refused, or records are skipped without
    an error. If the primary key changed, `primary-key-changed` reports it.
    """
    was, now = change.old.query, change.new.query
    old, new = change.within.sides if change.within else (None, None)
    if not isinstance(old, Table) or not isinstance(new, Table) or not {was.result, now.result} <= _ORDERED:
        return
    same_key = old.numbers(old.primary_key) == new.numbers(new.primary_key)
    fixed = {*old.numbers(was.equal), *new.numbers(now.equal)}
    before, after = ([n for n in t.numbers(_order(t, q)) if n not in fixed] for t, q in ((old, was), (new, now)))
    if same_key and (before, was.descending) != (after, now.descending):
        yield Hit(old=_words(old, was), new=_words(new, now))


def _order(table: Table, query: Query) -> list[str]:
    fields = query.order_by or ([query.range] if query.range else [])
    return list(dict.fromkeys([*fields, *table.primary_key]))


def _words(table: Table, query: Query) -> str:
    order = ", ".join(name for name in _order(table, query) if name not in query.equal)
    return f"`{order}`{', the last first' if query.descending else ''}"
