"""Check as buf would: the verdict of `buf breaking` on a workspace, without its own judgement."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from fieldstone.compatibility.buf_rules import as_annotations, judge
from fieldstone.compatibility.buf_rules.selection import Selection
from fieldstone.errors import FieldstoneError
from fieldstone.schema.annotation import Annotation
from fieldstone.schema.breaking_settings import breaking_settings
from fieldstone.schema.declarations import Declarations
from fieldstone.schema.sources import compile_module, modules_of
from fieldstone.schema.workspace import Module, Workspace
from fieldstone.workflows.baseline import Baseline, find_baseline
from fieldstone.workflows.project import Project


def check_like_buf(
    project: Project, names: Sequence[str] = (), *, category: str = "", against: str = "", start: Path | None = None
) -> list[Annotation]:
    """Find what `buf breaking` finds, in its order.

    A module that the baseline does not have yet is left out, as buf does. What modules import is
    compared with them, so that a finding in a file that two of them hold is said once.

    Args:
        project: where the modules are.
        names: which modules; all of them by default.
        category: the only category that counts, instead of those that buf.yaml names.
        against: a version, a path or a git revision; by default the newest release.
        start: the folder that paths are relative to; the working directory by default.

    Raises:
        FieldstoneError: there is nothing to compare with, a module does not compile, or buf.yaml says
            something that buf refuses.
    """
    here = (start or Path.cwd()).resolve()
    for module in project.modules(names):
        project.require_living(module.name)
    pairs = [(module, find_baseline(project, module, against)) for module in project.modules(names)]
    if not names:
        _refuse_lost_modules(project, against)
    compared = [(module, baseline) for module, baseline in pairs if baseline is not None]
    if not compared and not against:
        called = ", ".join(module.name for module, _ in pairs)
        raise FieldstoneError(
            f"nothing to compare with: {project.settings.registry} holds no release of {called}",
            fix="say what to compare with: `--against REF`",
        )
    found = {
        annotation
        for module, baseline in compared
        for annotation in _module_findings(project, module, baseline, category, here)
    }
    return sorted(found, key=lambda annotation: annotation.order)


def _refuse_lost_modules(project: Project, against: str) -> None:
    """A module that is gone cannot be compared, and buf refuses it too; the only one may change its name."""
    known = project.workspace.modules
    if not against:
        there = [name for name in project.registry.modules() if not project.retirement(name)]
    elif any(against in map(str, project.registry.versions(name)) for name in known):
        there = list(known)
    else:
        there = modules_of(against, project.workspace, outside=project.settings.registry)
    lost = [name for name in there if name not in known]
    if lost and (len(known) > 1 or len(there) > 1):
        where = against or project.settings.registry
        raise FieldstoneError(
            f"{where} holds module {lost[0]}, and {project.workspace.config} does not list it",
            fix="name the modules to compare",
        )


def _module_findings(
    project: Project, module: Module, baseline: Baseline, category: str, start: Path
) -> Iterator[Annotation]:
    settings = breaking_settings(project.workspace, module)
    selection = Selection.of(replace(settings, use=(category,)) if category else settings)
    image = compile_module(project.workspace, module, outside=project.settings.registry)
    new = Declarations(image, where=f"the image of {module.path}", with_imports=True)
    old = Declarations(baseline.side.image, where=baseline.side.label, with_imports=True)
    kept = selection.keep(judge(old, new, selection.rules), old, new)
    for annotation in as_annotations(kept):
        yield replace(annotation, path=_path_from(start, project.workspace, module, annotation.path))


def _path_from(start: Path, workspace: Workspace, module: Module, path: str) -> str:
    """Where a file of an image lies; one of another module's, as an import, lies there."""
    holders = [m for m in (module, *workspace.modules.values()) if path in m.proto_files]
    return Path(os.path.relpath(holders[0].root / path, start)).as_posix() if holders else path
