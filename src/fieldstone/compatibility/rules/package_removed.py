"""A package left."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Package


@rule(
    on=[(Removed, Package)],
    summary="A released package stays until all that it holds has reached its sunset.",
    message="package `{package}` left the module",
    fix="keep it beside the new package, and deprecate what it holds with a sunset date",
    breaks=EVERYTHING,
    buf=["FILE_SAME_PACKAGE", "FILE_NO_DELETE"],
    examples=[
        hit(
            "package acme.v1; message Step { Tag tag = 1; } message Tag {}",
            "package acme.v2; message Step { Tag tag = 1; } message Tag {}",
            also=["file-package-changed", "message-removed"],
        ),
        miss(
            {"acme/v1/step.proto": "package acme.v1; message Step { string id = 1; }"},
            {
                "acme/v1/step.proto": "package acme.v1; message Step { string id = 1; }",
                "acme/v2/step.proto": "package acme.v2; message Step { string id = 1; }",
            },
        ),
    ],
)
def package_removed(change: Removed[Package], context: Context) -> Iterator[Hit]:
    """Teams depend on a package version as a whole. A new version stands beside the old one, so that
    each team moves when it can.
    """
    package = change.old.full_name
    held = [e for e in context.old.types() if e.package == package and e.parent == package]
    if not held or not all(map(context.is_retired, held)):
        yield Hit(package=package, because=context.why_any_is_kept(held))
