"""A query returns another kind of result."""

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
    summary="A released query keeps the kind of its result.",
    message="query `{name}` of `{parent}` returned {old} and now returns {new}",
    fix="keep the result and add a query of another name",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: "run", result: QUERY_RESULT_FIRST')),
        hit(
            _step('equal: "run", result: QUERY_RESULT_COUNT'),
            _step('equal: "run", result: QUERY_RESULT_DELETED'),
        ),
        miss(_step('equal: "run"'), _step('equal: "run", result: QUERY_RESULT_UNSPECIFIED')),
    ],
)
def query_result_changed(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """The method returns another type: a record where callers loop over records, a number where they read attributes.
    If a counting query now deletes, the type stays the same but the rows are gone.
    """
    old, new = change.old.query.result, change.new.query.result
    if old != new:
        yield Hit(old=_words(old), new=_words(new))


def _words(result: str) -> str:
    return {
        "first": "the first record",
        "count": "the number of records",
        "deleted": "the number of deleted records",
    }.get(result, result)
