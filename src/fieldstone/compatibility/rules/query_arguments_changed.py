"""A query takes other arguments."""

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
    primary_key: ["run", "episode", "index"]
    queries: {{name: "steps", {query}}}
  }};
  string run = 1;
  string episode = 2;
  int64 index = 3;
}}
"""


@rule(
    on=[(Kept, StoredQuery)],
    summary="A released query keeps its arguments.",
    message="query `{name}` of `{parent}` was `{was}` and is now `{now}`",
    fix="keep the arguments and add a query of another name",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step('equal: "run"'), _step('equal: ["run", "episode"]')),
        hit(_step('equal: ["run", "episode"]'), _step('equal: ["episode", "run"]')),
        hit(_step('equal: ["run", "episode"], range: "index"'), _step('equal: ["run", "episode"]')),
        hit(
            _step('equal: ["run", "episode"], range: "index"'),
            _step('equal: ["run", "episode"], range: "index", range_name: "step"'),
        ),
        hit(_step('equal: ["run", "episode"]'), _step('equal: "run", optional_equal: "episode"')),
        hit(_step('in: "run"'), _step('in: "run", equal: "episode"')),
        hit(_step('equal: "run", optional_equal: "episode"'), _step('equal: "run"')),
        miss(_step('equal: "run"'), _step('equal: "run", optional_equal: "episode"')),
        miss(_step('equal: ["run", "episode"]'), _step('equal: ["run", "episode"], range: "index"')),
        miss(
            _step('equal: ["run", "episode"], range: "index"'),
            _step('equal: ["run", "episode"], range: "index", range_name: "index"'),
        ),
    ],
)
def query_arguments_changed(change: Kept[StoredQuery], context: Context) -> Iterator[Hit]:
    """The values to be equal, and after them the lists of values, are the method's positional arguments: callers now
    pass too many, too few, or each for the wrong column. The arguments of a range and of `optional_equal` are named.
    New ones may be left out; removed or renamed ones are refused by the method.
    """
    old, new = change.within.sides if change.within else (None, None)
    if not isinstance(old, Table) or not isinstance(new, Table):
        return
    was, now = change.old.query, change.new.query
    same_range = old.numbers([was.range]) == new.numbers([now.range]) and _range_name(was) == _range_name(now)
    same_places = all(old.numbers(a) == new.numbers(b) for a, b in ((was.equal, now.equal), (was.among, now.among)))
    removed = set(old.numbers(was.optional_equal)) - set(new.numbers(now.optional_equal))
    if not same_places or removed or (was.range and not same_range):
        yield Hit()


def _range_name(query: Query) -> str:
    return query.range_name or query.range
