"""The `lint` and `breaking` sections of a buf configuration that apply to a module.

A v2 configuration has them for all of its modules, and a module may have its own instead. A v1 configuration is for one
module (https://buf.build/docs/configuration/v2/buf-yaml/, https://buf.build/docs/configuration/v1/buf-yaml/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.workspace.config.listed_modules import entries_v2
from fieldstone.workspace.config.text import load_config
from fieldstone.workspace.modules import Module, Workspace


class Section(Struct, frozen=True):
    """A section of a buf configuration.

    Attributes:
        file: the configuration.
        version: its version: `v1beta1`, `v1` or `v2`; v2 if there is no configuration.
        content: the section as written; None if there is none.
        is_own: whether it is a v2 module's own.
    """

    file: Path
    version: str
    content: Any
    is_own: bool = False


def section_of(workspace: Workspace, module: Module, name: str) -> Section:
    """The section that buf uses for a module.

    Args:
        workspace: the module's workspace.
        module: the module.
        name: `lint` or `breaking`.

    Raises:
        FieldstoneError: the configuration cannot be read.
    """
    file, content = _file_of(workspace, module), config_of(workspace, module)
    version = str(content.get("version", "v2" if not content else ""))
    if version != "v2":
        return Section(file, version, content.get(name))
    listed = content.get("modules") or [{}]
    keys = [entry.key for entry in entries_v2(content, file)]
    own: Mapping[str, Any] = next((m for m, key in zip(listed, keys, strict=True) if key == module.key), {})
    is_own = bool(own.get(name))
    return Section(file, version, (own if is_own else content).get(name), is_own)


def config_of(workspace: Workspace, module: Module) -> Mapping[str, Any]:
    """The configuration that buf uses for a module; empty if there is none.

    Raises:
        FieldstoneError: it cannot be read.
    """
    file = _file_of(workspace, module)
    return load_config(file) if file.is_file() else {}


def with_rules(config: Mapping[str, Any], name: str, use: Sequence[str]) -> str:
    """The YAML of a configuration in which all sections of that name use these rules; the rest is unchanged.

    Args:
        config: a buf configuration; an empty one becomes a v2 one.
        name: `lint` or `breaking`.
        use: ids of rules and categories.

    Raises:
        FieldstoneError: a section is no mapping.
    """
    import yaml

    changed = dict(config) or {"version": "v2"}
    changed[name] = {**_mapping(config.get(name), name), "use": list(use)}
    listed = config.get("modules")
    if isinstance(listed, list):
        modules = [_mapping(module, "modules") for module in listed]
        changed["modules"] = [
            {**module, name: {**_mapping(module[name], name), "use": list(use)}} if module.get(name) else module
            for module in modules
        ]
    return str(yaml.safe_dump(changed))


def _mapping(section: object, name: str) -> Mapping[str, Any]:
    if section is not None and not isinstance(section, dict):
        raise Invalid(f"{name} in buf.yaml is no mapping", fix="`buf config init` writes one to start from")
    return section or {}


def _file_of(workspace: Workspace, module: Module) -> Path:
    work = workspace.config == "buf.work.yaml"
    return (workspace.config_folder(module) if work else workspace.root) / "buf.yaml"
