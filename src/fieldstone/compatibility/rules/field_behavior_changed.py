"""google.api.field_behavior of a field changed in a way that breaks a caller."""

from collections.abc import Iterator, Mapping

from fieldstone.compatibility.custom_options.obligations import OPTION, behaviors
from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.losses import NOTHING, Losses, by_surface, lost
from fieldstone.compatibility.pairing import Kept, Renamed, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field

_API = """
    package google.api;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052 [packed = false]; }
    enum FieldBehavior {
      FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; OUTPUT_ONLY = 3; INPUT_ONLY = 4; IMMUTABLE = 5;
      UNORDERED_LIST = 6; NON_EMPTY_DEFAULT = 7; IDENTIFIER = 8; LATER = 99;
    }
"""
_SENT, _ANSWERED = lost(Direction.READING_OLD), lost(Direction.READ_BY_OLD)

# Behavior -> for whom adding it breaks, and for whom removing it breaks.
_LOSSES: Mapping[str, tuple[Losses, Losses]] = {
    "FIELD_BEHAVIOR_UNSPECIFIED": (NOTHING, NOTHING),
    "OPTIONAL": (NOTHING, NOTHING),
    "REQUIRED": (NOTHING, NOTHING),  # adding it is `field-behavior-required`
    "OUTPUT_ONLY": (_SENT, _SENT),
    "INPUT_ONLY": (_ANSWERED, NOTHING),
    "IMMUTABLE": (_SENT, NOTHING),
    "UNORDERED_LIST": (_ANSWERED, NOTHING),
    "NON_EMPTY_DEFAULT": (_ANSWERED, _ANSWERED),
    "IDENTIFIER": (_SENT, _SENT),
}
_UNKNOWN = (_SENT | _ANSWERED, _SENT | _ANSWERED)


def _field(*named: str) -> dict[str, str]:
    options = f"[{', '.join(f'(google.api.field_behavior) = {name}' for name in named)}]" if named else ""
    text = f'import "google/api/field_behavior.proto"; message Step {{ string id = 1 {options}; }}'
    return {"google/api/field_behavior.proto": _API, "acme/v1/step.proto": text}


@rule(
    on=[(kind, Field) for kind in (Kept, Renamed, Renumbered)],
    summary="A released field is set, changed and returned by the same parties as before.",
    message="`{name}` of `{parent}` {what} in `google.api.field_behavior`",
    fix="{advice}",
    breaks=by_surface(_SENT | _ANSWERED),
    examples=[
        hit(_field(), _field("OUTPUT_ONLY")),
        hit(_field("OUTPUT_ONLY"), _field()),
        hit(_field("OUTPUT_ONLY"), _field("INPUT_ONLY")),
        hit(_field("OPTIONAL"), _field("INPUT_ONLY")),
        hit(_field(), _field("IMMUTABLE")),
        hit(_field(), _field("UNORDERED_LIST")),
        hit(_field(), _field("NON_EMPTY_DEFAULT")),
        hit(_field("NON_EMPTY_DEFAULT"), _field()),
        hit(_field(), _field("IDENTIFIER")),
        hit(_field("IDENTIFIER"), _field("OPTIONAL")),
        hit(_field("LATER"), _field()),
        hit(_field("OPTIONAL"), _field("REQUIRED", "IMMUTABLE"), also=["field-behavior-required"]),
        miss(_field(), _field("OPTIONAL")),
        miss(_field("OPTIONAL"), _field()),
        miss(_field("REQUIRED"), _field()),
        miss(_field("REQUIRED"), _field("OPTIONAL")),
        miss(_field("INPUT_ONLY"), _field()),
        miss(_field("IMMUTABLE", "UNORDERED_LIST"), _field()),
        miss(_field("REQUIRED", "IMMUTABLE"), _field("IMMUTABLE", "REQUIRED", "IMMUTABLE")),
        miss(_field(), _field("REQUIRED"), also=["field-behavior-required"]),
    ],
)
def field_behavior_changed(change: Kept[Field], context: Context) -> Iterator[Hit]:
    """The rule follows https://google.aip.dev/203#backwards-compatibility. Once a field is OUTPUT_ONLY, IMMUTABLE or
    IDENTIFIER, a value that clients send is ignored or refused. Once it is no longer OUTPUT_ONLY or IDENTIFIER, a value
    that they send back sets the field. Once it is INPUT_ONLY, answers lack it. The AIP does not judge two more
    behaviors: an UNORDERED_LIST may come in any order, and adding or removing NON_EMPTY_DEFAULT changes the answer if
    nothing was sent. OPTIONAL has no effect, and callers who respect REQUIRED, IMMUTABLE, INPUT_ONLY or UNORDERED_LIST
    are unaffected if it is removed. An unknown behavior counts as a break. The rule applies while
    `google.api.field_behavior` is among the module's `options`.
    """
    if OPTION not in context.watched:
        return
    old, new = behaviors(change.old), behaviors(change.new)
    added = [name for name in sorted(new - old) if _losses(name)[0]]
    removed = [name for name in sorted(old - new) if _losses(name)[1]]
    losses = NOTHING.union(*(_losses(name)[0] for name in added), *(_losses(name)[1] for name in removed))
    if losses:
        what = _told(added, removed, "became {}", "is no longer {}")
        yield Hit(breaks=by_surface(losses), what=what, advice=_told(added, removed, "leave out {}", "keep {}"))


def _losses(behavior: str) -> tuple[Losses, Losses]:
    return _LOSSES.get(behavior, _UNKNOWN)


def _told(added: list[str], removed: list[str], of_added: str, of_removed: str) -> str:
    told = [words.format(_named(names)) for words, names in ((of_added, added), (of_removed, removed)) if names]
    return " and ".join(told)


def _named(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
