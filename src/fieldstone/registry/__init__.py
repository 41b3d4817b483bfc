"""The registry: all releases of all modules, behind one interface for every backend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.registry.release import Release

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.cache import Cache


class Defect(Struct, frozen=True):
    """A defect of a release.

    Attributes:
        kind: its id, like the rule of a finding.
        module: the module's name.
        version: the release's version.
        path: the file or folder, for messages.
        problem: a sentence without a full stop.
        fix: a fix, as a phrase without a full stop.
    """

    kind: str
    module: str
    version: str
    path: str
    problem: str
    fix: str


class Registry(Protocol):
    """All releases of all modules, in any backend.

    `open_registry` opens a registry by its address. Every method may raise `Unavailable`, and `Damaged` if the
    stored data differs from the released data.
    """

    @property
    def address(self) -> str:
        """Its address: an absolute folder, or `scheme:...`."""

    @property
    def remedy(self) -> str:
        """The fix in errors about a missing or changed release."""

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in semver order; empty if there is no release."""

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release; no other manifest is read.

        Raises:
            NotFound: there is no such module or version.
        """

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in semver order, after a check for stray files."""

    def text(self, release: Release) -> bytes:
        """The bytes of a release's manifest, as they were written."""

    def read(self, release: Release, path: str) -> bytes:
        """The verified bytes of one file of a release, by its path in `Release.files`."""

    def local(self, release: Release, path: str) -> Path:
        """A local, verified, read-only file with the content of one file of a release."""

    def place(self, release: Release, path: str) -> str:
        """The location of one file of a release for messages: the file or address that has its content."""

    def label(self, release: Release) -> str:
        """The location of a release for messages: a folder or an address, without a slash at the end."""

    def add(self, release: Release, files: Mapping[str, bytes], *, text: bytes = b"") -> None:
        """Write a new release atomically, with its own files by their paths in `Release.files`.

        Args:
            release: the release.
            files: its files.
            text: its manifest, if it is a copy of a release of another registry: it is kept to the byte, and releases
                of other lines that it does not name are no conflict.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
        """

    def defects(self, module: str) -> Iterator[Defect]:
        """The defects in the files and the chain of a module's releases."""

    def links(self) -> Iterator[Defect]:
        """The symbolic links in the registry, whose targets can change, as defects."""


_SCHEME = re.compile(r"([a-z][a-z0-9+]+):(?![\\/]{0,1}[A-Za-z]:)")
"""The scheme of an address that is not a folder; a single letter is a Windows drive."""


def folder_of(address: str) -> Path | None:
    """The folder of an address; None if the address has a scheme."""
    return None if _SCHEME.match(address) else Path(address)


_BACKENDS = {"sqlite": "sql", "postgresql": "sql", "http": "remote", "https": "remote"}
"""The Python module of this package that opens the addresses of a scheme; others are named after their scheme."""


def open_registry(address: str | Path, cache: Cache | None = None) -> Registry:
    """The registry at an address; a folder need not exist yet.

    Args:
        address: a folder, or an address that begins with a scheme: `sqlite:///PATH`, `postgresql://...`.
        cache: the cache of digests; without it every file is read.

    Raises:
        Invalid: there is no backend for the scheme.
    """
    scheme = _SCHEME.match(str(address))
    name = f"{__name__}.{_BACKENDS.get(scheme[1], scheme[1]) if scheme else 'folder'}"
    if find_spec(name) is None or not hasattr(backend := import_module(name), "open_address"):
        raise Invalid(
            f"no registry can be opened at {address}",
            fix="name as `registry` in the settings a folder, https://HOST, sqlite:///PATH, or postgresql://USER@HOST/NAME",
        )
    found: Registry = backend.open_address(str(address), cache)
    return found


DEFECTS = {
    "registry-file-changed": "A file of a released version was edited or deleted. Released versions never change: "
    "teams have built against them, and every later release names their digests. Restore the file.",
    "registry-file-missing": "A file of a released version is gone. Restore it.",
    "registry-linked": "A file or folder in the registry is a symbolic link: its target can change while the release "
    "seems unchanged. Put the files themselves there.",
    "registry-chain-broken": "The reference of a release to the one before it does not match: a release was removed, "
    "replaced or edited. Restore the registry.",
    "registry-forked": "Two branches released different versions on top of the same one, and were merged. Keep "
    "the smaller version, apply the change of the other on top of it, and release that again.",
    "registry-line-wrong": "A release is in the wrong line: its number is of another minor, the line has no "
    "beginning, or a release of the main line took a number of a line. If it is new, remove it and release again.",
    "registry-lines-conflict": "Two lines use one number or name for different things: they were released on branches "
    "that did not know of each other. If one of them is new, remove it and release again with another number.",
    "registry-head-lost": "A head that was recorded outside the registry is no longer in its chain: releases were "
    "removed or replaced since then. Restore the registry.",
    "registry-date-wrong": "A release says that it was made in the future, or before the one that it follows. If it is "
    "new, remove it and release again.",
    "registry-break-unrecorded": "A release has a break since the one before it, and records no waiver for it. It was "
    "made under weaker settings, or sealed by hand. If it is new, remove it and release again.",
    "registry-waiver-wrong": "A release records a waiver that permits nothing in it. If it is new, remove it and "
    "release again.",
    "registry-bump-wrong": "A release says that its changes are smaller than they are, or its version is too small for "
    "them. If it is new, remove it and release again.",
    "registry-changes-wrong": "The summary of changes in a release is not the recomputed one. If it is "
    "new, remove it and release again; an old one, made by another version of Fieldstone, can be trusted with "
    "`fieldstone registry verify --trust MODULE@VERSION`.",
    "registry-rules-wrong": "The version of the rules in a release is impossible: newer than this Fieldstone's, or "
    "older than that of the release before it. For a release by older rules, the wording of its summary and the size "
    "of its bump are not verified, so a new release must use the current rules.",
    "registry-digest-wrong": "The b5 digest that a release claims is not that of its sources and dependencies.",
    "registry-image-wrong": "The sources of a release compile to another image than the released one, or do not "
    "compile.",
    "registry-annotation-invalid": "No code can be generated from an annotation of a new release, and the release "
    "before it does not have it (`fieldstone explain annotation-invalid`). If it is new, remove it and release again.",
    "registry-retirement-wrong": "A release that retires its module ends it: a major version without sources and with "
    "an empty image, and no release follows it. This one is something else, so it was not written by "
    "`fieldstone release --retire`. Restore the registry.",
    "registry-history-wrong": "A release says that it is accepted as history, and cannot be: it follows a release that "
    "was judged, it retires the module or records waivers. History ends where the gate begins. Remove it and release "
    "again.",
    "registry-history-unproven": "A change adds a release that says that it is accepted as history, and no git tag in "
    "this clone has its version, commit, date and files. Only `fieldstone adopt` makes such releases. Fetch the tags, "
    "or remove it.",
    "registry-signature-wrong": "A release is not signed, or not by a key that the file of allowed signers has for "
    "releases. If it is new, remove it and release again with `fieldstone release --sign KEY`; older ones can be "
    "trusted with `fieldstone registry verify --trust MODULE@VERSION`.",
    "registry-package-wrong": "A client package does not carry a release with the signature of an allowed signer, or "
    "is not what is built from that release. Do not install it: ask its author for the package of a signed release, or "
    "build it from the registry with `fieldstone package MODULE@VERSION`.",
    "registry-audit-broken": "The audit of a shared registry is not the one that was written: a row was changed or "
    "removed, or its releases are others than those it tells of. Somebody wrote to the database without the registry. "
    "Compare with a backup, restore it, and change the password of the database.",
    "registry-consumer-lost": "The uses that a consumer published were removed or edited, so that nobody would know "
    "whom a later change breaks. Restore the file. If a consumer is gone for good, `fieldstone uses retire` says so.",
    "registry-consumer-wrong": "What is stored about a consumer is not what `fieldstone uses` writes, or names a "
    "module, a release or a version that does not exist. Restore it from git or a backup, or publish again "
    "under a new version.",
    "registry-ledger-wrong": "The ledger of a release does not match the numbers and names used up to it.",
}
"""The explanation of each kind of defect."""
