"""A custom option that a module watches changed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept, Renamed, Renumbered
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Element, Enum, EnumValue, Field, File, Message, Oneof, Rpc, Service

_HTTP = "google.api.http"
_BEHAVIOR = "google.api.field_behavior"
_ELEMENTS = (File, Message, Field, Oneof, Enum, EnumValue, Service, Rpc)
_API = {
    "google/api/http.proto": """
        package google.api;
        import "google/protobuf/descriptor.proto";
        extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
        message HttpRule { oneof pattern { string get = 2; string put = 3; } string body = 7; }
    """,
    "google/api/field_behavior.proto": """
        package google.api;
        import "google/protobuf/descriptor.proto";
        extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052; }
        enum FieldBehavior { FIELD_BEHAVIOR_UNSPECIFIED = 0; REQUIRED = 2; OUTPUT_ONLY = 3; INPUT_ONLY = 4; }
    """,
}


def _rpc(options: str) -> dict[str, str]:
    service = f"message A {{}} service Steps {{ rpc Get(A) returns (A) {{ {options} }} }}"
    return _API | {"acme/v1/steps.proto": f'import "google/api/http.proto"; {service}'}


def _field(behavior: str) -> dict[str, str]:
    options = f"[(google.api.field_behavior) = {behavior}]" if behavior else ""
    text = f'import "google/api/field_behavior.proto"; message Step {{ string id = 1 {options}; }}'
    return _API | {"acme/v1/step.proto": text}


@rule(
    on=[(kind, element) for kind in (Kept, Renamed, Renumbered) for element in _ELEMENTS],
    summary="A released element keeps the custom options that the module watches.",
    message="option `{option}` of `{name}` {what}",
    fix="{advice}",
    breaks=[Surface.WIRE, Surface.JSON, Surface.SOURCE],
    examples=[
        hit(
            _rpc('option (google.api.http) = {get: "/v1/steps"};'),
            _rpc('option (google.api.http) = {get: "/v2/steps"};'),
        ),
        hit(_rpc(""), _rpc('option (google.api.http) = {put: "/v1/steps" body: "*"};')),
        hit(_field("OUTPUT_ONLY"), _field("INPUT_ONLY")),
        hit(_field("OUTPUT_ONLY"), _field("")),
        miss(_field(""), _field("REQUIRED"), also=["field-behavior-required"]),
        miss(
            _rpc('option (google.api.http) = {get: "/v1/steps"};'),
            _rpc('option (google.api.http).get = "/v1/steps";'),
        ),
        miss(
            'import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string hint = 50000; } '
            'message Step { string id = 1 [(hint) = "a"]; }',
            'import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string hint = 50000; } '
            'message Step { string id = 1 [(hint) = "b"]; }',
        ),
    ],
)
def custom_option_changed(change: Kept[Element], context: Context) -> Iterator[Hit]:
    """An option says what an element means to those who read it: the HTTP path of an rpc, the unit of
    a number, who may set a field. Bytes and JSON stay the same and mean something else. Which options
    do so is for each module to say, in the setting `options`; a unit or a meaning that stands in a
    comment alone is seen by nobody. That a field became required has rules of its own.
    """
    for option in sorted(set(context.watched) & (change.old.custom.keys() | change.new.custom.keys())):
        old, new = change.old.custom.get(option), change.new.custom.get(option)
        if old == new or (option == _BEHAVIOR and _became_required(change)):
            continue
        breaks = [Surface.JSON, Surface.SOURCE] if option == _HTTP else None
        if old is None:
            what, advice = f"was added: `{new.text if new else ''}`", f"leave it out of `{change.old.name}`"
        elif new is None:
            what, advice = f"was removed; it was `{old.text}`", f"write it again: `{old.text}`"
        else:
            what, advice = f"went from `{old.text}` to `{new.text}`", f"leave it at `{old.text}`"
        yield Hit(breaks=breaks, option=option, what=what, advice=advice)


def _became_required(change: Kept[Element]) -> bool:
    old, new = (side.custom.get(_BEHAVIOR) for side in (change.old, change.new))
    return "REQUIRED" in (new.text if new else "") and "REQUIRED" not in (old.text if old else "")
