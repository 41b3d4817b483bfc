"""The events of an entity are delivered in another order."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(entity: str) -> str:
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{{entity}}};
  string id = 1;
  string run = 2;
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="The events of an outbox stay ordered by the same field.",
    message="the events of `{parent}.{name}` were ordered within each `{old}` and are now ordered within each `{new}`",
    fix='write `aggregate_key: "{old}"` in the outbox of the annotation',
    breaks=[Surface.STORAGE],
    examples=[
        hit(_step('primary_key: "id", outbox: {}'), _step('primary_key: "id", outbox: {aggregate_key: "run"}')),
        miss(_step('primary_key: "id", outbox: {}'), _step('primary_key: "id", outbox: {aggregate_key: "id"}')),
        miss(
            _step('primary_key: "id", outbox: {}'),
            _step('primary_key: ["run", "id"], outbox: {}'),
            also=["primary-key-changed"],
        ),
    ],
)
def outbox_order_changed(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """Events with the same key are delivered in order, those with different keys in parallel. Waiting events under the
    old key and new ones under the new key may overtake each other. Subscribers that rely on the old order lose it. If
    the field is the first of a changed primary key, `primary-key-changed` reports it.
    """
    old, new = change.old, change.new
    if old.aggregate_key is None or new.aggregate_key is None:
        return
    follows = all((side.aggregate_key,) == side.primary_key[:1] for side in (old, new))
    if not follows and old.numbers([old.aggregate_key]) != new.numbers([new.aggregate_key]):
        yield Hit(old=old.aggregate_key, new=new.aggregate_key)
