"""A query was removed and an equal one was added under another name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import StoredQuery


def _step(*names: str) -> str:
    queries = ", ".join(f'queries: {{name: "{name}", equal: "run"}}' for name in names)
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: ["run", "id"], {queries}}};
  string run = 1;
  string id = 2;
}}
"""


@rule(
    on=[(Renamed, StoredQuery)],
    summary="A released query keeps its name.",
    message="query `{name}` of `{parent}` is now `{new_name}`",
    fix="keep `{name}` beside `{new_name}`",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step("steps_by_run"), _step("steps_of_run")),
        miss(_step("steps_by_run"), _step("steps_by_run", "steps_of_run")),
    ],
)
def query_renamed(change: Renamed[StoredQuery], context: Context) -> Iterator[Hit]:
    """The generated method has the query's name. Callers of the old name, and hand-written implementations of the
    protocol, fail when the method is looked up.
    """
    yield Hit()
