"""An extension reuses a full name that an earlier release used for another number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Added, Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_BASE = 'syntax = "proto2"; message Step { extensions 100 to 199; } '
_HISTORY = (_BASE + "extend Step { optional string note = 100; }",)


@rule(
    on=[(Added, Field), (Kept, Field)],
    summary="A used full name of an extension is never given to another number.",
    group=Group.EXTENSIONS,
    message="extension {number} of `{extendee}` takes the name `{taken}`, which was number {earlier} since {since}",
    fix="take a name that no release has used",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_BASE, _BASE + "extend Step { optional bytes note = 101; }", history=_HISTORY),
        miss(_BASE, _BASE + "extend Step { optional bytes remark = 101; }", history=_HISTORY),
    ],
)
def extension_name_reused(change: Added[Field] | Kept[Field], context: Context) -> Iterator[Hit]:
    """JSON writes an extension under its full name, and options and generated code use it, too. Data that an earlier
    release wrote under the name is read as the new extension.
    """
    new = change.new
    if not new.extendee or (isinstance(change, Kept) and change.old.full_name == new.full_name):
        return
    use = context.history(new.extendee).name_taken(new.full_name, new.number)
    if use and use.number != new.number:
        yield Hit(extendee=new.extendee, taken=new.full_name, earlier=use.number, since=use.since)
