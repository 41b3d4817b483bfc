"""A custom option that the module watches changed."""

from collections.abc import Iterator

from fieldstone.compatibility.custom_options import obligations, routes
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Kept, Renamed, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, EnumValue, Field, File, Message, Oneof, Rpc, Service

_ELEMENTS = (File, Message, Field, Oneof, Enum, EnumValue, Service, Rpc)
_WATCHED = ("acme.v1.unit", "acme.v1.owner")
_OPTIONS = """
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { Unit unit = 50000; string hint = 50001; }
    extend google.protobuf.MethodOptions { Owner owner = 50000; }
    enum Unit { UNIT_NONE = 0; UNIT_MS = 1; UNIT_S = 2; }
    message Owner { string team = 1; }
"""


def _field(options: str) -> str:
    return f"{_OPTIONS} message Step {{ int64 took = 1 {options}; }}"


def _rpc(options: str) -> str:
    return f"{_OPTIONS} message A {{}} service Steps {{ rpc Get(A) returns (A) {{ {options} }} }}"


@rule(
    on=[(kind, element) for kind in (Kept, Renamed, Renumbered) for element in _ELEMENTS],
    summary="A released element keeps the custom options that the module watches.",
    group=Group.OPTIONS,
    message="option `{option}` of `{name}` {what}",
    fix="{advice}",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    examples=[
        hit(_field("[(unit) = UNIT_MS]"), _field("[(unit) = UNIT_S]"), options=_WATCHED),
        hit(_field("[(unit) = UNIT_MS]"), _field(""), options=_WATCHED),
        hit(_rpc(""), _rpc('option (owner) = {team: "a"};'), options=_WATCHED),
        miss(_rpc('option (owner) = {team: "a"};'), _rpc('option (owner).team = "a";'), options=_WATCHED),
        miss(_field('[(hint) = "a"]'), _field('[(hint) = "b"]'), options=_WATCHED),
    ],
)
def custom_option_changed(change: Kept[Element], context: Context) -> Iterator[Hit]:
    """An option tells readers what an element means: the unit of a number, or the owner of an rpc. Bytes and JSON stay
    the same but mean something else. The setting `options` lists the options that matter to a module; a meaning that is
    only in a comment is not checked. `google.api.http` and `google.api.field_behavior` have rules of their own.
    """
    for option in sorted(_watched(context) & (change.old.custom.keys() | change.new.custom.keys())):
        old, new = change.old.custom.get(option), change.new.custom.get(option)
        if old == new:
            continue
        if old is None:
            what, advice = f"was added: `{new.text if new else ''}`", f"leave it out of `{change.old.name}`"
        elif new is None:
            what, advice = f"was removed; it was `{old.text}`", f"write it again: `{old.text}`"
        else:
            what, advice = f"went from `{old.text}` to `{new.text}`", f"leave it at `{old.text}`"
        yield Hit(option=option, what=what, advice=advice)


def _watched(context: Context) -> set[str]:
    """The options that are compared as a whole, whatever they mean."""
    return set(context.watched) - {routes.OPTION, obligations.OPTION}
