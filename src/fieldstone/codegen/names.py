"""Names of generated distributions, packages and modules."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

from msgspec import Struct

from fieldstone.codegen.known_packages import KNOWN, KnownPackages
from fieldstone.codegen.published import RUNTIME
from fieldstone.errors import Invalid

CONTRACTS, STORAGE = "contracts", "storage"
"""The two packages of a module: its DTOs, for everybody; its storage, for its owner."""

_PRE_RELEASE = re.compile(r"(?P<kind>alpha|beta|rc|a|b)[.-]?(?P<number>\d*)")


def distribution(module: str, kind: str, prefix: str = "", consumer: str = "") -> str:
    """The name to install a module's package by: "telemetry-contracts".

    Args:
        module: the module's name.
        kind: `CONTRACTS` or `STORAGE`.
        prefix: the setting python-prefix, for Python alone: "acme" gives "acme-telemetry-contracts".
        consumer: whom the package is narrowed for: "billing" gives "telemetry-contracts-for-billing".
    """
    narrowed = f"-for-{consumer}" if consumer else ""
    return re.sub(r"[^a-z0-9]+", "-", f"{prefix}-{module}-{kind}{narrowed}".lower()).strip("-")


def contracts_distribution(module: str, version: str, prefix: str = "", consumer: str = "") -> str:
    """The name to install a module's DTOs by: "telemetry-contracts", from 2.0.0 on "telemetry-contracts-v2".

    A major version breaks what the one before promised. With a name of its own, as in the import paths of Go
    (https://go.dev/ref/mod#major-version-suffixes), both can be installed, and imported, side by side.

    Args:
        module: the module's name.
        version: the release's, as semver or PEP 440 has it.
        prefix: the setting python-prefix.
        consumer: whom the package is narrowed for, if it is.
    """
    major = int(version.partition(".")[0])
    return distribution(module, CONTRACTS, prefix, consumer) + (f"-v{major}" if major > 1 else "")


def import_name(distribution: str) -> str:
    """The name to import a distribution by: "telemetry_contracts"."""
    name = distribution.replace("-", "_")
    return f"_{name}" if name[0].isdigit() else name


def package(module: str, kind: str, prefix: str = "") -> str:
    """The name to import a module's package by, without its major version: "telemetry_storage"."""
    return import_name(distribution(module, kind, prefix))


def protoc_module(path: str) -> str:
    """The dotted name that protoc gives the module of a file: `ModuleName` in protobuf's python/helpers.cc."""
    return path.removesuffix(".proto").replace("-", "_").replace("/", ".") + "_pb2"


def dto_module(path: str) -> str:
    """The dotted name of a file's module within its contracts package.

    That of protoc, but for Python's keywords, which get an underscore: no `import` can name them.

    Raises:
        FieldstoneError: a folder or file whose name Python cannot import.
    """
    parts = protoc_module(path).split(".")
    wrong = [part for part in parts if not part.isidentifier()]
    if wrong:
        name = wrong[0].removesuffix("_pb2")
        raise Invalid(
            f"Python cannot import {path}: {name} is no identifier",
            fix="rename the file or folder, or set generate = false",
        )
    return ".".join(f"{part}_" if keyword.iskeyword(part) else part for part in parts)


class DtoPackages(Struct, frozen=True):
    """The packages of the DTO modules of one module's files, and of all that they import.

    Attributes:
        home: the contracts package that is generated, by the name to import it by.
        owners: import path to contracts package, for the files of every module that has one.
        known: the third-party files whose code other distributions have.
    """

    home: str
    owners: Mapping[str, str]
    known: KnownPackages = KNOWN

    def package_of(self, path: str) -> str:
        """The contracts package to import that a file's code is in; empty where another distribution publishes it.

        A file that belongs to no module with a package of its own is generated with what imports it.
        """
        if path in self.owners:
            return self.owners[path]
        return "" if path.startswith(RUNTIME) or self.requirement(path) else self.home

    def requirement(self, path: str) -> str:
        """The requirement of the distribution that has the code of a third-party file; empty where there is none."""
        found = None if path in self.owners else self.known.find(path, "python")
        return found.package.python if found else ""

    def python_module(self, path: str) -> str:
        """The absolute dotted name of a file's module: "telemetry_contracts.telemetry.v1.telemetry_v1_pb2"."""
        home = self.package_of(path)
        return f"{home}.{dto_module(path)}" if home else self._published_module(path)

    def is_moved(self, path: str) -> bool:
        """Whether a published file's module has another name than protoc's, so that its path may be another, too."""
        return self.python_module(path) != protoc_module(path)

    def _published_module(self, path: str) -> str:
        found = self.known.find(path, "python")
        place = found.package.python_import if found else ""
        if not found or not place:
            return protoc_module(path)
        return f"{place}.{protoc_module(path.removeprefix(found.folder))}"

    def from_root(self, path: str) -> str:
        """The dotted name of a file's module as the root of `home` imports it: ".telemetry.v1.telemetry_v1_pb2"."""
        return f".{dto_module(path)}" if self.is_inside(path) else self.python_module(path)

    def is_inside(self, path: str) -> bool:
        """Whether a file's code is in the package `home` itself."""
        return self.package_of(path) == self.home


def python_version(version: str, *, unreleased: bool = False) -> str:
    """A semver version as PEP 440 writes it: 2.0.0-rc.1 is 2.0.0rc1, and what PEP 440 has no word for is a dev release.

    Args:
        version: as the registry has it.
        unreleased: whether it is the one that the working tree would become.
    """
    release, _, pre = version.partition("-")
    found = _PRE_RELEASE.fullmatch(pre)
    if pre and not found:
        return f"{release}.dev0"
    kind = {"alpha": "a", "beta": "b"}.get(found["kind"], found["kind"]) if found else ""
    number = (found["number"] or "0") if found else ""
    return f"{release}{kind}{number}" + (".dev0" if unreleased else "")


def compatible(version: str) -> str:
    """The range of versions (PEP 440) that have all that this one has: additions only, up to the next major.

    Before 1.0.0 a minor version may break, so that the range ends with it.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={version},<{major + 1}" if major else f">={version},<0.{minor + 1}"
