"""Init: settings, hooks, the annotation vocabulary and, if asked, a first release.

Whatever is there already stays as it is: only files that do not exist are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from fieldstone.errors import FieldstoneError
from fieldstone.registry.manifest import Release
from fieldstone.schema import buf
from fieldstone.schema.workspace import Module, load_workspace
from fieldstone.settings import find_settings
from fieldstone.workflows.import_roots import find_protos, infer_roots
from fieldstone.workflows.project import Project
from fieldstone.workflows.release import release

_VOCABULARY = "fieldstone/v1/annotations.proto"
_SETTINGS = """\
# Fieldstone's settings; `fieldstone settings --schema` tells all that may stand here.
registry = "registry"
{workspace}
# What is protected: wire, json, source, storage. A change that breaks none of these passes.
# surfaces = ["wire", "json", "source", "storage"]

# Whether new messages and files carry the version of their package: StepV1 in acme.v1, step_v1.proto.
# naming = true

# [rules]
# field-renamed = "warning"
{modules}"""
_HOOKS = """\
repos:
  - repo: local
    hooks:
      - id: fieldstone-check
        name: released schemas stay compatible
        entry: fieldstone check
        language: system
        pass_filenames: false
        files: '(\\.proto|(^|/)buf(\\.work)?\\.yaml|(^|/)buf\\.lock|(^|/)(fieldstone|pyproject)\\.toml)$'
      - id: fieldstone-registry
        name: released versions never change
        entry: fieldstone registry verify --since HEAD
        language: system
        pass_filenames: false
        always_run: true
"""
_STARTER = """\
syntax = "proto3";

package {package};

// The first message of this contract; rename it before the first release.
message {message} {{
  // What names it for ever.
  string id = 1;
}}
"""


@dataclass
class Outcome:
    """What init did.

    Attributes:
        written: the files that it wrote, relative to the folder.
        kept: those that were there already and stayed.
        advice: what is left to do by hand.
        releases: the first releases, if asked for.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)


def init(folder: Path, *, vocabulary: bool = True, hooks: bool = True, first_release: bool = False) -> Outcome:
    """Set Fieldstone up in a folder, empty or with a buf repository or plain .proto files in it.

    Args:
        folder: the root of the repository.
        vocabulary: whether to write the annotation vocabulary.
        hooks: whether to write the pre-commit configuration.
        first_release: whether to release every module as it is, as 1.0.0.

    Raises:
        FieldstoneError: the folder is not there or cannot be written, or its schemas do not compile.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise FieldstoneError(f"there is no folder {folder}")
    outcome = Outcome()
    try:
        workspace = _find_workspace(folder)
        if workspace is None:
            _write_workspace(folder, outcome, vocabulary=vocabulary)
            workspace = folder
        elif vocabulary:
            _add_vocabulary(folder, workspace, outcome)
        _write_settings(folder, workspace, outcome)
        if hooks:
            _write(folder, ".pre-commit-config.yaml", _HOOKS, outcome)
    except OSError as error:
        raise FieldstoneError(f"cannot write {error.filename} in {folder}: {error.strerror}") from error
    _advise(folder, outcome)
    if first_release:
        outcome.releases += _release_all(folder)
    return outcome


def _find_workspace(folder: Path) -> Path | None:
    """The folder of the buf configuration: this one, or the only one below it; None if there is none."""
    for name in ("buf.work.yaml", "buf.yaml"):
        if (folder / name).is_file():
            return folder
        found = sorted(path.parent for path in folder.glob(f"*/{name}")) or sorted(
            path.parent for path in folder.glob(f"*/*/{name}")
        )
        if len(found) > 1:
            listed = ", ".join(path.relative_to(folder).as_posix() for path in found)
            raise FieldstoneError(
                f"several buf configurations below {folder}: {listed}",
                fix="join them in one buf.yaml of version v2 here, or run `fieldstone init` in one of them",
            )
        if found:
            return found[0]
    return None


def _write_workspace(folder: Path, outcome: Outcome, *, vocabulary: bool) -> None:
    protos = find_protos(folder)
    if not protos:
        name = _identifier(folder.name)
        starter = f"schemas/{name}/{name}/v1/{name}_v1.proto"
        message = "".join(part.capitalize() for part in name.split("_")) + "V1"
        _write(folder, starter, _STARTER.format(package=f"{name}.v1", message=message), outcome)
        roots = [f"schemas/{name}"]
    else:
        roots = infer_roots(folder, protos)
    if vocabulary and not any(proto.endswith(_VOCABULARY) for proto in protos):
        root = "" if roots == ["."] else "schemas/fieldstone/"
        _write(folder, root + _VOCABULARY, _vocabulary(), outcome)
        roots += [root.rstrip("/")] if root else []
    (folder / "buf.yaml").write_text(_buf_yaml(roots))
    try:
        failing = buf.lint(".", cwd=folder).annotations(what="the .proto files do not compile")
    except FieldstoneError as error:
        (folder / "buf.yaml").unlink()
        raise FieldstoneError(
            f"cannot tell where the imports of the .proto files in {folder} start (tried {', '.join(roots)}): {error}",
            fix="write a buf.yaml that `buf build` accepts, then run `fieldstone init` again",
        ) from error
    (folder / "buf.yaml").write_text(_buf_yaml(roots, sorted({annotation.rule for annotation in failing})))
    outcome.written.append("buf.yaml")


def _buf_yaml(roots: Sequence[str], broken: Sequence[str] = ()) -> str:
    modules = "".join(
        f"  - path: {root}\n" + ("    excludes:\n      - registry\n" if root == "." else "") for root in roots
    )
    rules = "".join(f"    - {rule}\n" for rule in broken)
    except_ = f"  # What the schemas break today; take a line out once they no longer do.\n  except:\n{rules}"
    return f"version: v2\nmodules:\n{modules}lint:\n  use:\n    - STANDARD\n" + (except_ if broken else "")


def _add_vocabulary(folder: Path, workspace: Path, outcome: Outcome) -> None:
    """Into a module at the root, where it can be imported at once, or beside the modules."""
    modules = load_workspace(workspace).modules.values()
    if any(_VOCABULARY in module.proto_files for module in modules):
        return
    if any(module.path == "." for module in modules):
        _write(folder, (workspace / _VOCABULARY).relative_to(folder).as_posix(), _vocabulary(), outcome)
        return
    target = (workspace / "schemas/fieldstone" / _VOCABULARY).relative_to(folder).as_posix()
    _write(folder, target, _vocabulary(), outcome)
    if (workspace / "buf.work.yaml").is_file():
        outcome.advice.append("to use the annotations, add `- schemas/fieldstone` to the directories of buf.work.yaml")
    else:
        outcome.advice.append("to use the annotations, add `- path: schemas/fieldstone` to the modules of buf.yaml")


def _write_settings(folder: Path, workspace: Path, outcome: Outcome) -> None:
    existing = find_settings(folder).file
    if existing is not None:
        outcome.kept.append(str(existing.relative_to(folder) if folder in existing.parents else existing))
        return
    where = workspace.relative_to(folder).as_posix()
    names = _names_to_pin(workspace)
    text = _SETTINGS.format(
        workspace="" if where == "." else f'workspace = "{where}"\n',
        modules="".join(f'\n[modules.{name}]\npath = "{path}"\n' for path, name in names.items()),
    )
    _write(folder, "fieldstone.toml", text, outcome)


def _names_to_pin(workspace: Path) -> Mapping[str, str]:
    """A module at the root without a name of its own would be called after the folder of the clone."""
    modules = load_workspace(workspace).modules.values()
    return {m.path: _identifier(m.name) for m in modules if m.path == "." and not m.buf_name}


def _advise(folder: Path, outcome: Outcome) -> None:
    project = Project.at(folder)
    inside = [m for m in project.workspace.modules.values() if m.root in project.settings.registry.parents]
    config = project.workspace.root / project.workspace.config
    if inside and "buf.yaml" not in outcome.written and "registry" not in config.read_text():
        outcome.advice.append(
            f"the registry lies inside module {inside[0].name}: keep buf itself from compiling released sources with "
            "`build: {excludes: [registry]}` (v1) or `excludes: [registry]` (v2) in buf.yaml"
        )
    if ".pre-commit-config.yaml" in outcome.kept:
        outcome.advice.append("add Fieldstone's hooks to .pre-commit-config.yaml, as docs/hooks.md shows")
    elif ".pre-commit-config.yaml" in outcome.written:
        outcome.advice.append("run `pre-commit install`")


def _release_all(folder: Path) -> Iterable[Release]:
    """Release every module that has no release yet, those that others import first."""
    done: list[Release] = []
    waiting = list(Project.at(folder).workspace.modules.values())
    while waiting:
        project = Project.at(folder)
        ready = next(m for m in waiting if not _waits(project, m, waiting))
        waiting.remove(ready)
        if project.newest(ready) is None:
            outcome = release(project, ready.name)
            if outcome.release is None:
                raise FieldstoneError(f"{ready.name} was not released: `fieldstone check {ready.name}` says why")
            done.append(outcome.release)
    return done


def _waits(project: Project, module: Module, waiting: Iterable[Module]) -> bool:
    needed = {other.name for other in project.dependencies.of(module)}
    return any(other.name in needed for other in waiting if other.name != module.name)


def _write(folder: Path, path: str, text: str, outcome: Outcome) -> None:
    target = folder / path
    if target.exists():
        outcome.kept.append(path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    outcome.written.append(path)


def _vocabulary() -> str:
    return files("fieldstone").joinpath("vocabulary", *_VOCABULARY.split("/")).read_text("utf-8")


def _identifier(name: str) -> str:
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return cleaned if cleaned[:1].isalpha() else f"schema_{cleaned}".rstrip("_")
