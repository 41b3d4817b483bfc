"""An option of a field that generated code or validation follows changed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_BREAKS = {
    "jstype": [Surface.SOURCE],
    "ctype": [Surface.SOURCE],
    "utf8_validation": [Surface.WIRE, Surface.SOURCE],
}


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps the options that its generated code follows.",
    message="{option} of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep {option} = {old}",
    breaks=[Surface.WIRE, Surface.SOURCE],
    buf=["FIELD_SAME_JSTYPE", "FIELD_SAME_CPP_STRING_TYPE", "FIELD_SAME_UTF8_VALIDATION"],
    examples=[
        hit("message Step { int64 id = 1; }", "message Step { int64 id = 1 [jstype = JS_STRING]; }"),
        miss("message Step { int64 id = 1; }", "message Step { int64 id = 1 [jstype = JS_NORMAL]; }"),
    ],
)
def field_option_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """`jstype` and `ctype` decide which type the field has in JavaScript and C++; `utf8_validation`
    decides whether a reader accepts bytes that are not UTF-8. Programs compiled against the old
    choice, and bytes written under it, may not pass under the new one.
    """
    if change.old.type != change.new.type:
        return
    for option, breaks in _BREAKS.items():
        old, new = change.old.options.get(option, ""), change.new.options.get(option, "")
        if old != new:
            yield Hit(breaks=breaks, option=option, old=old, new=new)
