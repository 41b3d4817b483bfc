"""The style of the schemas that init finds: their faults by rule and file, and whether they are formatted."""

from __future__ import annotations

import json
import os.path
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.project.known_style import Faults
from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.toolchain.buf import Running
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workflows.format import differences, format_schemas
from fieldstone.workflows.setup.import_roots import is_vendored

_OF_PACKAGES = ("DIRECTORY_", "PACKAGE_")
"""The beginnings of the lint rules that a new file of an old package can only break."""


def existing_faults(project: Project) -> Faults:
    """The faults of the modules that buf lists; paths are relative to the settings.

    Raises:
        FieldstoneError: a module does not compile, or buf refuses its configuration.
    """
    workspace, registry = project.workspace, project.settings.registry_folder
    inputs = [workspace.input_of(module, registry) for module in workspace.modules.values() if module.proto_paths]
    running = [buf.lint(i.target, cwd=workspace.buf_root, exclude=i.exclude, within=i.within) for i in inputs]
    try:
        found = [diagnostic for lint in running for diagnostic in lint.diagnostics(what="buf lint")]
    finally:
        for lint in running:
            lint.close()
    return _counted(found, Path(os.path.relpath(workspace.root, project.settings.root)))


def planned_faults(folder: Path, config: Mapping[str, Any]) -> tuple[list[str], Faults]:
    """The style of a folder under a buf configuration that is not written yet: rules to except, and further faults.

    Rules on packages are excepted where a package breaks them: each new file of it would break them as well.

    Raises:
        FieldstoneError: the schemas do not compile under that configuration.
    """
    flags = ["--config", json.dumps(config), "--error-format", "json"]
    try:
        found = Running(["lint", ".", *flags], cwd=folder).diagnostics(what="the .proto files do not compile")
    except FieldstoneError as error:
        roots = ", ".join(module["path"] for module in config["modules"])
        raise Invalid(
            f"cannot make a buf.yaml for the .proto files in {folder} (imports seem to start in {roots}): {error}",
            fix="write a buf.yaml that `buf build` accepts, then run `fieldstone init` again",
        ) from error
    excepted = sorted({diagnostic.rule for diagnostic in found if diagnostic.rule.startswith(_OF_PACKAGES)})
    return excepted, _counted((diagnostic for diagnostic in found if diagnostic.rule not in excepted), Path())


def existing_unformatted(project: Project) -> int:
    """The number of files of the modules that are not formatted, vendored ones left out.

    Raises:
        FieldstoneError: buf fails.
    """
    done = format_schemas(project, write=False)
    return len(differences(done.difference)) + len(done.broken)


def planned_unformatted(folder: Path, config: Mapping[str, Any], protos: Iterable[str]) -> int:
    """The same for a folder under a buf configuration that is not written yet.

    Args:
        folder: the folder.
        config: the configuration.
        protos: its .proto files, relative to it.

    Raises:
        FieldstoneError: buf fails.
    """
    own = [path for path in protos if not is_vendored(path)]
    return len(differences(buf.format_sources(cwd=folder, write=False, only=own, config=config)))


def _counted(found: Iterable[Diagnostic], root: Path) -> Faults:
    return Counter((d.rule, PurePosixPath(os.path.normpath(root / d.path)).as_posix()) for d in found)
