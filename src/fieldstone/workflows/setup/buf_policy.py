"""The `breaking` sections of a buf configuration as settings: surfaces, levels, exempt paths, unstable packages.

buf itself says which of its rules a section selects, so categories, `except` and deprecated ids keep their meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from msgspec import Struct

from fieldstone.errors import FieldstoneError, Invalid
from fieldstone.toolchain import buf_rules
from fieldstone.toolchain.buf_rules import ConfigVersion
from fieldstone.workflows.setup.counterparts import counterpart, expand, plain
from fieldstone.workspace.config.sections import Section, section_of
from fieldstone.workspace.modules import Module, Workspace

_SURFACES: Mapping[str, Sequence[str]] = {"WIRE": ["wire"], "WIRE_JSON": ["wire", "json"], "PACKAGE": [], "FILE": []}
"""buf's categories, from the mildest to the strictest, with the surfaces that they protect; empty for all."""

_MOST = 6
"""The most items that a line lists."""

_MOVES = ("file-removed", "type-moved")
"""The rules on what PACKAGE permits: types may move between the files of a package."""


class Policy(Struct, frozen=True):
    """The settings that correspond to a `breaking` section.

    Attributes:
        values: the settings by key, as in a module's table.
        told: what was taken, and what was not, a line each.
    """

    values: Mapping[str, Any] = {}
    told: tuple[str, ...] = ()


def take_policies(workspace: Workspace, taken: list[str]) -> dict[str, Mapping[str, Any]]:
    """The settings of each module of a workspace that correspond to its `breaking` section, by the module's name.

    Under the name "" if they are the same for all modules. None if the section cannot be read: everything is
    protected then.

    Args:
        workspace: the workspace.
        taken: gets a line for each part that is taken, and for each that is not.
    """
    try:
        found = buf_policies(workspace)
    except FieldstoneError as error:
        taken.append(f"nothing of the breaking section of the buf configuration, so all is protected: {error}")
        return {}
    several = len(workspace.modules) > 1
    for name, policy in found.items():
        taken += [f"breaking{f' of {name}' if several else ''}: {line}" for line in policy.told]
    first = next(iter(found.values()), Policy())
    if len(found) == len(workspace.modules) and all(policy.values == first.values for policy in found.values()):
        return {"": first.values}
    return {name: policy.values for name, policy in found.items() if policy.values}


def buf_policies(workspace: Workspace) -> dict[str, Policy]:
    """The policy of each module with a `breaking` section, by the module's name.

    Raises:
        FieldstoneError: the configuration cannot be read, or buf refuses it.
    """
    sections = {m.name: (m, section_of(workspace, m, "breaking")) for m in workspace.modules.values()}
    return {
        name: _Reading(module, section).policy()
        for name, (module, section) in sections.items()
        if section.content is not None
    }


class _Reading:
    """One section, and buf's rules in configurations of its version."""

    def __init__(self, module: Module, section: Section) -> None:
        if not isinstance(section.content, dict):
            raise Invalid(f"breaking in {section.file} is no mapping", fix="`buf config init` writes one to start from")
        self.module, self.section = module, section
        self.content: Mapping[str, Any] = section.content
        version = _version(section)
        self.known = buf_rules.rules("breaking", version)
        path = module.path if version == "v2" else ""
        applied = buf_rules.configured_rules("breaking", section.file.parent, path)
        self.in_force = {rule.id for rule in applied if not rule.plugin}
        self.plugins = sorted({rule.plugin for rule in applied if rule.plugin})

    def policy(self) -> Policy:
        """The corresponding settings; only words where buf applies none of its own rules."""
        parts = [*self._left_out()]
        if self.in_force:
            parts = [self._category(), *self._paths(), self._unstable(), *parts]
        else:
            parts.append(Policy(told=("buf applies none of its own rules; here, everything is protected",)))
        values: dict[str, Any] = {}
        for part in parts:
            values |= part.values
        return Policy(values, tuple(line for part in parts for line in part.told))

    def _category(self) -> Policy:
        """Surfaces and levels: of the mildest category with all rules in force, not below those in `use`."""
        category = self._strictest()
        surfaces, rules = [*_SURFACES[category]], {rule.id for rule in self.known if category in rule.categories}
        found = counterpart(rules - self.in_force, self.in_force)
        levels = dict.fromkeys(found.rules, "warning") | (dict.fromkeys(_MOVES, "off") if category == "PACKAGE" else {})
        told = [f"{category} -> surfaces = {_listed(surfaces)}"] if surfaces else []
        told += (
            [f"{category}, except -> {_listed(f'{rule} = {level}' for rule, level in levels.items())}"]
            if levels
            else []
        )
        told += [f"except {identifier}: no rule is for that alone, so nothing changes" for identifier in found.left]
        return Policy(({"surfaces": surfaces} if surfaces else {}) | ({"rules": levels} if levels else {}), tuple(told))

    def _strictest(self) -> str:
        order = [*_SURFACES]
        used = _texts(self.content.get("use")) or order[-1:]
        least = max((order.index(name) for name in used if name in order), default=0)
        holding = (c for c in order[least:] if self.in_force <= {r.id for r in self.known if c in r.categories})
        return next(holding, order[-1])

    def _paths(self) -> Iterator[Policy]:
        """The exempt paths of `ignore` and `ignore_only`."""
        everywhere = {*self._import_paths(self.content.get("ignore"))}
        ignored: dict[str, set[str]] = {}
        only = self.content.get("ignore_only")
        for name, paths in only.items() if isinstance(only, dict) else ():
            for path in self._import_paths(paths):
                ignored.setdefault(path, set()).update(expand(str(name), self.known))
        of_rules: dict[str, list[str]] = {}
        told: list[str] = []
        for path, ids in sorted(ignored.items()):
            left_out, in_force = plain(ids), plain(self.in_force)
            if in_force <= left_out:
                everywhere.add(path)
                continue
            found = counterpart(left_out, in_force - left_out)
            for rule in found.rules:
                of_rules.setdefault(rule, []).append(path)
            told += [f"ignore_only {identifier} of {path}: no rule is for that alone" for identifier in found.left]
        if everywhere:
            paths = sorted(everywhere)
            yield Policy({"exempt-paths": paths}, (f"ignore -> exempt-paths = {_listed(paths)}",))
        if of_rules:
            yield Policy({"exempt-rules": of_rules}, (f"ignore_only -> exempt-rules for {_listed(of_rules)}",))
        yield Policy(told=tuple(told))

    def _import_paths(self, paths: object) -> Iterator[str]:
        """Paths of the configuration as other files import them; those of other modules are left out.

        In a v2 configuration they are relative to it, in older ones to the module.
        """
        for path in (PurePosixPath(normpath(text)) for text in _texts(paths) if not {"*", "?", "\\"} & {*text}):
            top = PurePosixPath(self.module.path if self.section.version == "v2" else ".")
            if path == top or path in top.parents:
                yield "."
            elif path.is_relative_to(top):
                yield path.relative_to(top).as_posix()

    def _unstable(self) -> Policy:
        if self.content.get("ignore_unstable_packages") is not True:
            return Policy()
        return Policy({"unstable-packages": "exempt"}, ("ignore_unstable_packages -> unstable-packages = exempt",))

    def _left_out(self) -> Iterator[Policy]:
        for plugin in self.plugins:
            yield Policy(told=(f"the rules of the plugin {plugin} run in `fieldstone check --profile buf` alone",))


def _version(section: Section) -> ConfigVersion:
    for version in buf_rules.CONFIG_VERSIONS:
        if version == section.version:
            return version
    raise Invalid(f"{section.file} is of version {section.version or 'none'}", fix="write version: v2")


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _listed(items: Iterable[str]) -> str:
    listed = [*items]
    more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    return ", ".join(listed[:_MOST]) + more
