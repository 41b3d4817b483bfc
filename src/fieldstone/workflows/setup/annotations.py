"""The annotation vocabulary as a module of its own, outside all other modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldstone.errors import Conflict
from fieldstone.workflows.setup.import_roots import is_below
from fieldstone.workspace.modules import Workspace
from fieldstone.workspace.vocabulary import VOCABULARY

ROOTS = ("schemas/fieldstone", "fieldstone-annotations")
"""The folders that may become the module, relative to the workspace; the first that no other module contains does."""


def vocabulary_path(workspace: Workspace) -> str:
    """The file to write, relative to the workspace; empty if a module has the vocabulary already.

    Raises:
        FieldstoneError: another module contains all folders that may become the module.
    """
    modules = workspace.modules.values()
    if any(VOCABULARY in module.proto_files for module in modules):
        return ""
    for root in ROOTS:
        file = workspace.root / root / VOCABULARY
        around = [m for m in modules if m.path != root and m.root in file.parents]
        if not any(module.owns(file.relative_to(module.root).as_posix()) for module in around):
            return f"{root}/{VOCABULARY}"
    first = next(m for m in modules if m.root in (workspace.root / ROOTS[0]).parents)
    raise Conflict(
        f"the annotations need a module of their own, and module {first.name} contains all of {workspace.root}",
        fix=_way_out(workspace, first.path),
    )


def planned_root(roots: Sequence[str]) -> str:
    """The folder of the vocabulary beside the modules of a new workspace, or inside the one at its root."""
    return next((root for root in ROOTS if not any(is_below(root, other) for other in roots)), ROOTS[0])


def _way_out(workspace: Workspace, path: str) -> str:
    folder = Path(ROOTS[0])
    steps = f"create {folder}, list `- path: {folder}` in buf.yaml, and exclude it from the module {path}"
    is_old = workspace.config != "buf.yaml" or b"v2" not in (workspace.root / "buf.yaml").read_bytes()
    return f"{'run `buf config migrate`, ' if is_old else ''}{steps} (`excludes: [{folder}]`); then run this again"
