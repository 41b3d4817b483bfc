"""A field reuses a name that an earlier release used for another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message


@rule(
    on=[(Added, Field), (Kept, Field)],
    summary="A used field name is never given to another number.",
    message="field {number} of `{parent}` takes the name `{taken}`, which was number {earlier} since {since}",
    fix="take a name that no release has used",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(
            "message Step { string id = 1; }",
            "message Step { string id = 1; bytes note = 3; }",
            history=["message Step { string id = 1; string note = 2; }"],
        ),
        hit(
            "package acme.v1; message Step { string id = 1; }",
            "package acme.v2; message Step { string id = 1; bytes note = 3; }",
            history=["package acme.v1; message Step { string id = 1; string note = 2; }"],
            also=["package-removed"],
        ),
        miss(
            "message Step { string id = 1; }",
            "message Step { string id = 1; bytes remark = 3; }",
            history=["message Step { string id = 1; string note = 2; }"],
        ),
    ],
)
def field_name_reused(change: Added[Field] | Kept[Field], context: Context) -> Iterator[Hit]:
    """JSON, generated code and table columns identify fields by name. Data that an earlier release stored under the
    name is read as the new field, of another type or meaning. If a name moves to another number in one step,
    `field-numbers-swapped` reports it.
    """
    if change.new.extendee or (isinstance(change, Kept) and change.old.name == change.new.name):
        return
    use = context.history(change.new.parent).name_taken(change.new.name, change.new.number)
    if use and use.number != change.new.number and not _moves(change):
        yield Hit(taken=change.new.name, earlier=use.number, since=use.since)


def _moves(change: Added[Field] | Kept[Field]) -> bool:
    message = change.within.old if change.within else None
    return isinstance(message, Message) and change.new.name in message.numbers
