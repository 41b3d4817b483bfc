"""A message, enum, service or extension moved to another file."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Enum, Field, Message, Service

_EXTENSIBLE = 'syntax = "proto2"; message Step { extensions 100 to 199; } '
_EXTENSION = "extend Step { optional string note = 100; }"


@rule(
    on=[(Kept, Message), (Kept, Enum), (Kept, Service), (Kept, Field)],
    summary="A released type or extension stays in its file.",
    message="`{name}` moved from {old} to {new}",
    fix="move it back to {old}",
    breaks=[Surface.SOURCE],
    buf=[
        "MESSAGE_NO_DELETE",
        "ENUM_NO_DELETE",
        "SERVICE_NO_DELETE",
        "EXTENSION_NO_DELETE",
        "FILE_NO_DELETE",
        "MESSAGE_SAME_REQUIRED_FIELDS",
    ],
    follows=["file-removed"],
    examples=[
        hit(
            {"acme/v1/a.proto": "message Step { string id = 1; } message Tag { string name = 1; }"},
            {
                "acme/v1/a.proto": "message Step { string id = 1; }",
                "acme/v1/b.proto": "message Tag { string name = 1; }",
            },
        ),
        hit(
            {
                "acme/v1/a.proto": 'edition = "2023"; '
                "message Step { int32 id = 1 [features.field_presence = LEGACY_REQUIRED]; }"
            },
            {"acme/v1/b.proto": 'syntax = "proto2"; message Step { required int32 id = 1; }'},
            also=["file-removed", "json-format-changed"],
        ),
        hit(
            {"acme/v1/a.proto": _EXTENSIBLE + _EXTENSION, "acme/v1/b.proto": 'syntax = "proto2"; message Tag {}'},
            {
                "acme/v1/a.proto": _EXTENSIBLE,
                "acme/v1/b.proto": 'syntax = "proto2"; import "acme/v1/a.proto"; message Tag {} ' + _EXTENSION,
            },
        ),
        miss(
            {"acme/v1/a.proto": "message Step { string id = 1; }"},
            {"acme/v1/b.proto": "message Step { string id = 1; string note = 2; }"},
            also=["file-removed"],
        ),
        miss(
            {"acme/v1/a.proto": "message Step { string id = 1; } message Tag { string name = 1; }"},
            {"acme/v1/a.proto": "message Tag { string name = 1; } message Step { string id = 1; }"},
        ),
    ],
)
def type_moved(change: Kept[Message | Enum | Service | Field], context: Context) -> Iterator[Hit]:
    """Most languages generate one module, header or outer class per file, and importers name that file. Bytes and JSON
    do not change, but every program that includes the old file stops compiling. If a whole file was removed,
    `file-removed` reports it, unless its types moved to another syntax; if a type is also renamed, `type-renamed` does.
    """
    if _has_another_name(change, context):
        return
    old, new = change.old.location.path, change.new.location.path
    nested = change.old.parent in context.old.messages
    told_by_file = old not in context.new.files and context.old.files[old].syntax == context.new.files[new].syntax
    if old != new and not told_by_file and not nested:
        yield Hit(buf=() if _is_masked(change, context) else None, old=old, new=new)


def _is_masked(change: Kept[Message | Enum | Service | Field], context: Context) -> bool:
    """Whether the old file has a type of the same name in another package, which buf takes for the moved one."""
    path = change.old.location.path
    file = context.new.files.get(path)
    if isinstance(change.old, Field) or file is None or file.package == change.old.package:
        return False
    return any(other.name == change.old.name and other.file == path for other in context.new.part.types())


def _has_another_name(change: Kept[Message | Enum | Service | Field], context: Context) -> bool:
    """Whether the full name of the element, or of its package, changed as well."""
    if not isinstance(change.old, Field):
        return change.old.full_name != change.new.full_name
    old, new = (side.files.get(e.location.path) for side, e in ((context.old, change.old), (context.new, change.new)))
    return bool(old and new and context.renames.has_moved(old.package, new.package))
