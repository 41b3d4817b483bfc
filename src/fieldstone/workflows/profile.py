"""`--profile buf`: runs `buf breaking` on each module of a workspace, against Fieldstone's baseline."""

from __future__ import annotations

import os.path
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.baseline import Baseline, find_baseline
from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.config.sections import config_of, with_rules
from fieldstone.workspace.modules import Module, load_workspace
from fieldstone.workspace.references import modules_of

_ROOTS = "buf takes the roots of v1beta1 as one module: name a revision or a folder, `--against HEAD~1`"


def check_like_buf(
    project: Project,
    names: Sequence[str] = (),
    *,
    category: str = "",
    against: str = "",
    start: Path | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Diagnostic]:
    """The diagnostics of `buf breaking`, in buf's order.

    buf runs in the root of the workspace with its configuration, plugins and policies included. New modules are
    left out, as in buf. Imports are compared together with each module, so duplicate diagnostics are removed.

    Args:
        project: the project with the modules.
        names: the modules; all by default.
        category: the only category to apply, instead of those in buf.yaml.
        against: a version, a path or a git revision; by default the newest release.
        start: the folder that paths are relative to; the working directory by default.
        warn: called with each warning of buf, for example that no rule is configured.

    Raises:
        FieldstoneError: there is nothing to compare with, a module does not compile, buf refuses its configuration, or
            a plugin fails.
    """
    here = (start or Path.cwd()).resolve()
    for module in project.modules(names):
        project.require_living(module.name)
    modules = project.modules(names)
    with project.checkouts.kept([module.name for module in modules]):
        pairs = [(module, find_baseline(project, module, against)) for module in modules]
    if not names:
        _refuse_lost_modules(project, against)
    compared = [(module, baseline) for module, baseline in pairs if baseline is not None]
    if not compared and not against:
        called = ", ".join(module.name for module, _ in pairs)
        raise NotFound(
            f"nothing to compare with: {project.settings.registry} holds no release of {called}",
            fix="say what to compare with: `--against REF`",
        )
    found = {
        annotation
        for module, baseline in compared
        for annotation in _module_findings(project, module, baseline, category=category, start=here, warn=warn)
    }
    return sorted(found, key=lambda annotation: annotation.order)


def _refuse_lost_modules(project: Project, against: str) -> None:
    """Raise if a module was removed, as buf does; if there is only one, it may be renamed."""
    known = project.workspace.modules
    if not against:
        there = [name for name in project.registry.modules() if not project.retirement(name)]
    elif any(against in map(str, project.registry.versions(name)) for name in known):
        there = list(known)
    else:
        there = modules_of(against, project.checkouts)
    lost = [name for name in there if name not in known]
    if lost and (len(known) > 1 or len(there) > 1):
        where = against or project.settings.registry
        roots = load_workspace(project.workspace.root, names=project.settings.module_names, bare=True).modules
        raise NotFound(
            f"{where} holds module {lost[0]}, and {project.workspace.config} does not list it",
            fix="name the modules to compare" if lost[0] not in roots else _ROOTS,
        )


def _module_findings(
    project: Project, module: Module, baseline: Baseline, *, category: str, start: Path, warn: Callable[[str], None]
) -> Iterator[Diagnostic]:
    image, workspace = baseline.side.image, project.workspace
    if not image:  # a retired release is empty
        return
    given = workspace.input_of(module, project.settings.registry_folder)
    rules = with_rules(config_of(workspace, module), "breaking", [category]) if category else ""
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        against = Path(scratch, "against.binpb")
        against.write_bytes(image)
        config = Path(scratch, "buf.yaml") if rules else None
        if config:
            config.write_text(rules, "utf-8")
        running = buf.breaking_module(
            given.target, against, cwd=workspace.buf_root, exclude=given.exclude, config=config
        )
        found = running.diagnostics(what=f"buf breaking in {module.path} against {baseline.side.label}")
    for warning in running.warnings:
        warn(f"{module.name}: {warning}")
    for annotation in found:
        yield replace(annotation, path=_path_from(start, workspace.root, annotation.path))


def _path_from(start: Path, root: Path, path: str) -> str:
    """A path that is relative to `root`, made relative to `start`; that of a remote dependency is kept."""
    file = root / path
    return Path(os.path.relpath(file, start)).as_posix() if path and file.exists() else path
