"""A field reuses a number that an earlier release used for another."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.losses import NOTHING, by_surface
from fieldstone.compatibility.losses.structure import replacement_of
from fieldstone.compatibility.pairing import Added, Renumbered
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Added, Field), (Renumbered, Field)],
    summary="A used field number is never given to another field.",
    message="`{name}` of `{parent}` takes number {taken}, which was `{of} {earlier}` since {since}",
    fix="take a number that no release has used",
    breaks=EVERYTHING,
    examples=[
        hit(
            'message Step { reserved 2; reserved "note"; string id = 1; }',
            'message Step { reserved "note"; string id = 1; bytes blob = 2; }',
            history=["message Step { string id = 1; string note = 2; }"],
            also=["reserved-number-dropped"],
        ),
        hit(
            "message Step { string id = 1; }",
            "message Step { string id = 1; bytes blob = 2; }",
            history=["message Step { string id = 1; string note = 2; }"],
        ),
        hit(
            "package acme.v1; message Step { string id = 1; }",
            "package acme.v2; message Step { string id = 1; bytes blob = 2; }",
            history=["package acme.v1; message Step { string id = 1; string note = 2; }"],
            also=["package-removed"],
        ),
        hit(
            'edition = "2023"; message Step { string note = 1; }',
            'edition = "2023"; message Step { extensions 1; } extend Step { string note = 1; }',
            also=["field-removed-without-reserve"],
        ),
        miss(
            "message Step { string id = 1; }",
            "message Step { string id = 1; bytes blob = 3; }",
            history=["message Step { string id = 1; string note = 2; }"],
        ),
    ],
)
def field_number_reused(change: Added[Field] | Renumbered[Field], context: Context) -> Iterator[Hit]:
    """Messages from the release that used the number are still in logs, queues and tables. Under the new schema their
    bytes become the new field: another value, and no error. The whole history counts, even if a release in between
    dropped the reservation. An extension of the same type that replaces a field, or the reverse, has the same bytes. A
    renamed message keeps its history in the change that renames it.
    """
    field = change.new
    past = context.history(field.extendee or field.parent)
    name, of = (field.full_name, "extension") if field.extendee else (field.name, f"{field.label}{field.type}")
    use = past.number_taken(field.number, name, of)
    if use:
        before = replacement_of(field, context.old, context.renames.came)
        losses = context.structure.replaced(before, field) if before else NOTHING
        breaks = by_surface(losses, Surface.SOURCE, Surface.STORAGE) if before else None
        yield Hit(breaks=breaks, taken=field.number, earlier=use.name, of=use.of, since=use.since)
