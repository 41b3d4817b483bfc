"""A file no longer re-exports a public import."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import File, Schema

_TAG = "message Tag { string name = 1; }"
_STEP = 'import {}"acme/v1/tag.proto"; message Step {{ Tag tag = 1; }}'


def _files(how: str) -> dict[str, str]:
    return {"acme/v1/tag.proto": _TAG, "acme/v1/step.proto": _STEP.format(how)}


@rule(
    on=[(Kept, File)],
    summary="A released file keeps its public imports.",
    message="{name} no longer imports {imported} publicly",
    fix='write `import public "{imported}";` again',
    breaks=[Surface.SOURCE],
    examples=[
        hit(_files("public "), _files("")),
        hit(
            _files("public "),
            _files("public ") | {"acme/v1/step.proto": "message Step { bytes tag = 1; }"},
            also=["field-type-changed", "field-presence-changed"],
        ),
        miss(
            _files("public "),
            {
                "acme/v1/tag.proto": _TAG,
                "acme/v1/all.proto": 'import public "acme/v1/tag.proto";',
                "acme/v1/step.proto": 'import public "acme/v1/all.proto"; message Step { Tag tag = 1; }',
            },
        ),
        miss(_files(""), _files("public ")),
    ],
)
def public_import_removed(change: Kept[File], context: Context) -> Iterator[Hit]:
    """Schemas that import the file also see its public imports, and so does generated code. Both could use those types
    without an import of their own, and no longer compile. If the imported file was removed, `file-removed` reports it.
    """
    passed_on = _passed_on(change.new, context.new)
    for path in change.old.public_imports:
        has_left = path in context.old.files and path not in context.new.files
        if path not in passed_on and not has_left:
            yield Hit(imported=path)


def _passed_on(file: File, schema: Schema) -> set[str]:
    """All files that importers of a file see through it."""
    found: set[str] = set()
    waiting = list(file.public_imports)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += schema.files[path].public_imports if path in schema.files else ()
    return found
