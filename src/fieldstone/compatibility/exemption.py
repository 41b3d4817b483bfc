"""An exemption: files, or an unstable package, whose breaking changes are noted and recorded, but refuse nothing.

Unstable packages are those of buf's `breaking.ignore_unstable_packages`: https://buf.build/docs/configuration/v2/buf-yaml/.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

ENTERED = "exempt-file-entered"
"""The id of findings about protected types that move into an exempt file."""

UNUSED = "exemption-unused"
"""The id of findings about exemptions that are at no file."""

WHOLE_MODULE = "."
"""The path of an exemption for all files of a module."""

_UNSTABLE = re.compile(r"v[1-9][0-9]*(test.*|(p[1-9][0-9]*)?(alpha|beta)([1-9][0-9]*)?)")
"""The last part of an unstable package's name: v1test, v1alpha, v2beta1, v1p1alpha1."""


class Exemption(Struct, frozen=True, kw_only=True):
    """One exemption: of a path, or of a package.

    Attributes:
        path: a file or folder, as other files import it; empty for a package.
        package: an unstable package; empty for a path.
        rule: the only rule that it is for; empty for any.
    """

    path: str = ""
    package: str = ""
    rule: str = ""

    def covers(self, rule: str, homes: Collection[str], package: str) -> bool:
        """Whether it is about a rule's finding on an element of a released file.

        Args:
            rule: the rule.
            homes: the files that had the element when it was released; all of them must be exempt.
            package: its package.
        """
        if self.package:
            return package == self.package and is_unstable(package)
        return self.rule in {"", rule} and bool(homes) and all(is_at(path, self.path) for path in homes)

    def includes(self, other: Exemption) -> bool:
        """Whether it exempts everything that another one does."""
        if self.package or other.package:
            return self == other
        return self.rule in {"", other.rule} and is_at(other.path, self.path)

    @property
    def text(self) -> str:
        """The reason in words, with the key of the settings."""
        if self.package:
            return f'the package {self.package} is unstable (unstable-packages = "exempt")'
        return f"{self.path} is exempt ({f'exempt-rules.{self.rule}' if self.rule else 'exempt-paths'})"


def is_unstable(package: str) -> bool:
    """Whether the last part of a package's name is a version that promises nothing yet."""
    return _UNSTABLE.fullmatch(package.rpartition(".")[2]) is not None


def is_at(path: str, top: str) -> bool:
    """Whether an import path is a file or folder, or below it."""
    return top in {WHOLE_MODULE, path} or path.startswith(f"{top}/")
