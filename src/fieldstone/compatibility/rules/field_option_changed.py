"""An option of a field that generated code or validation follows changed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_UTF8 = ("utf8_validation", "Java utf8_validation")
_PARTS = ("", " of the keys", " of the values")
_VALIDATION = [Surface.WIRE, Surface.SOURCE]
_BREAKS = {
    "jstype": [Surface.SOURCE],
    "C++ string type": [Surface.SOURCE],
    **{f"{option}{of}": _VALIDATION for option in _UTF8 for of in _PARTS},
}
_HARMLESS = ("STRING_PIECE", "STRING")


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps the options that its generated code follows.",
    message="{option} of `{name}` of `{parent}` went from {old} to {new}",
    fix="leave {option} at {old}",
    breaks=[Surface.WIRE, Surface.SOURCE],
    buf=[
        "FIELD_SAME_JSTYPE",
        "FIELD_SAME_CPP_STRING_TYPE",
        "FIELD_SAME_UTF8_VALIDATION",
        "FIELD_SAME_JAVA_UTF8_VALIDATION",
    ],
    examples=[
        hit("message Step { int64 id = 1; }", "message Step { int64 id = 1 [jstype = JS_STRING]; }"),
        hit(
            'edition = "2023"; message Step { map<string, int32> sizes = 1; }',
            'edition = "2023"; message Step { map<string, int32> sizes = 1 [features.utf8_validation = NONE]; }',
        ),
        hit(
            'syntax = "proto2"; message Step { optional string id = 1; }',
            'syntax = "proto2"; option java_string_check_utf8 = true; message Step { optional string id = 1; }',
        ),
        miss(
            'syntax = "proto2"; message Step { optional int32 id = 1; }',
            'syntax = "proto2"; option java_string_check_utf8 = true; message Step { optional int32 id = 1; }',
        ),
        miss(
            "message Step { string id = 1 [ctype = STRING_PIECE]; }",
            "message Step { string id = 1; }",
        ),
        miss("message Step { int64 id = 1; }", "message Step { int64 id = 1 [jstype = JS_NORMAL]; }"),
    ],
)
def field_option_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """`jstype` and `ctype` decide which type the field has in JavaScript and C++; `utf8_validation`
    decides whether a reader accepts bytes that are not UTF-8. Programs compiled against the old
    choice, and bytes written under it, may not pass under the new one.
    """
    told = {_HARMLESS}
    for option, breaks in _BREAKS.items():
        both = change.old.options.get(option, ""), change.new.options.get(option, "")
        if all(both) and both[0] != both[1] and both not in told:
            told.add(both)
            yield Hit(breaks=breaks, option=option, old=both[0], new=both[1])
