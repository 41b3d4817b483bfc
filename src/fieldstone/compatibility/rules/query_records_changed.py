"""A query finds other records."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.entity import Query
from fieldstone.schema.storage import StoredQuery, Table


def _step(query: str) -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{
    primary_key: ["run", "index"]
    queries: {{name: "steps", {query}}}
  }};
  string run = 1;
  int64 index = 2;
  optional string agent = 3;
  optional string game = 4;
}}
"""


@rule(
    on=[(Kept, StoredQuery)],
    summary="A released query finds the same records.",
    message="query `{name}` of `{parent}` found {old} and now finds {new}",
    fix="keep `absent` and `latest_per`, and add a query of another name",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: "run", absent: "agent"')),
        hit(_step('absent: "agent"'), _step("")),
        hit(_step('range: "index"'), _step('range: "index", latest_per: "run"')),
        hit(_step('latest_per: "run"'), _step("")),
        miss(_step('absent: ["agent", "game"]'), _step('absent: ["game", "agent"]')),
        miss(_step('equal: "run"'), _step('equal: "run", optional_equal: "index"')),
    ],
)
def query_records_changed(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """Callers pass the same arguments and get other records, without an error. A query that also deletes or counts does
    so with other records.
    """
    old, new = change.within.sides if change.within else (None, None)
    if not isinstance(old, Table) or not isinstance(new, Table):
        return
    was, now = change.old.query, change.new.query
    if _found(old, was) != _found(new, now):
        yield Hit(old=_words(was), new=_words(now))


def _found(table: Table, query: Query) -> tuple[set[int | str], tuple[int | str, ...]]:
    return set(table.numbers(query.absent)), table.numbers(query.latest_per)


def _words(query: Query) -> str:
    per = f"the last of each `{', '.join(query.latest_per)}`" if query.latest_per else "all"
    return f"{per} without `{', '.join(query.absent)}`" if query.absent else per
