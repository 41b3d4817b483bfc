"""A message or enum has another full name."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Message

_ANY = "this breaks generated code, and messages packed into Any"
_ENTITY = 'option (fieldstone.v1.entity) = {primary_key: "id"};'
_END = "enum End { END_NONE = 0; END_GOAL = 1; }"
_TAG = "message Tag { string name = 1; }"
_STAYS = "message Step { string id = 1; int32 n = 2; }"


@rule(
    on=[(Renamed, Message), (Renamed, Enum)],
    summary="A released message or enum keeps its full name.",
    message="`{was_full}` is now `{now_full}`",
    fix=(
        "keep the name `{was_full}`, or keep the old type beside `{now_full}` and deprecate it; "
        "enums beside each other need different value names"
    ),
    breaks=[Surface.SOURCE, Surface.STORAGE],
    buf=["MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    examples=[
        hit("message Step { string id = 1; }", "message Move { string id = 1; }"),
        hit(_END, _END.replace("End", "Finish")),
        hit(
            "message Step { Step next = 1; Tag tag = 2; } message Tag { string name = 1; }",
            "message Move { Move next = 1; Label tag = 2; } message Label { string name = 1; }",
        ),
        hit(f"message Step {{ {_ENTITY} string id = 1; }}", f"message Move {{ {_ENTITY} string id = 1; }}"),
        hit(
            f"message Step {{ {_TAG} {_END} Tag tag = 1; End end = 2; }}",
            f"message Move {{ {_TAG} {_END} Tag tag = 1; End end = 2; }}",
        ),
        hit(
            {"acme/v1/step.proto": _STAYS, "acme/v1/tag.proto": _TAG},
            {"acme/v1/step.proto": _STAYS, "acme/v2/tag.proto": f"package acme.v2; {_TAG}"},
            also=["file-removed"],
        ),
        hit(f"{_TAG} {_STAYS}", f"message Step {{ {_TAG} string id = 1; int32 n = 2; }}"),
        hit(f"{_TAG} {_STAYS}", f"message Box {{ {_TAG} bytes content = 1; }} {_STAYS}"),
        hit(f"message Step {{ {_TAG} string id = 1; int32 n = 2; }}", f"{_TAG} {_STAYS}"),
        hit(
            "message Step { string id = 1; reserved 2; }",
            'message Move { string id = 1 [json_name = "key"]; }',
            also=["field-json-name-changed", "reserved-number-dropped"],
        ),
        miss("message Step { string id = 1; }", "message Step { string id = 1; } message Move { string id = 1; }"),
        miss(
            "message Step { string id = 1; }",
            "message Move { bytes id = 1; }",
            also=["message-removed"],
        ),
    ],
)
def type_renamed(change: Renamed[Message | Enum], context: Context) -> Iterator[Hit]:
    """Neither bytes nor JSON contain the name of a message or an enum: a type of the same structure under another name,
    in another package or inside another message reads all data of the old one. But generated code is named after it,
    and so is the table of an entity. Only `google.protobuf.Any` contains a message's name, beside the bytes and as
    `@type` in JSON; a reader that looks it up finds nothing. If a package moves as a whole, `package-removed` reports
    it; other changes in the type have rules of their own.
    """
    if not change.told:
        yield Hit(
            breaks=named_in(change.old),
            covers=context.inside(change.old),
            because=_ANY if isinstance(change.old, Message) else "",
            was_full=change.old.full_name,
            now_full=change.new.full_name,
        )


def named_in(element: Message | Enum) -> list[Surface]:
    """The surfaces on which a type is identified by its name."""
    is_stored = isinstance(element, Message) and element.entity is not None and not element.entity.not_stored
    return [Surface.SOURCE, Surface.STORAGE] if is_stored else [Surface.SOURCE]
