"""The `breaking` section of buf.yaml: which rules `buf breaking` follows in a module, and where.

As https://buf.build/docs/configuration/v2/buf-yaml/#breaking says, and its pages on v1 and v1beta1. Paths are
kept relative to the root of the module: that is what import paths start from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.schema.config_sections import Section, section_of
from fieldstone.schema.workspace import Module, Workspace

_LISTS = ("use", "except", "ignore")
_KEYS = frozenset({*_LISTS, "ignore_only", "ignore_unstable_packages", "disable_builtin"})


class BreakingSettings(Struct, frozen=True):
    """What a module says of breaking changes.

    Attributes:
        version: of buf.yaml: `v1beta1`, `v1` or `v2`; v2 where there is none.
        use: the rules and categories that count; none of them stands for the default.
        exclude: those that do not count (`except`).
        ignore: files and folders that do not count.
        ignore_only: rule or category -> files and folders where it does not count.
        ignore_unstable_packages: whether packages like `v1beta1` do not count.
    """

    version: str = "v2"
    use: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_only: Mapping[str, tuple[str, ...]] = {}
    ignore_unstable_packages: bool = False


def breaking_settings(workspace: Workspace, module: Module) -> BreakingSettings:
    """What the buf configuration of a workspace says of a module.

    Raises:
        FieldstoneError: it cannot be read, or says something that buf refuses.
    """
    found = section_of(workspace, module, "breaking")
    return _read(found, inside=module.path if found.version == "v2" else "")


def _read(found: Section, *, inside: str) -> BreakingSettings:
    file, section = found.file, found.content or {}
    if not isinstance(section, dict):
        raise FieldstoneError(f"breaking in {file} is no mapping")
    unknown = sorted(section.keys() - _KEYS)
    if unknown:
        raise FieldstoneError(
            f"breaking.{unknown[0]} in {file} is no setting of buf", fix=f"there are {', '.join(sorted(_KEYS))}"
        )
    if section.get("disable_builtin"):
        raise FieldstoneError(
            f"{file} switches buf's own rules off (breaking.disable_builtin), and the profile has no others"
        )
    use, exclude, ignore = (_texts(section.get(key), f"breaking.{key} in {file}") for key in _LISTS)
    only = section.get("ignore_only") or {}
    if not isinstance(only, dict):
        raise FieldstoneError(f"breaking.ignore_only in {file} is no mapping")
    within = _Paths(file, inside, strict=found.is_own)
    return BreakingSettings(
        version=found.version,
        use=use,
        exclude=exclude,
        ignore=within.of_module(ignore, "ignore"),
        ignore_only={
            str(rule): within.of_module(_texts(paths, f"breaking.ignore_only.{rule} in {file}"), "ignore_only")
            for rule, paths in only.items()
        },
        ignore_unstable_packages=bool(section.get("ignore_unstable_packages")),
    )


class _Paths(Struct, frozen=True):
    """Paths of a configuration, of which those outside a module's folder, `inside`, mean others or nothing."""

    file: Path
    inside: str
    strict: bool

    def of_module(self, paths: tuple[str, ...], key: str) -> tuple[str, ...]:
        """The paths in the module, relative to it; `.` is all of it."""
        return tuple(found for path in paths if (found := self._of_module(path, key)) is not None)

    def _of_module(self, path: str, key: str) -> str | None:
        pure, root = PurePosixPath(path), PurePosixPath(self.inside)
        if pure == root and not self.inside:
            raise FieldstoneError(f"breaking.{key} in {self.file} names the whole module, which only v2 may")
        if pure == root or root.is_relative_to(pure):
            return "."
        if pure.is_relative_to(root):
            return pure.relative_to(root).as_posix()
        if self.strict:
            raise FieldstoneError(f"breaking.{key} in {self.file} names {path}, which is not in module {self.inside}")
        return None


def _texts(listed: object, where: str) -> tuple[str, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise FieldstoneError(f"{where} is no list of texts")
    return tuple(listed)
