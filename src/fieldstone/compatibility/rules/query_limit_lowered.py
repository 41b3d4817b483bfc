"""A query answers with fewer records where the caller does not say how many."""

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
    summary="A released query goes on to answer with as many records.",
    message="query `{name}` of `{parent}` answered with {old} and now answers with {new} unless it is told otherwise",
    fix="keep the limit, and let callers who want fewer say so",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: "run", limit: 100')),
        hit(_step('equal: "run", limit: 100'), _step('equal: "run", limit: 10')),
        miss(_step('equal: "run", limit: 100'), _step('equal: "run", limit: 1000')),
        miss(_step('equal: "run", limit: 100'), _step('equal: "run"')),
    ],
)
def query_limit_lowered(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """A caller that took the answer for everything there is now gets a part of it, and nothing says
    that there is more.
    """
    old, new = change.old.query, change.new.query
    if old.result == new.result == "records" and new.limit and (not old.limit or new.limit < old.limit):
        yield Hit(old=_words(old.limit), new=_words(new.limit))


def _words(limit: int) -> str:
    return f"{limit} records at most" if limit else "all records"
