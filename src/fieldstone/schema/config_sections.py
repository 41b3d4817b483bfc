"""The sections `lint` and `breaking` of a buf configuration: where the one stands that buf follows in a module.

A v2 configuration has them for all of its modules, and a module may have its own instead; a v1 one is of one module
(https://buf.build/docs/configuration/v2/buf-yaml/, https://buf.build/docs/configuration/v1/buf-yaml/).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.schema.workspace import Module, Workspace, read_config


class Section(Struct, frozen=True):
    """A section of a buf configuration.

    Attributes:
        file: the configuration.
        version: its version: `v1beta1`, `v1` or `v2`; v2 where there is no configuration.
        content: what the section says, as it is written; None where there is no such section.
        is_own: whether it is a v2 module's own.
    """

    file: Path
    version: str
    content: Any
    is_own: bool = False


def section_of(workspace: Workspace, module: Module, name: str) -> Section:
    """The section that buf follows in a module.

    Args:
        workspace: the module's.
        module: the module.
        name: `lint` or `breaking`.

    Raises:
        FieldstoneError: the configuration cannot be read.
    """
    file = (module.root if workspace.config == "buf.work.yaml" else workspace.root) / "buf.yaml"
    content = read_config(file) if file.is_file() else {}
    version = str(content.get("version", "v2" if not content else ""))
    if version != "v2":
        return Section(file, version, content.get(name))
    listed = content.get("modules") or [{}]
    own: Mapping[str, Any] = next((m for m in listed if _normal(m.get("path", ".")) == module.path), {})
    is_own = bool(own.get(name))
    return Section(file, version, (own if is_own else content).get(name), is_own)


def _normal(path: object) -> str:
    return PurePosixPath(str(path)).as_posix()
