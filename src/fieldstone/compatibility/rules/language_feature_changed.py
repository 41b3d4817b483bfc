"""A language feature removes or changes parts of the code that is generated in that language."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Direction, Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.language_features import Switched, of_definitions, of_fields
from fieldstone.compatibility.losses import NOTHING, by_surface, lost
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Definition, Enum, Field, Message, Service

_CPP, _JAVA, _GO = "(pb.cpp)", "(pb.java)", "(pb.go)"


def _file(text: str, *, edition: str = "2024", option: str = "") -> str:
    keyword = "import option" if edition == "2024" else "import"
    files = [
        f"google/protobuf/{name}_features.proto" for name in ("cpp", "go", "java") if f"(pb.{name})" in text + option
    ]
    imports = " ".join(f'{keyword} "{file}";' for file in files)
    return f'edition = "{edition}"; package acme.v1; {imports} {option} {text}'


def _step(feature: str = "", value: str = "", *, edition: str = "2024") -> str:
    option = f"option features.{feature} = {value};" if feature else ""
    return _file(f"message Step {{ {option} int32 id = 1; }}", edition=edition)


def _enum(feature: str = "", value: str = "", *, of_value: str = "") -> str:
    option = f"option features.{feature} = {value};" if feature else ""
    last = f"[features.{feature} = {of_value}]" if of_value else ""
    return _file(f"enum End {{ {option} END_NONE = 0; END_GOAL = 1 {last}; }}")


def _field(options: str, *, kind: str = "End", enum: str = "") -> str:
    enum = f"enum End {{ {enum} END_NONE = 0; END_GOAL = 1; }}"
    return _file(f"{enum} message Step {{ {kind} end = 1 {options}; }}", edition="2023")


_END_STEP = "enum End {{ END_NONE = 0; }} message Step {{ End end = 1 {}; }}"
_LEGACY = f"[features.{_JAVA}.legacy_closed_enum = true]"


@rule(
    on=[(Kept, Message), (Kept, Enum), (Kept, Service), (Kept, Field)],
    summary="A released element keeps the language features that affect its generated code.",
    group=Group.OPTIONS,
    message="{feature} of `{name}` of `{parent}` went from {old} to {new}",
    fix="leave {feature} at {old}",
    breaks=[Surface.WIRE, Surface.SOURCE],
    follows=["file-syntax-changed"],
    examples=[
        hit(_field(f"[features.{_CPP}.legacy_closed_enum = true]"), _field("")),
        hit(_step(f"{_GO}.api_level", "API_OPEN"), _step()),
        hit(_step(f"{_GO}.api_level", "API_HYBRID"), _step(f"{_GO}.api_level", "API_OPAQUE")),
        hit(_step(f"{_JAVA}.nest_in_file_class", "YES"), _step()),
        hit(_step(edition="2023"), _step(), also=["file-syntax-changed"]),
        hit(_enum(), _enum(f"{_GO}.strip_enum_prefix", "STRIP_ENUM_PREFIX_STRIP")),
        hit(_enum(), _enum(f"{_GO}.strip_enum_prefix", "STRIP_ENUM_PREFIX_KEEP", of_value="STRIP_ENUM_PREFIX_STRIP")),
        hit(_enum(), _enum(f"{_JAVA}.large_enum", "true")),
        hit(_enum(), _enum(f"{_CPP}.enum_name_uses_string_view", "false")),
        hit(_field(""), _field(_LEGACY)),
        hit(_field("", kind="map<int32, End>"), _field(_LEGACY, kind="map<int32, End>")),
        miss(_step(f"{_GO}.api_level", "API_OPEN"), _step(f"{_GO}.api_level", "API_HYBRID")),
        miss(_enum(), _enum(f"{_GO}.strip_enum_prefix", "STRIP_ENUM_PREFIX_GENERATE_BOTH")),
        miss(
            _file("message Step { int32 id = 1; }", option=f"option features.{_GO}.api_level = API_OPEN;"),
            _step(f"{_GO}.api_level", "API_OPEN"),
        ),
        miss(_step(f"{_GO}.api_level", "API_OPAQUE"), _step()),
        miss(
            _field("", enum="option features.enum_type = CLOSED;"),
            _field(_LEGACY, enum="option features.enum_type = CLOSED;"),
        ),
        miss(
            _file(_END_STEP.format(""), edition="2023", option=f"option features.{_JAVA}.legacy_closed_enum = true;"),
            _file(_END_STEP.format(_LEGACY), edition="2023"),
        ),
    ],
)
def language_feature_changed(change: Kept[Definition] | Kept[Field], context: Context) -> Iterator[Hit]:
    """`features.(pb.go)`, `(pb.java)` and `(pb.cpp)` decide which fields, methods, names and types are generated in
    their language. Additional code is no break: API_HYBRID after API_OPEN, both names of enum values.
    `legacy_closed_enum` decides which numbers a reader in that language accepts: if it treats the enum as closed,
    numbers without a name become unknown. Resolved values are compared: moving a feature from the file to its elements
    changes nothing, and a new edition has other defaults. An unknown feature counts as a break. `field-option-changed`
    judges strings.
    """
    if isinstance(change.old, Field):
        found = of_fields(change.old, change.new, _enums(change.old, change.new, context))
    else:
        found = of_definitions(change.old, change.new, (context.old, context.new))
    for switched in found:
        yield Hit(breaks=_breaks(switched), feature=switched.feature, old=switched.old, new=switched.new)


def _enums(old: Field, new: Field, context: Context) -> tuple[Enum | None, Enum | None]:
    """The enums of a pair of fields; the old field refers to its enum by the new name."""
    return context.old.enums.get(context.renames.came.get(old.holds, old.holds)), context.new.enums.get(new.holds)


def _breaks(switched: Switched) -> dict[Surface, list[Direction]]:
    if switched.to_closed is None:
        return by_surface(NOTHING, Surface.SOURCE)
    to_whom = Direction.READING_OLD if switched.to_closed else Direction.READ_BY_OLD
    return by_surface(lost(to_whom, surfaces=[Surface.WIRE]), Surface.SOURCE)
