"""Which rules a configuration of buf asks for, and which of their hits it lets pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from fieldstone.compatibility.buf_rules import all_rules
from fieldstone.compatibility.buf_rules.catalogue import BufRule, Hit
from fieldstone.errors import FieldstoneError
from fieldstone.schema.breaking_settings import BreakingSettings
from fieldstone.schema.declarations import Declarations
from fieldstone.schema.model import package_version

CATEGORIES = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE", "CSR")
"""The categories of buf, of any version; CSR is of v2 alone."""

_UNSTABLE = ("alpha", "beta", "test")


class Selection(Struct, frozen=True):
    """The rules that count for a module, by id, and where they do not."""

    rules: tuple[str, ...]
    ignore: tuple[str, ...]
    ignore_only: Mapping[str, frozenset[str]]
    ignore_unstable_packages: bool

    @classmethod
    def of(cls, settings: BreakingSettings) -> Selection:
        """What a configuration asks for.

        Raises:
            FieldstoneError: it names a rule or category that its version does not know, or leaves no rule.
        """
        known = {id_: rule for id_, rule in all_rules().items() if settings.version in rule.categories}
        asked = _named(settings.use, settings.version, known) or {
            id_ for id_, rule in known.items() if rule.is_default(settings.version)
        }
        left = asked - _named(settings.exclude, settings.version, known)
        if not left:
            raise FieldstoneError("the breaking section of buf.yaml leaves no rule", fix="name fewer under `except`")
        only: dict[str, set[str]] = {}
        for name, paths in settings.ignore_only.items():
            for rule in _named([name], settings.version, known):
                only.setdefault(rule, set()).update(paths)
        return cls(
            rules=tuple(sorted(left)),
            ignore=settings.ignore,
            ignore_only={rule: frozenset(paths) for rule, paths in only.items()},
            ignore_unstable_packages=settings.ignore_unstable_packages,
        )

    def keep(self, hits: Iterable[Hit], old: Declarations, new: Declarations) -> list[Hit]:
        """The hits that count; the old file of a hit lets it pass as well as the new one."""
        return [hit for hit in hits if not self._passes(hit, old, new)]

    def _passes(self, hit: Hit, old: Declarations, new: Declarations) -> bool:
        paths = {hit.was, hit.place.path} - {""}
        ignored = (*self.ignore, *self.ignore_only.get(hit.rule, ()))
        if any(_is_below(path, folder) for path in paths for folder in ignored):
            return True
        files = old.files.get(hit.was), new.files.get(hit.place.path)
        return self.ignore_unstable_packages and any(file is not None and _is_unstable(file.package) for file in files)


def _named(names: Iterable[str], version: str, known: Mapping[str, BufRule]) -> set[str]:
    """The live rules that ids and categories stand for."""
    found: set[str] = set()
    for name in names:
        members = {rule.id for rule in known.values() if name in rule.categories[version]}
        if not members and name not in known:
            raise FieldstoneError(
                f"{name} is no breaking rule and no category of buf.yaml {version}",
                fix="`buf config ls-breaking-rules` lists them",
            )
        rule = known.get(name)
        found |= members or ({name} if rule and not rule.is_deprecated else set(rule.replacements if rule else ()))
    return found


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or PurePosixPath(path).is_relative_to(folder)


def _is_unstable(package: str) -> bool:
    version = package_version(package)
    return any(word in version for word in _UNSTABLE)
