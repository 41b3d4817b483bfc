"""An extension has another full name under the same number."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_BASE = 'syntax = "proto2"; message Step { extensions 100 to 199; } '


@rule(
    on=[(Kept, Field)],
    summary="A released extension keeps its full name.",
    group=Group.EXTENSIONS,
    message="extension {number} of `{extendee}` was `{was_full}` and is now `{now_full}`",
    fix="keep the full name `{was_full}`",
    breaks=[Surface.JSON, Surface.SOURCE, Surface.STORAGE],
    buf=["EXTENSION_NO_DELETE", "FIELD_SAME_NAME", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    examples=[
        hit(
            _BASE + "extend Step { optional string note = 100; }",
            _BASE + "extend Step { optional string remark = 100; }",
        ),
        hit(
            _BASE + "message Notes {} extend Step { optional string note = 100; }",
            _BASE + "message Notes { extend Step { optional string note = 100; } }",
        ),
        miss(
            _BASE + "extend Step { optional string note = 100; }",
            _BASE + "extend Step { optional string note = 100; optional string remark = 101; }",
        ),
    ],
)
def extension_renamed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """JSON writes an extension under its full name in brackets, options are set by it, and generated code is named
    after it. Moving it into a message or another package renames it, too.
    """
    old, new = change.old, change.new
    if old.extendee and old.full_name != new.full_name:
        yield Hit(extendee=old.extendee, was_full=old.full_name, now_full=new.full_name)
