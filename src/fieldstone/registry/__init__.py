"""The registry: every release of every module, behind one interface wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from fieldstone.registry.manifest import Release

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.cache import Cache


class Defect(Struct, frozen=True):
    """Something wrong with a release.

    Attributes:
        kind: an id, as findings have.
        module: the module's name.
        version: the release's version.
        path: the file or folder that it concerns, for people.
        problem: what is wrong, as a sentence without a full stop.
        fix: what to do.
    """

    kind: str
    module: str
    version: str
    path: str
    problem: str
    fix: str


class Registry(Protocol):
    """What a registry does; every method raises FieldstoneError when it cannot be read or written."""

    url: str

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in the order of semver; empty for one without a release."""

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release; no other is looked at."""

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in the order of semver, each found to hold no stray file."""

    def read(self, release: Release, path: str) -> bytes:
        """One file of a release, by its path in `Release.files`."""

    def place(self, release: Release) -> str:
        """Where people find a release: a folder or an address, no slash at its end."""

    def add(self, release: Release, files: Mapping[str, bytes]) -> None:
        """Write a new release, its files by their paths in `Release.files`: all of it, or nothing."""

    def defects(self, module: str) -> Iterator[Defect]:
        """What is wrong with the files and the chain of a module's releases."""


def open_registry(url: str | Path, cache: Cache | None = None) -> Registry:
    """The registry at a place; today that is a folder, which need not exist yet.

    Args:
        url: the folder.
        cache: what was worked out before; by default every file is read.
    """
    from fieldstone.registry.folder import FolderRegistry

    return FolderRegistry(Path(url), cache)


DEFECTS = {
    "registry-file-changed": "A file of a released version was edited or deleted. Released versions never change: "
    "teams have built against them, and every later release names their digests. Restore the file from git.",
    "registry-file-missing": "A file of a released version is gone. Restore it from git.",
    "registry-linked": "Something in the registry is a symbolic link: what it leads to can change while the release "
    "seems to stay. Put the files themselves there.",
    "registry-chain-broken": "A release does not name the one before it as it is now: a release was removed, "
    "replaced or edited. Restore the registry from git.",
    "registry-forked": "Two branches released different versions on top of the same one, and were merged. Keep "
    "the smaller version, take over the change of the other on top of it, and release that again.",
    "registry-head-lost": "A head that was noted outside the registry is no longer in its chain: releases were "
    "removed or replaced since, whatever the registry says of itself. Restore it from git.",
    "registry-date-wrong": "A release says that it was made in the future, or before the one that it follows. If it is "
    "new, remove it and release again.",
    "registry-break-unrecorded": "A release breaks what the one before it had, and records no waiver for that. It was "
    "made under weaker settings, or sealed by hand. If it is new, remove it and release again.",
    "registry-waiver-wrong": "A release records a waiver that permits nothing in it. If it is new, remove it and "
    "release again.",
    "registry-bump-wrong": "A release says that its changes are smaller than they are, or its version is too small for "
    "them. If it is new, remove it and release again.",
    "registry-changes-wrong": "The summary of changes in a release is not what changed since the one before. If it is "
    "new, remove it and release again; an old one, made by another version of Fieldstone, is vouched for with "
    "`fieldstone registry verify --trust MODULE@VERSION`.",
    "registry-rules-wrong": "A release says that other rules judged it than could have: newer ones than this "
    "Fieldstone has, or older ones than those of the release before it. Of a release by older rules neither the words "
    "of its summary are verified nor whether it could have been smaller; so a new one takes the rules of today.",
    "registry-digest-wrong": "The b5 digest that a release claims is not that of its sources and dependencies.",
    "registry-image-wrong": "Compiling the sources of a release again gives another image than the one released, or "
    "they do not compile.",
    "registry-annotation-invalid": "No code can be generated from an annotation of a new release, and the release "
    "before it does not have it (`fieldstone explain annotation-invalid`). If it is new, remove it and release again.",
    "registry-retirement-wrong": "A release that retires its module ends it: a major version without sources and with "
    "an empty image, and no release follows it. This one is something else, so it was not written by "
    "`fieldstone release --retire`. Restore the registry from git.",
    "registry-ledger-wrong": "The ledger of a release is not what it and the releases before it used.",
}
"""What each kind of defect means."""
