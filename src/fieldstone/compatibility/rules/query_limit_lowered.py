"""A query returns fewer records by default."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import StoredQuery


def _step(query: str) -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{
    primary_key: ["run", "id"]
    queries: {{name: "steps", {query}}}
  }};
  string run = 1;
  string id = 2;
}}
"""


@rule(
    on=[(Kept, StoredQuery)],
    summary="A released query keeps its default number of records.",
    message="query `{name}` of `{parent}` returned {old} by default and now returns {new}",
    fix="keep the limit, and let callers who want fewer pass one",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: "run", limit: 100')),
        hit(_step('equal: "run", limit: 100'), _step('equal: "run", limit: 10')),
        miss(_step('equal: "run", limit: 100'), _step('equal: "run", limit: 1000')),
        miss(_step('equal: "run", limit: 100'), _step('equal: "run"')),
    ],
)
def query_limit_lowered(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """A caller that expects all records now gets a part of them, and nothing says that there are more."""
    old, new = change.old.query, change.new.query
    if old.result == new.result == "records" and new.limit and (not old.limit or new.limit < old.limit):
        yield Hit(old=_words(old.limit), new=_words(new.limit))


def _words(limit: int) -> str:
    return f"{limit} records at most" if limit else "all records"
