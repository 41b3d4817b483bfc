"""An extension was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_BASE = 'syntax = "proto2"; message Step { extensions 100 to 199; } '


@rule(
    on=[(Removed, Field)],
    summary="A released extension stays.",
    group=Group.EXTENSIONS,
    message="extension `{name}` ({number}) was removed from `{extendee}`",
    fix="keep {released} and mark it `deprecated = true`",
    breaks=EVERYTHING,
    buf=["EXTENSION_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE", "MESSAGE_NO_DELETE"],
    follows=["package-removed", "file-removed"],
    examples=[
        hit(_BASE + "extend Step { optional string note = 100; }", _BASE),
        miss(
            _BASE + "extend Step { optional string note = 100; }",
            _BASE + "extend Step { optional string note = 100 [deprecated = true]; }",
        ),
    ],
)
def extension_removed(change: Removed[Field], context: Context) -> Iterator[Hit]:
    """Options and messages that were written with the extension now have unknown fields, and schemas that use it no
    longer compile.
    """
    if change.old.extendee:
        yield Hit(extendee=change.old.extendee)
