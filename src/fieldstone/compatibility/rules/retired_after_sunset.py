"""A deprecated element was removed after its sunset."""

from collections.abc import Iterator
from datetime import date

from fieldstone.compatibility.finding import Level
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.compatibility.rules.enum_removed import enum_removed
from fieldstone.schema.model import Enum, Message, Rpc, Service

_STEP = "message Step { string id = 1; }"
_OLD = """
message Old {
  option deprecated = true;
  option (fieldstone.v1.message_lifecycle) = { sunset: "DATE" };
  string id = 1;
  string note = 2;
}
"""


def _with(sunset: str) -> str:
    return _STEP + _OLD.replace("DATE", sunset)


def _in_file(path: str, more: str = "") -> dict[str, str]:
    """The message past its sunset, in a file of its own."""
    return {path: more + _OLD.replace("DATE", "2020-01-31")}


@rule(
    on=[(Removed, Message), (Removed, Enum), (Removed, Service), (Removed, Rpc)],
    summary="An element that was deprecated with a sunset date may be removed after that date, in a major release.",
    group=Group.SUNSETS,
    message="`{name}` was removed from `{parent}` after its sunset of {sunset}",
    fix="release this as a major version",
    breaks=EVERYTHING,
    level=Level.NOTE,
    buf=[
        "MESSAGE_NO_DELETE",
        "ENUM_NO_DELETE",
        "SERVICE_NO_DELETE",
        "RPC_NO_DELETE",
        "FILE_NO_DELETE",
        "FILE_SAME_PACKAGE",
    ],
    examples=[
        hit(_with("2020-01-31"), _STEP),
        miss(_with("2999-12-31"), _STEP, also=["message-removed"]),
        miss(_with("2020-01-31"), _STEP, also=["message-removed"], introduced=date(2020, 1, 2)),
        hit(_with("2020-01-31"), _STEP, introduced=date(2020, 1, 1)),
        miss(_in_file("acme/v1/old.proto"), _in_file("acme/v1/older.proto", "message New {}"), also=["file-removed"]),
    ],
)
def retired_after_sunset(change: Removed[Message | Enum | Service | Rpc], context: Context) -> Iterator[Hit]:
    """Additive only is no promise to keep everything for ever. A deprecation announces the end, the sunset is its date.
    After that day the element may be removed, and the major version signals it. The sunset counts if the release that
    introduced it came early enough: 30 days before it, unless the setting `notice` names another number. With
    `sunset-needs = "no-known-reader"`, the consumers' evidence must also show that nobody is known to use the element.
    The element's name stays taken.
    """
    if context.is_retired(change.old):
        breaks = enum_removed.breaks if isinstance(change.old, Enum) else None
        yield Hit(breaks=breaks, sunset=change.old.lifecycle.sunset)
