"""A query was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import StoredQuery


def _step(*queries: str) -> str:
    entity = ", ".join(['primary_key: ["run", "id"]', *(f"queries: {{{query}}}" for query in queries)])
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{{entity}}};
  string run = 1;
  string id = 2;
}}
"""


@rule(
    on=[(Removed, StoredQuery)],
    summary="A released query stays.",
    message="query `{name}` was removed from `{parent}`",
    fix="keep `{was}`",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('name: "steps_by_run", equal: "run"'), _step()),
        miss(
            _step('name: "steps_by_run", equal: "run"'),
            _step(
                'name: "count_by_run", equal: "run", result: QUERY_RESULT_COUNT', 'name: "steps_by_run", equal: "run"'
            ),
        ),
    ],
)
def query_removed(change: Removed[StoredQuery], context: Context) -> Iterator[Hit]:
    """A query is a method of the repository's protocol and of everything that implements it. Without it, callers in
    other repositories fail, and an rpc that the query served has no answer.
    """
    yield Hit()
