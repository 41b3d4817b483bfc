"""The registry: every release of every module, behind one interface wherever it is kept."""

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
    """All releases of all modules, wherever they are kept.

    A registry is opened by its address with `open_registry`. Every method may raise `Unavailable`, and `Damaged`
    where what is kept is not what was released.
    """

    @property
    def address(self) -> str:
        """Where it is: an absolute folder, or `scheme:` and what that scheme says."""

    @property
    def remedy(self) -> str:
        """The fix of an error about a release that is gone or changed."""

    def modules(self) -> list[str]:
        """The names of all modules with a release, sorted."""

    def versions(self, module: str) -> list[Version]:
        """The versions of a module in the order of semver; empty for one without a release."""

    def release(self, module: str, version: str) -> Release:
        """The manifest of a release; no other is read.

        Raises:
            NotFound: there is no such module or version.
        """

    def releases(self, module: str) -> list[Release]:
        """The manifests of all releases of a module in the order of semver, none of which has a stray file."""

    def read(self, release: Release, path: str) -> bytes:
        """The bytes of one file of a release, by its path in `Release.files`; their digest was checked."""

    def local(self, release: Release, path: str) -> Path:
        """One file of a release as a file on this machine, not to be written; its digest was checked."""

    def label(self, release: Release) -> str:
        """Where people find a release: a folder or an address, no slash at its end."""

    def add(self, release: Release, files: Mapping[str, bytes]) -> None:
        """Write a new release, its files by their paths in `Release.files`: all of it, or nothing.

        Raises:
            Conflict: its version is there, or another release became the newest one.
        """

    def defects(self, module: str) -> Iterator[Defect]:
        """The defects in the files and the chain of a module's releases."""

    def links(self) -> Iterator[Defect]:
        """The links that lead out of the registry: what is behind one can change."""


_SCHEME = re.compile(r"([a-z][a-z0-9+]+):(?![\\/]{0,1}[A-Za-z]:)")
"""How an address begins that is no folder; a drive of Windows has one letter."""


def folder_of(address: str) -> Path | None:
    """The folder of a registry that is one; None for one that lies elsewhere."""
    return None if _SCHEME.match(address) else Path(address)


def open_registry(address: str | Path, cache: Cache | None = None) -> Registry:
    """The registry at an address; a folder need not exist yet.

    The scheme of an address is the name of the module of this room that opens it: `memory:tests` is opened by
    `fieldstone.registry.memory`.

    Args:
        address: a folder, or an address that begins with a scheme.
        cache: results of earlier commands; by default every file is read.

    Raises:
        Invalid: there is no backend for the scheme.
    """
    scheme = _SCHEME.match(str(address))
    name = f"{__name__}.{scheme[1] if scheme else 'folder'}"
    if find_spec(name) is None or not hasattr(backend := import_module(name), "open_address"):
        raise Invalid(f"no registry can be opened at {address}", fix="name its folder as `registry` in the settings")
    found: Registry = backend.open_address(str(address), cache)
    return found


DEFECTS = {
    "registry-file-changed": "A file of a released version was edited or deleted. Released versions never change: "
    "teams have built against them, and every later release names their digests. Restore the file.",
    "registry-file-missing": "A file of a released version is gone. Restore it.",
    "registry-linked": "Something in the registry is a symbolic link: what it leads to can change while the release "
    "seems to stay. Put the files themselves there.",
    "registry-chain-broken": "A release does not name the one before it as it is now: a release was removed, "
    "replaced or edited. Restore the registry.",
    "registry-forked": "Two branches released different versions on top of the same one, and were merged. Keep "
    "the smaller version, take over the change of the other on top of it, and release that again.",
    "registry-head-lost": "A head that was noted outside the registry is no longer in its chain: releases were "
    "removed or replaced since, whatever the registry says of itself. Restore it.",
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
    "`fieldstone release --retire`. Restore the registry.",
    "registry-ledger-wrong": "The ledger of a release is not what it and the releases before it used.",
}
"""What each kind of defect means."""
