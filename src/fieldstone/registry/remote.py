"""A registry on a server: `https://HOST`, or `http://` on this machine; see docs/registry-protocol.md.

Manifests and files never change, so each is fetched once and kept in `.fieldstone/`. The list of a module's releases is
asked for each time. If the server cannot be reached, FIELDSTONE_OFFLINE=1 takes the list that was seen last.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

from msgspec import DecodeError, Struct, json

from fieldstone.errors import Damaged, Denied, FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.registry import problem
from fieldstone.registry.archive import MEDIA_TYPE, pack
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.local import Objects
from fieldstone.registry.manifest import seal_of
from fieldstone.registry.release import Release

if TYPE_CHECKING:
    import httpx

    from fieldstone.cache import Cache

TOKEN = "FIELDSTONE_TOKEN"  # noqa: S105 - the name of the variable
"""The environment variable with the token; without it, the login of the host in ~/.netrc counts, as for buf."""
OFFLINE = "FIELDSTONE_OFFLINE"
"""The environment variable that permits the list of releases that was seen last."""
_TIMEOUT = 30.0
"""The seconds that an answer may take, unless it judges a release."""
_LONGEST_JUDGING = 120.0
_SEEN = "seen"
"""The folder in the cache with the lists of releases."""
_MANIFESTS = "manifests"


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
        self.address = address.rstrip("/")
        self._folder = folder / "registries" / quote(urlsplit(self.address).netloc, safe="") if folder else None
        self._objects = Objects(folder)
        self._seals: dict[str, dict[str, str]] = {}
        _refuse_address(self.address)

    def modules(self) -> list[str]:
        """The names of all modules with a release that may be read, sorted."""
        return _decoded(self._listed("modules", "modules"), Modules, self.address).modules

    def versions(self, module: str) -> list[str]:
        """The versions of a module."""
        try:
            body = self._listed(f"modules/{quote(module, safe='')}/releases", f"releases of {module}")
        except NotFound:
            body = b'{"versions": {}}'
        self._seals[module] = _decoded(body, Versions, self.address).versions
        return [*self._seals[module]]

    def manifest(self, module: str, version: str) -> bytes | None:
        """The text of a release's manifest."""
        if module not in self._seals:
            self.versions(module)
        seal = self._seals[module].get(version)
        if seal is None:
            return None
        kept = self._kept(_MANIFESTS, seal)
        if kept is not None and seal_of(kept.decode("utf-8", "replace")) == seal:
            return kept
        text = self._get(f"modules/{quote(module, safe='')}/releases/{quote(version, safe='')}")
        if seal_of(text.decode("utf-8", "replace")) != seal:
            raise Damaged(f"{self.address}/{module}/{version} is not the release that is listed", fix=self.remedy)
        self._keep(_MANIFESTS, seal, text)
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

    def add(self, release: Release, text: bytes, files: Mapping[str, bytes]) -> None:
        """Send a new release, which the server judges by its own policy.

        Raises:
            Conflict: the version exists already, or another release was added meanwhile.
            Denied: the token does not allow it.
            Invalid: the server refuses it; the error has its findings.
        """
        self._ask(
            "POST",
            f"modules/{quote(release.name, safe='')}/releases",
            content=pack(text, files),
            headers={"Content-Type": MEDIA_TYPE},
            timeout=_LONGEST_JUDGING,
        )
        self._seals.pop(release.name, None)

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        token = os.environ.get(TOKEN, "")
        auth = None if token else _netrc()
        return httpx.Client(
            base_url=f"{self.address}/api/v1/",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            auth=auth,
            timeout=_TIMEOUT,
            transport=httpx.HTTPTransport(retries=2),
        )

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> bytes:
        """The body of an answer.

        Raises:
            FieldstoneError: the server cannot be reached, or answers with an error.
        """
        import httpx

        try:
            answer = self._client.request(method, path, content=content, headers=headers, timeout=timeout)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the registry {self.address} does not answer: {str(error) or type(error).__name__}",
                fix="see whether it can be reached from here, then do it again",
            ) from error
        if answer.is_success:
            return answer.content
        raise self._error(answer)

    def _error(self, answer: httpx.Response) -> FieldstoneError:
        told = problem.from_json(answer.content)
        if told is not None:
            return told
        what = f"the registry {self.address} answered {answer.status_code} to {answer.request.url.path}"
        if answer.status_code in {401, 403}:
            return Denied(what, fix=f"give a token in {TOKEN}, or log in with `buf registry login`")
        if answer.status_code == 404:  # noqa: PLR2004 - HTTP's
            return NotFound(what, fix="see whether a Fieldstone registry is at this address")
        return Unavailable(what, fix="see its log, then do it again")

    def _listed(self, path: str, what: str) -> bytes:
        """A list that grows: asked for each time; without the server the one that was seen last, if that is permitted.

        Raises:
            FieldstoneError: see `_ask`.
        """
        try:
            body = self._get(path)
        except Unavailable as error:
            kept = self._kept(_SEEN, what)
            if kept is None:
                raise
            if os.environ.get(OFFLINE) != "1":
                raise Unavailable(
                    f"{error.problem}; the newest {what} are unknown",
                    fix=f"do it again later, or set {OFFLINE}=1 to judge against those that were seen last",
                ) from error
            return kept
        self._keep(_SEEN, what, body)
        return body

    def _kept(self, kind: str, name: str) -> bytes | None:
        if self._folder is None:
            return None
        try:
            return (self._folder / kind / quote(name, safe="")).read_bytes()
        except OSError:
            return None

    def _keep(self, kind: str, name: str, content: bytes) -> None:
        """Keep an answer; a folder that cannot be written is passed over, as it is for the whole cache."""
        if self._folder is None:
            return
        from fieldstone.cache.store import make_folder

        target = self._folder / kind / quote(name, safe="")
        incoming = target.with_suffix(f".{os.getpid()}")
        try:
            make_folder(self._folder.parent.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.write_bytes(content)
            incoming.replace(target)
        except OSError:
            incoming.unlink(missing_ok=True)


def _decoded(body: bytes, kind: type[_Answer], address: str) -> _Answer:
    try:
        return json.decode(body, type=kind)
    except DecodeError as error:
        raise Unavailable(f"{address} does not answer as a Fieldstone registry does: {error}") from error


def _netrc() -> httpx.Auth | None:
    """The logins of ~/.netrc, or of the file that NETRC names; None without one."""
    import httpx

    file = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    return httpx.NetRCAuth(str(file)) if file.is_file() else None


def _refuse_address(address: str) -> None:
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise Invalid(
            f"{address.partition('@')[2] or address} is no address of a registry",
            fix=f"write it as https://HOST, without a token: that belongs in {TOKEN} or ~/.netrc",
        )
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise Invalid(f"{address} would send a token without encryption", fix=f"write https://{parts.netloc}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
