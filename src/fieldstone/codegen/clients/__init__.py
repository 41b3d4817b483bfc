"""The languages that client packages are made in: every module of this package declares one as `TARGET`.

The module's name is the language's name. It is imported when its language is asked for, and not before.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

    from fieldstone.codegen.client_package import ClientPackage

LANGUAGES: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of all languages."""

Tree = Mapping[str, bytes]
"""A package's source tree: path to content."""


class Target(Struct, frozen=True, kw_only=True):
    """The steps that make, build and check the client packages of one language.

    Attributes:
        tree: from a release, and the value of `setting`, the source tree of its package.
        build: puts the finished package, a file or a folder, into a folder that is there.
        check: from a release, and the value of `setting`: installs the package in the first folder, with those that it
            needs from the second, and uses it. It gives the number of messages that went there and back. None where
            `fieldstone package --check` has no way.
        check_command: the command that checks a package in its folder, where there is no `check`: "mvn verify".
        setting: the key in [tool.fieldstone.package] that is part of the packages' names; empty where there is none.
        needs_setting: why the setting must be there; empty where it may be left out.
    """

    tree: Callable[[ClientPackage, str], Tree]
    build: Callable[[ClientPackage, Tree, Path], object]
    check: Callable[[ClientPackage, str, Path, Path], int] | None = None
    check_command: str = ""
    setting: str = ""
    needs_setting: str = ""


def find_target(language: str) -> Target:
    """The target of a language.

    Raises:
        ValueError: there is no such language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no language is called {language}; there are {', '.join(LANGUAGES)}")
    target: Target = importlib.import_module(f"{__name__}.{language}").TARGET
    return target
