"""A query returns another kind of result."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.entity import Query
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
  int64 index = 3;
}}
"""


def _groups(*aggregates: str, by: str = "") -> str:
    listed = ", ".join(f"{{function: AGGREGATE_FUNCTION_{aggregate}}}" for aggregate in aggregates)
    grouped = f'group_by: "{by}", ' if by else ""
    return _step(f"result: QUERY_RESULT_GROUPS, {grouped}aggregates: [{listed}]")


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
        hit(_groups("COUNT", by="run"), _groups("COUNT")),
        hit(_groups("COUNT", "SUM, field: 'index'"), _groups("COUNT")),
        miss(_groups("COUNT"), _groups("SUM, field: 'index'", "COUNT")),
        miss(_step('equal: "run"'), _step('equal: "run", result: QUERY_RESULT_UNSPECIFIED')),
    ],
)
def query_result_changed(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """The method returns another type: a record where callers loop over records, a number where they read attributes.
    Groups lack an attribute that callers read, or are other groups. If a counting query now deletes, the type stays the
    same but the rows are gone.
    """
    old, new = change.old.query, change.new.query
    if old.result != new.result:
        yield Hit(old=_words(old.result), new=_words(new.result))
    elif old.result == "groups" and (old.group_by != new.group_by or not set(old.aggregates) <= set(new.aggregates)):
        yield Hit(old=_computed(old), new=_computed(new))


def _computed(query: Query) -> str:
    names = [aggregate.name or f"{aggregate.function} {aggregate.field}".strip() for aggregate in query.aggregates]
    by = f"by `{', '.join(query.group_by)}`" if query.group_by else "of all records"
    return f"`{', '.join(names)}` {by}"


def _words(result: str) -> str:
    return {
        "first": "the first record",
        "count": "the number of records",
        "deleted": "the number of deleted records",
        "groups": "groups of records",
    }.get(result, result)
