"""An entity's records are no longer announced."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(outbox: str = "") -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"{outbox}}};
  string id = 1;
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="An entity with an outbox keeps it.",
    message="`{parent}.{name}` no longer has an outbox",
    fix="keep `outbox` in the annotation; nobody has to subscribe to its events",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_step(", outbox: {}"), _step()),
        miss(_step(), _step(", outbox: {}")),
        miss(_step(", outbox: {}"), _step(', outbox: {aggregate_key: "id"}')),
    ],
)
def outbox_switched_off(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """Subscribers get no events of later changes, as if nothing had happened. The argument `payload` of `add_` and
    `save_` is removed, too. Events that are in an outbox already are still delivered.
    """
    if change.old.aggregate_key is not None and change.new.aggregate_key is None:
        yield Hit()
