"""The input of a client package in any language: one release, without anything that concerns its owner alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.codegen.known_packages import KNOWN, KnownPackages

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet


class Needed(Struct, frozen=True, kw_only=True):
    """A release that another one imports from, and that has a package of its own.

    Attributes:
        module: the module's name.
        version: its semver.
        files: the import paths of its files that code is generated from.
    """

    module: str
    version: str
    files: tuple[str, ...]


class Narrowing(Struct, frozen=True):
    """The part of a release that one consumer uses.

    Attributes:
        consumer: the consumer's name.
        digest: the digest of these uses.
        uses: the text of the file of uses that the package carries.
        partial: the full names of the messages that lack a field: JSON of them loses it.
    """

    consumer: str
    digest: str
    uses: str
    partial: tuple[str, ...]


class ClientPackage(Struct, frozen=True, kw_only=True):
    """A release as its client packages are made of it.

    Attributes:
        module: the module's name.
        version: its semver.
        post: which package of this release it is: 0 for the first, higher where a generator was mended.
        digest: the b5 digest of the release.
        released_at: when it was released.
        annotated: its files and all that they import, compiled: the image of the release, in bytes.
        image: the same without the annotations of `fieldstone.v1`. Comments are there, and those of deprecated elements
            tell since when, and their sunset.
        files: the import paths of the release's own files that code is generated from.
        license: the text of its LICENSE; empty where it has none.
        readme: the text of its README.md; empty where it has none.
        changelog: what every release up to this one changed, newest first, as Markdown with a title.
        needs: the releases that it imports from, directly or not, sorted by module.
        known: the third-party files whose code other packages have.
        signed: what a package of a signed release carries, see `codegen.signed_release`; empty for others.
        narrowing: whom it is narrowed for; None if it is the whole release.
    """

    module: str
    version: str
    post: int = 0
    digest: str
    released_at: datetime
    annotated: bytes
    image: FileDescriptorSet
    files: tuple[str, ...]
    license: str = ""
    readme: str = ""
    changelog: str
    needs: tuple[Needed, ...] = ()
    known: KnownPackages = KNOWN
    signed: Mapping[str, bytes] = {}
    narrowing: Narrowing | None = None

    @property
    def consumer(self) -> str:
        """The consumer that the package is narrowed for; empty if it is the whole release."""
        return self.narrowing.consumer if self.narrowing else ""

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.partition(".")[0])
