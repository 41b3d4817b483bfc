"""A registry on a server: `https://HOST`, or `http://` on this machine; see docs/reference/registry-protocol.md.

Manifests and files never change, so each is fetched once and kept in `.fieldstone/`. The lists of modules and releases
are asked for once in each command; with FIELDSTONE_OFFLINE=1 they are those that were seen last. A list that lacks a
release that was seen before is refused.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from msgspec import DecodeError, Struct, json

from fieldstone.cache.store import REGISTRIES, make_folder
from fieldstone.errors import Damaged, NotFound, Unavailable
from fieldstone.registry.archive import MEDIA_TYPE, pack
from fieldstone.registry.connection import OFFLINE, Connection, is_offline
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.local import Objects
from fieldstone.registry.manifest import seal_of
from fieldstone.registry.release import Release

if TYPE_CHECKING:
    from fieldstone.cache import Cache

_LONGEST_JUDGING = 120.0
"""The seconds that the answer to a new release may take."""
_SEEN, _MANIFESTS = "seen", "manifests"
"""The folders of a registry in the cache: lists, and manifests by their seal."""


class Modules(Struct, frozen=True):
    """The answer about all modules."""

    modules: list[str]


class Versions(Struct, frozen=True):
    """The answer about one module: the seal of each release by its version."""

    versions: dict[str, str]


_Answer = TypeVar("_Answer", Modules, Versions)


def open_address(address: str, cache: Cache | None) -> FetchedRegistry:
    """The registry of a server. See `open_registry`.

    Raises:
        Invalid: the address is none of a server, or sends a token without encryption.
    """
    return FetchedRegistry(RemoteStore(address, cache.store.folder if cache else None), cache)


class RemoteStore:
    """Releases on a server; see `Store`.

    Args:
        address: `https://HOST`, with a path if the server is below one.
        folder: the folder of the cache; None keeps nothing.

    Raises:
        Invalid: see `open_address`.
    """

    remedy = "ask an admin of the registry"

    def __init__(self, address: str, folder: Path | None = None) -> None:
        self._connection = Connection(address)
        self.address = self._connection.address
        self._answers = _Answers(folder, self.address)
        self._objects = Objects(folder)
        self._seals: dict[str, dict[str, str]] = {}
        self._modules: list[str] | None = None

    def modules(self) -> list[str]:
        """The names of all modules with a release that may be read, sorted: those of the first call."""
        if self._modules is None:
            self._modules = self._listed("modules", "modules", Modules([])).modules
        return [*self._modules]

    def versions(self, module: str) -> list[str]:
        """The versions of a module: those of the first call, until a release is added."""
        return [*self._seals_of(module)]

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest.

        Raises:
            Damaged: it has another seal than the list of releases says.
        """
        seal = self._seals_of(module).get(version)
        if seal is None:
            return None
        kept = self._answers.get(_MANIFESTS, seal)
        if kept is not None and _seal_of(kept) == seal:
            return kept
        text = self._get(f"modules/{quote(module, safe='')}/releases/{quote(version, safe='')}")
        if _seal_of(text) != seal:
            raise Damaged(f"{self.address}/{module}/{version} is not the release that is listed", fix=self.remedy)
        self._answers.keep(_MANIFESTS, seal, text)
        return text

    def content(self, release: Release, path: str) -> bytes | None:
        """One file of a release."""
        digest = release.files.get(path, "")
        resource = f"modules/{quote(release.name, safe='')}/files/{quote(digest, safe='')}"
        what = f"{self.address}/{release.name}/{release.version}/{path}"
        try:
            file = self._objects.local(digest, lambda: self._get(resource), what=what, remedy=self.remedy)
            return file.read_bytes()
        except NotFound:
            return None

    def add(self, release: Release, text: bytes, files: Mapping[str, bytes], *, is_copy: bool = False) -> None:
        """Send a new release, which the server judges by its own policy; a copy requires an admin's token.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
            Denied: the token does not allow it.
            Invalid: the server refuses it; the error has its findings.
            Unavailable: the server did not say whether it took the release.
        """
        path = f"modules/{quote(release.name, safe='')}/releases{'?copy=1' if is_copy else ''}"
        headers = {"Content-Type": MEDIA_TYPE}
        try:
            self._connection.ask("POST", path, content=pack(text, files), headers=headers, timeout=_LONGEST_JUDGING)
        except Unavailable as error:
            if is_offline():
                raise
            raise Unavailable(
                f"{error.problem}; whether {release.name} {release.version} was released is unknown",
                fix=error.fix or "do it again: nothing is released twice",
            ) from error
        finally:
            self._seals.pop(release.name, None)
            self._modules = None

    def _seals_of(self, module: str) -> dict[str, str]:
        """The seals of a module's releases, by version."""
        if module not in self._seals:
            path = f"modules/{quote(module, safe='')}/releases"
            self._seals[module] = self._listed(path, f"releases of {module}", Versions({})).versions
        return self._seals[module]

    def _get(self, path: str) -> bytes:
        return self._connection.ask("GET", path)

    def _listed(self, path: str, what: str, none: _Answer) -> _Answer:
        """A list that grows: asked for each time; offline, the one that was seen last.

        Raises:
            Unavailable: the server does not answer, or was never asked before; the error says what is unknown.
            FieldstoneError: the server answers with an error.
        """
        if is_offline():
            return self._seen(what, type(none))
        try:
            body = self._get(path)
        except NotFound:
            body = json.encode(none)
        except Unavailable as error:
            fix = f"{error.fix}; {OFFLINE}=1 judges against those that were seen last"
            known = self._answers.get(_SEEN, what) is not None
            raise Unavailable(
                f"{error.problem}; the newest {what} are unknown", fix=fix if known else error.fix
            ) from error
        found = self._connection.decoded(body, type(none))
        if isinstance(found, Versions):
            self._refuse_lost(what, found)
        self._answers.keep(_SEEN, what, body)
        return found

    def _refuse_lost(self, what: str, found: Versions) -> None:
        """Raise if a list lacks releases that were seen before: an older backup was restored, or they were replaced.

        Raises:
            Damaged: it does.
        """
        try:
            before = json.decode(self._answers.get(_SEEN, what) or b"", type=Versions)
        except DecodeError:
            return
        lost = [version for version, seal in before.versions.items() if found.versions.get(version) != seal]
        if lost:
            raise Damaged(
                f"of the {what}, {self.address} has lost or replaced {', '.join(lost)} since it was last asked",
                fix=f"{self.remedy} whether an older backup was restored; if that is to stay, "
                f"remove {self._answers.place(_SEEN, what)}",
            )

    def _seen(self, what: str, kind: type[_Answer]) -> _Answer:
        kept = self._answers.get(_SEEN, what)
        if kept is None:
            raise Unavailable(
                f"{self.address} was not asked for the {what}, because {OFFLINE}=1, and no earlier answer is kept here",
                fix=f"unset {OFFLINE}, and do it again",
            )
        return self._connection.decoded(kept, kind)


class _Answers:
    """Answers of a server in the cache; a folder that cannot be written is passed over, as it is for the whole cache.

    Args:
        folder: the folder of the cache; None keeps nothing.
        address: the address of the server.
    """

    def __init__(self, folder: Path | None, address: str) -> None:
        self._cache = folder
        self._folder = folder / REGISTRIES / quote(address, safe="") if folder else None

    def get(self, kind: str, name: str) -> bytes | None:
        """An answer; None if it was not kept."""
        place = self.place(kind, name)
        try:
            return place.read_bytes() if place else None
        except OSError:
            return None

    def place(self, kind: str, name: str) -> Path | None:
        """The file of an answer; None without a cache."""
        return self._folder / kind / quote(name, safe="") if self._folder else None

    def keep(self, kind: str, name: str, content: bytes) -> None:
        """Keep an answer, in place of an older one."""
        if self._folder is None or self._cache is None:
            return
        folder = self._folder / kind
        try:
            make_folder(self._cache)
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as incoming:
                incoming.write(content)
            Path(incoming.name).replace(folder / quote(name, safe=""))
        except OSError:
            return


def _seal_of(text: bytes) -> str:
    return seal_of(text.decode("utf-8", "replace"))
