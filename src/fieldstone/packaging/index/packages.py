"""The contents of an index: package files that were read and verified."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_version

from fieldstone.errors import Conflict, FieldstoneError

if TYPE_CHECKING:
    from packaging.version import Version
    from semver import Version as Semver


class Distribution(Struct, frozen=True, kw_only=True):
    """A wheel or an sdist.

    Attributes:
        origin: where it was read from, for messages.
        filename: its name, which clients parse.
        content: its bytes.
        project: its name, normalised (PEP 503).
        version: its version.
        kind: "sdist", or the build and the tags of the wheel.
        requires_python: the supported versions of Python; empty for all.
        requires: the projects that it needs without an extra: normalised name to requirement, such as `protobuf>=7.36`.
        metadata: METADATA of a wheel, as PEP 658 serves it; None for an sdist.
        published: whether an index has it already.
    """

    origin: str
    filename: str
    content: bytes
    project: str
    version: Version
    kind: str
    requires_python: str
    requires: Mapping[str, str]
    metadata: bytes | None
    published: bool = False

    @property
    def path(self) -> str:
        """Its path in the index."""
        return f"files/{self.filename}"

    @property
    def identity(self) -> tuple[str, ...]:
        """A key that identifies one content."""
        return "python", self.project, canonicalize_version(self.version), self.kind

    @property
    def label(self) -> str:
        """Its name and version."""
        return f"{self.project} {self.version}"

    @property
    def next_version(self) -> str:
        """The version to use for the same release with another content: a post-release (PEP 440)."""
        number = 1 if self.version.post is None else self.version.post + 1
        return f"{str(self.version.public).partition('.post')[0].partition('.dev')[0]}.post{number}"


class Tarball(Struct, frozen=True, kw_only=True):
    """A package made by `npm pack`.

    Attributes:
        origin: where it was read from, for messages.
        content: its bytes.
        name: its name, with its scope.
        version: its version without the part after `+`, as npm publishes it.
        manifest: its package.json.
        has_lock: whether it contains npm-shrinkwrap.json.
        published: whether an index has it already.
    """

    origin: str
    content: bytes
    name: str
    version: Semver
    manifest: Mapping[str, Any]
    has_lock: bool
    published: bool = False

    @property
    def path(self) -> str:
        """Its path in the index: below `npm/`, so that a token for the registry also covers its files."""
        return f"npm/-/{self.name}/{self.name.rpartition('/')[2]}-{self.version}.tgz"

    @property
    def identity(self) -> tuple[str, ...]:
        """A key that identifies one content."""
        return "npm", self.name, str(self.version)

    @property
    def label(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.version}"

    @property
    def next_version(self) -> str:
        """The version to use for the same release with another content; semver has no post-releases."""
        return str(self.version.bump_patch())


Package = Distribution | Tarball


def sha256(content: bytes) -> str:
    """The SHA-256 digest, in hex."""
    return hashlib.sha256(content).hexdigest()


def as_published(package: Package) -> Package:
    """The same package, marked as published."""
    return replace(package, published=True)


def gather(packages: Iterable[Package]) -> list[Package]:
    """Each package once; of identical ones, the first.

    Raises:
        FieldstoneError: two packages have one name and version, but different contents.
    """
    kept: dict[tuple[str, ...], Package] = {}
    for package in packages:
        first = kept.setdefault(package.identity, package)
        if first.content != package.content:
            raise _clash(first, package)
    return list(kept.values())


def by_project(packages: Iterable[Package]) -> dict[str, list[Distribution]]:
    """The Python packages by their normalised names, in the order of names, versions and file names."""
    found: dict[str, list[Distribution]] = defaultdict(list)
    distributions = [package for package in packages if isinstance(package, Distribution)]
    for package in sorted(distributions, key=lambda d: (d.project, d.version, d.filename)):
        found[package.project].append(package)
    return dict(found)


def lacking(packages: Iterable[Package]) -> list[str]:
    """The requirements of the Python packages of an index that it lacks."""
    distributions = [package for package in packages if isinstance(package, Distribution)]
    carried = {package.project for package in distributions}
    needed = {name: each for package in distributions for name, each in package.requires.items()}
    return [needed[name] for name in sorted(needed.keys() - carried)]


def by_name(packages: Iterable[Package]) -> dict[str, list[Tarball]]:
    """The npm packages by their names, in the order of names and versions."""
    found: dict[str, list[Tarball]] = defaultdict(list)
    tarballs = [package for package in packages if isinstance(package, Tarball)]
    for package in sorted(tarballs, key=lambda t: (t.name, t.version)):
        found[package.name].append(package)
    return dict(found)


def _clash(first: Package, second: Package) -> FieldstoneError:
    if first.published:
        return Conflict(
            f"{second.origin}: {second.label} is already published with another content, as {first.origin}",
            fix=f"what was published never changes: build it as {second.next_version}",
        )
    return Conflict(
        f"{first.origin} and {second.origin} are both {second.label}, with different contents",
        fix=f"keep one of them, or build one as {second.next_version}",
    )
