"""A field option that affects generated code or validation changed."""

from collections.abc import Iterator

from fieldstone.compatibility.buf.coverage import entry_name
from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.losses import NOTHING, by_surface, lost
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_UTF8 = ("utf8_validation", "Java utf8_validation")
_PARTS = ("", " of the keys", " of the values")
_OPTIONS = ("jstype", "C++ string type", *(f"{option}{of}" for option in _UTF8 for of in _PARTS))
_HARMLESS = ("STRING_PIECE", "STRING")


@rule(
    on=[(Kept, Field)],
    summary="A released field keeps the options that affect its generated code.",
    group=Group.OPTIONS,
    message="{option} of `{name}` of `{parent}` went from {old} to {new}",
    fix="leave {option} at {old}",
    breaks=[Surface.WIRE, Surface.SOURCE],
    buf=[
        "FIELD_SAME_JSTYPE",
        "FIELD_SAME_CPP_STRING_TYPE",
        "FIELD_SAME_UTF8_VALIDATION",
        "FIELD_SAME_JAVA_UTF8_VALIDATION",
    ],
    follows=["file-syntax-changed"],
    examples=[
        hit(
            'edition = "2023"; message Step { map<string, int32> sizes = 1; }',
            'edition = "2023"; message Step { map<string, int32> sizes = 1 [features.utf8_validation = NONE]; }',
        ),
        hit("message Step { int64 id = 1; }", "message Step { int64 id = 1 [jstype = JS_STRING]; }"),
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
        miss(
            'syntax = "proto2"; message Step { repeated int32 ids = 1; }',
            'syntax = "proto2"; message Step { repeated int32 ids = 1 [packed = true]; }',
        ),
    ],
)
def field_option_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """`jstype` and `ctype` decide the field's type in JavaScript and C++; `utf8_validation` decides whether a reader
    accepts bytes that are not UTF-8. Programs compiled with the old value, and bytes written under it, may fail under
    the new one. `packed` is no such option: every parser must read a list in either form
    (https://protobuf.dev/programming-guides/encoding/#packed), as all have done since release 2.3.
    """
    told = {_HARMLESS}
    for option in _OPTIONS:
        both = change.old.options.get(option, ""), change.new.options.get(option, "")
        if all(both) and both[0] != both[1] and both not in told:
            told.add(both)
            buf: list[str] | None = [] if _is_of_other_entries(option, change) else None
            yield Hit(breaks=_breaks(option, both[1]), buf=buf, option=option, old=both[0], new=both[1])


def _is_of_other_entries(option: str, change: Kept[Field]) -> bool:
    """Whether an option is of the keys or values of a renamed map: its entries are another message for buf."""
    return " of the " in option and entry_name("", change.old) != entry_name("", change.new)


def _breaks(option: str, now: str) -> dict[Surface, list[Direction]]:
    if not option.startswith(_UTF8):
        return by_surface(NOTHING, Surface.SOURCE)
    to_whom = Direction.READING_OLD if now == "VERIFY" else Direction.READ_BY_OLD
    return by_surface(lost(to_whom, surfaces=[Surface.WIRE]), Surface.SOURCE)
