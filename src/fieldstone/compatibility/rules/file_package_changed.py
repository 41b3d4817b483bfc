"""A file declares another package."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import File


@rule(
    on=[(Kept, File)],
    summary="A released file keeps its package.",
    message="{name} went from package `{old}` to `{new}`",
    fix="keep `{was}`, and put the new package into a file of its own",
    breaks=EVERYTHING,
    buf=["FILE_SAME_PACKAGE"],
    examples=[
        hit(
            "package acme.v1; enum End { END_NONE = 0; }",
            "package acme.v2; enum End { END_NONE = 0; }",
            also=["package-removed", "enum-removed"],
        ),
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
    """Every full name in the file changes with its package: the paths of all calls, the type names
    in `google.protobuf.Any`, and the namespaces of all generated code.
    """
    if change.old.package != change.new.package:
        yield Hit(old=change.old.package, new=change.new.package)
