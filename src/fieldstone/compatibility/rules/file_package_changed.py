"""A file declares another package."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.compatibility.rules.package_removed import lost_with
from fieldstone.schema.model import Enum, File, Message, Service

_STEP = "package acme.v1; message Step { string id = 1; }"
_END = "enum End { END_NONE = 0; END_GOAL = 1; }"
_TAG = "message Tag { string name = 1; }"
_SERVICE = 'import "acme/v1/a.proto"; service Steps { rpc Get(acme.v1.Step) returns (acme.v1.Step); }'


@rule(
    on=[(Kept, File)],
    summary="A released file keeps its package.",
    message="{name} went from package `{old}` to `{new}`",
    fix="keep `{was}`, and put the new package into a file of its own",
    breaks=EVERYTHING,
    buf=["FILE_SAME_PACKAGE"],
    follows=["package-removed"],
    examples=[
        hit(
            {
                "acme/v1/a.proto": _STEP,
                "acme/v1/b.proto": f"package acme.v1; {_END} {_TAG}",
            },
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v2; {_END}"},
            also=["message-removed", "type-renamed"],
        ),
        hit(
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v1; {_END}"},
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v2; {_END}"},
            also=["type-renamed"],
        ),
        hit(
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v1; {_SERVICE}"},
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v2; {_SERVICE}"},
            also=["service-renamed"],
        ),
        hit(
            {"acme/v1/a.proto": _STEP, "acme/v1/b.proto": f"package acme.v1; {_TAG}"},
            {"acme/v1/a.proto": f"{_STEP} {_TAG}", "acme/v1/b.proto": "package acme.v2;"},
            also=["type-moved"],
        ),
        miss(f"package acme.v1; {_END}", f"package acme.v2; {_END}", also=["package-removed"]),
        miss(
            {"acme/v1/a.proto": "package acme.v1; message Step { string id = 1; }"},
            {
                "acme/v1/a.proto": "package acme.v1; message Step { string id = 1; }",
                "acme/v2/a.proto": "package acme.v2; message Step { string id = 1; }",
            },
        ),
    ],
)
def file_package_changed(change: Kept[File], context: Context) -> Iterator[Hit]:
    """Every full name in the file changes with its package: the paths of all calls, the type names in
    `google.protobuf.Any`, and the namespaces of all generated code. Data of messages and enums that continue under the
    new names is read as before. If a package moves as a whole, `package-removed` reports it.
    """
    old, new = change.old.package, change.new.package
    if old != new and not context.renames.has_moved(old, new):
        yield Hit(breaks=lost_with(_left_with(change.old, context), context), old=old, new=new)


def _left_with(file: File, context: Context) -> list[Message | Enum | Service]:
    """The types of a file that no file declares any more."""
    present = (context.new.messages, context.new.enums, context.new.services)
    held = (element for element in context.old.types() if element.file == file.full_name)
    return [element for element in held if not any(element.full_name in kind for kind in present)]
