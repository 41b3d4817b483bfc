"""A file was removed, or has another path."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed, Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import File


@rule(
    on=[(Removed, File), (Renamed, File)],
    summary="A released file keeps its path until the sunset of everything in it.",
    message="file {name} {what}",
    fix="restore {name}",
    breaks=[Surface.SOURCE],
    buf=["FILE_NO_DELETE"],
    follows=["package-removed"],
    examples=[
        hit(
            {"acme/v1/a.proto": "message Step { string id = 1; }"},
            {"acme/v1/b.proto": "message Step { string id = 1; }"},
        ),
        hit(
            {"acme/v1/a.proto": "message Step { string id = 1; }", "acme/v1/b.proto": "message Tag { string n = 1; }"},
            {"acme/v1/a.proto": "message Step { string id = 1; }"},
            also=["message-removed"],
        ),
        miss(
            {"acme/v1/a.proto": "package acme.v1; message Step { string id = 1; }"},
            {"acme/v2/a.proto": "package acme.v2; message Step { string id = 1; }"},
            also=["package-removed"],
        ),
        miss(
            {"acme/v1/a.proto": "message Step { string id = 1; }"},
            {"acme/v1/a.proto": "message Step { string id = 1; }", "acme/v1/b.proto": "message Tag { string n = 1; }"},
        ),
    ],
)
def file_removed(change: Removed[File] | Renamed[File], context: Context) -> Iterator[Hit]:
    """Schemas import files by path, and most languages generate one module or header per file. Both look for the old
    path, even if all contents continue elsewhere. If the file's package moved with everything in it, `package-removed`
    reports it.
    """
    package = change.old.package
    if package in context.renames.moves and change.old.full_name in context.renames.moves[package].files:
        return
    if isinstance(change, Renamed):
        yield Hit(what=f"is now {change.new.name}")
        return
    held = [e for e in context.old.types() if e.file == change.old.full_name and e.parent == e.package]
    living = {element.full_name for element in context.new.types()}
    gone = [e for e in held if e.full_name not in living]
    if not held or len(gone) < len(held) or not all(map(context.is_retired, gone)):
        yield Hit(what="was removed", because=context.why_any_is_kept(gone))
