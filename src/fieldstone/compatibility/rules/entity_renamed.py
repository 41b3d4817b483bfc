"""Generated functions use another name for an entity's records."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(entity: str = "") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"{entity}}};
  string id = 1;
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="Generated functions keep the record's name.",
    message="records of `{parent}.{name}` were called {old} and are now called {new}",
    fix="keep the names: `{kept}`",
    breaks=[Surface.SOURCE],
    follows=["package-removed", "type-renamed"],
    examples=[
        hit(_step(', table: "steps"'), _step(', table: "steps", name: "move"')),
        hit(_step(', table: "steps"'), _step(', table: "steps", plural: "many"')),
        miss(_step(), _step(', record: "acme.records:Step", name: "step"')),
    ],
)
def entity_renamed(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """The record's name is part of generated names: `to_dto_step`, `add_step`, `add_steps`. With another name, every
    call to them fails. The record's class and its attributes belong to the application and may have any name.
    """
    old, new = (f"`{side.name_of_record}` and `{side.plural}`" for side in (change.old, change.new))
    if old != new:
        yield Hit(old=old, new=new, kept=f'name: "{change.old.name_of_record}", plural: "{change.old.plural}"')
