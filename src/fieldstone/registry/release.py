"""A release: one immutable version of a module, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace
from semver import Version

from fieldstone.compatibility.exemption import Exemption
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import Damaged

NAME = "release.toml"
IMAGE = "image.binpb"
LEDGER = "ledger.json"
SOURCES = "schemas/"
THIRD_PARTY = "third_party/"
IMPORTS = "imports/"
PROTO = ".proto"
"""The names of the files in a release.

Sources are below `SOURCES`. Third-party schemas, which the module imports and that are not its own, are below
`THIRD_PARTY` if buf lists them in the same module, and else, as far as they are imported, below `IMPORTS`.
"""
UNRELEASED = "third-party"
"""The version of a dependency that is a third-party module of the workspace: it has no release."""
LAYOUT = 2
"""The layout of new releases. In layout 1 each release has all of its files, uncompressed, and the whole ledger.

In layout 2 the image is compressed, the ledger has what the release changed, and a file that an older release has
stays there alone.
"""
FIRST_RULES = 1
"""The version of the rules for a manifest without one."""
HISTORY = "history"
"""The value of `Release.accepted`."""


class Link(Struct, frozen=True):
    """A reference to the previous release, or to a dependency."""

    name: str
    version: str
    digest: str
    seal: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether it is a module of a remote registry: those have names of three parts (buf.build/acme/weather)."""
        return "/" in self.name and not self.is_third_party

    @property
    def is_third_party(self) -> bool:
        """Whether it is a third-party module of the workspace, named by its path: its digest is the one it had."""
        return self.version == UNRELEASED

    @property
    def is_release(self) -> bool:
        """Whether it is a release in the same registry."""
        return not self.is_remote and not self.is_third_party


class Release(Struct, frozen=True, kw_only=True, dict=True):
    """The manifest of one immutable version of a module.

    Attributes:
        name: the module.
        version: its semver.
        digest: the b5 digest of its sources and dependencies.
        bump: the bump that its changes need: first, none, patch, minor or major.
        released_at: the time of the release in UTC, as RFC 3339.
        commit: the git commit of the sources, with `-dirty` if they differ from it; empty outside a
            checkout.
        style: the digest of the buf configuration at the time of the release; empty if its style was not judged.
        compiler: the compiler of the image ("buf 1.75.0").
        rules: the version of the rules that judged it, and of the wording of its changes.
        changes: one sentence for each change since the release before.
        waivers: the waivers that permitted its breaking changes.
        exemptions: the exempt files and unstable packages with breaking changes in it.
        previous: the release before in its line; None for the first.
        line: the minor line that it continues while newer releases exist ("1.4"); empty in the main line.
        beside: the newest release of each other line when it was made: it was judged against their history, too.
        dependencies: the releases, modules of remote registries and third-party modules that it imports.
        files: path to digest, for every file of the release except the manifest.
        layout: how its files are stored, see `LAYOUT`.
        stored: path to the older version whose folder has the file, for each that is not in the release's own.
        ledgers: the older releases in its line whose ledgers, with its own, make up the history, oldest first; their
            digests are of these ledgers.
        retired: whether it retires the module: the last release, with no sources and an empty image.
        accepted: `history` for a release from before the module had a gate, made from a git tag: its version is the
            project's own and may be smaller than its changes need. Else empty.
        signature: the signature of the manifest, see `registry.signature`; empty if it is not signed.
        seal: the digest of the manifest itself; empty until it is written.
    """

    name: str
    version: str
    digest: str
    bump: str
    released_at: str
    style: str
    compiler: str
    commit: str = ""
    changes: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    previous: Link | None = None
    line: str = ""
    beside: tuple[Link, ...] = ()
    dependencies: tuple[Link, ...] = ()
    files: Mapping[str, str] = {}
    layout: int = 1
    stored: Mapping[str, str] = {}
    ledgers: tuple[Link, ...] = ()
    retired: bool = False
    accepted: str = ""
    rules: int = FIRST_RULES
    seal: str = ""
    signature: str = ""

    @property
    def semver(self) -> Version:
        """The version as a comparable value."""
        return Version.parse(self.version)

    @property
    def released_on(self) -> date:
        """The date of the release in UTC.

        Raises:
            Damaged: `released_at` is not a time.
        """
        return self.released_time.date()

    @property
    def released_time(self) -> datetime:
        """`released_at` in UTC; a time without a zone counts as UTC.

        Raises:
            Damaged: `released_at` is not a time.
        """
        try:
            at = datetime.fromisoformat(self.released_at)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise Damaged(
                f"{NAME} of {self.name} {self.version} says that it was released at {self.released_at!r}, "
                "which is no time",
            ) from error

    def home(self, path: str) -> str:
        """The version whose folder has a file of the release."""
        return self.stored.get(path, self.version)

    @property
    def own_files(self) -> list[str]:
        """The paths of the files in its own folder."""
        return [path for path in self.files if path not in self.stored]

    def is_packed(self, path: str) -> bool:
        """Whether a file in its own folder is compressed."""
        return self.layout > 1 and path == IMAGE

    def parts(self) -> list[Release]:
        """The releases to read `LEDGER` of for the whole history, oldest first; the older ones have that file only."""
        older = [replace(self, version=link.version, files={LEDGER: link.digest}, stored={}) for link in self.ledgers]
        return [*older, self]

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The module's own files: path relative to its root, to digest."""
        return {path.removeprefix(SOURCES): d for path, d in self.files.items() if path.startswith(SOURCES)}

    @cached_property
    def third_party(self) -> Mapping[str, str]:
        """The third-party files that buf lists in the module: path relative to its root, to digest."""
        return {path.removeprefix(THIRD_PARTY): d for path, d in self.files.items() if path.startswith(THIRD_PARTY)}

    @property
    def digested(self) -> Mapping[str, str]:
        """All files that its b5 digest covers: path relative to the module's root, to digest."""
        return {**self.sources, **self.third_party}

    @cached_property
    def protos(self) -> Mapping[str, str]:
        """The .proto files among its sources: path to digest."""
        return {path: digest for path, digest in self.sources.items() if path.endswith(PROTO)}

    @property
    def link(self) -> Link:
        """The reference to this release in the next one."""
        return Link(self.name, self.version, self.digest, self.seal)


def schema_files(
    sources: Mapping[str, bytes], third_party: Mapping[str, bytes], imported: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The schema files of a release, by their paths in it; see `SOURCES`."""
    files = {SOURCES + path: content for path, content in sources.items()}
    files |= {THIRD_PARTY + path: content for path, content in third_party.items()}
    return files | {IMPORTS + path: content for path, content in imported.items()}
