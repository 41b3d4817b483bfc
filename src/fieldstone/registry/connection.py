"""Calls of a registry on a server: its address, the token, retries, and errors as Fieldstone's own."""

from __future__ import annotations

import ipaddress
import os
import weakref
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from msgspec import DecodeError, json

from fieldstone import __version__
from fieldstone.errors import Denied, FieldstoneError, Invalid, Unavailable
from fieldstone.registry import problem

if TYPE_CHECKING:
    import httpx

TOKEN = "FIELDSTONE_TOKEN"  # noqa: S105 - the name of the variable
"""The environment variable with the token; without it, the login of the host in ~/.netrc counts, as for buf."""
OFFLINE = "FIELDSTONE_OFFLINE"
"""The environment variable that forbids to ask any server, if it is 1."""
_TIMEOUT = 30.0
"""The seconds that the server may be silent, unless it judges a release."""
_CONNECTING = 10.0
"""The seconds that connecting may take."""
_ATTEMPTS = 3
"""The most times that a call is made which changes nothing, or which did not reach the server."""
_PASSING = {429, 502, 503, 504}
"""The statuses of answers that may be better a moment later."""


_Answer = TypeVar("_Answer")
_JSON = {"Content-Type": "application/json"}


def is_offline() -> bool:
    """Whether no server may be asked."""
    return os.environ.get(OFFLINE) == "1"


class Connection:
    """Calls of the protocol below `/api/v1` of a registry.

    Args:
        address: `https://HOST`, with a path if the registry is below one, or `http://` on this machine.

    Raises:
        Invalid: it is no such address, or the token cannot be one.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        _refuse_address(self.address)
        self._failure: Unavailable | None = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> bytes:
        """The body of an answer; a server that was unavailable once is not asked again.

        Args:
            method: GET, POST, ...
            path: the path below `/api/v1/`, quoted.
            content: the body of the request.
            headers: headers besides those of every request.
            timeout: the seconds that the server may be silent.

        Raises:
            FieldstoneError: the server may not be asked, cannot be reached, or answers with an error.
        """
        if is_offline():
            raise Unavailable(f"{self.address} was not asked, because {OFFLINE}=1", fix=f"unset {OFFLINE}")
        if self._failure is not None:  # a command does not wait for it again
            raise Unavailable(self._failure.problem, fix=self._failure.fix)
        try:
            return self._answered(method, path, content=content, headers=headers, timeout=timeout)
        except Unavailable as error:
            self._failure = error
            raise

    def send(self, method: str, path: str, body: object = None, *, timeout: float = _TIMEOUT) -> bytes:
        """The body of the answer to a value that is sent as JSON.

        Args:
            method: see `ask`.
            path: see `ask`.
            body: the value; None for no body.
            timeout: see `ask`.

        Raises:
            FieldstoneError: see `ask`.
        """
        content = json.encode(body) if body is not None else None
        return self.ask(method, path, content=content, headers=_JSON if content else None, timeout=timeout)

    def ask_for(
        self, kind: type[_Answer], method: str, path: str, body: object = None, *, timeout: float = _TIMEOUT
    ) -> _Answer:
        """The value in an answer of JSON.

        Args:
            kind: the type of the value.
            method: see `ask`.
            path: see `ask`.
            body: see `send`.
            timeout: see `ask`.

        Raises:
            FieldstoneError: see `ask`; `Unavailable` for an answer of another type.
        """
        return self.decoded(self.send(method, path, body, timeout=timeout), kind)

    def decoded(self, answer: bytes, kind: type[_Answer]) -> _Answer:
        """The value in an answer of JSON.

        Raises:
            Unavailable: it is of another type.
        """
        try:
            return json.decode(answer, type=kind)
        except DecodeError as error:
            raise Unavailable(
                f"{self.address} does not answer as a Fieldstone registry does: {error}",
                fix="see whether a Fieldstone registry is at this address",
            ) from error

    def _answered(
        self, method: str, path: str, *, content: bytes | None, headers: Mapping[str, str] | None, timeout: float
    ) -> bytes:
        import httpx

        limits = httpx.Timeout(timeout, connect=_CONNECTING)

        def send() -> httpx.Response:
            return self._client.request(method, path, content=content, headers=headers, timeout=limits)

        try:
            answer = _repeated(send, reads=method == "GET")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"the registry {self.address} does not answer: {str(error) or type(error).__name__}",
                fix="see whether it can be reached from here, then do it again",
            ) from error
        if answer.is_success:
            return answer.content
        raise self._error(answer)

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        headers = {"User-Agent": f"fieldstone/{__version__}"}
        token = _token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.Client(base_url=f"{self.address}/api/v1/", headers=headers, auth=None if token else _netrc())
        weakref.finalize(self, client.close)
        return client

    def _error(self, answer: httpx.Response) -> FieldstoneError:
        told = problem.from_json(answer.content)
        if told is not None:
            return told
        what = f"the registry {self.address} answered {answer.status_code} to {answer.request.url.path}"
        if answer.status_code in {401, 403}:
            return Denied(what, fix=f"give a token in {TOKEN}, or log in with `buf registry login`")
        if answer.status_code in _PASSING or answer.is_server_error:
            return Unavailable(what, fix="see its log, then do it again")
        return Invalid(what, fix="see whether a Fieldstone registry is at this address")


def _repeated(send: Callable[[], httpx.Response], *, reads: bool) -> httpx.Response:
    """The answer to a request, which is sent again after a failure that may pass.

    A request that changes something is sent again only if it did not reach the server.
    """
    import httpx
    from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_random_exponential

    def may_pass(state: RetryCallState) -> bool:
        assert state.outcome is not None  # noqa: S101 - it is called with one
        error = state.outcome.exception()
        if error is None:
            return reads and state.outcome.result().status_code in _PASSING
        if isinstance(error, httpx.ConnectError):
            return True
        return reads and isinstance(error, httpx.TransportError) and not isinstance(error, httpx.TimeoutException)

    def last(state: RetryCallState) -> httpx.Response:
        assert state.outcome is not None  # noqa: S101
        answer: httpx.Response = state.outcome.result()
        return answer

    attempts = Retrying(
        retry=may_pass,
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        retry_error_callback=last,
    )
    return attempts(send)


def _token() -> str:
    """The token of the environment; empty if there is none.

    Raises:
        Invalid: it has other characters than a token can have.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not all("!" <= letter <= "~" for letter in token):
        raise Invalid(f"the text in {TOKEN} is no token: it has spaces, or other than ASCII", fix="set it anew")
    return token


def _netrc() -> httpx.Auth | None:
    """The logins of ~/.netrc, or of the file that NETRC names; None without one.

    Raises:
        Invalid: the file cannot be read.
    """
    from netrc import NetrcParseError

    import httpx

    file = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    try:
        return httpx.NetRCAuth(str(file)) if file.is_file() else None
    except (NetrcParseError, OSError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot read {file}: {error}", fix=f"mend it, or give a token in {TOKEN}") from error


def _refuse_address(address: str) -> None:
    shown = address.rpartition("@")[2]
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{shown} is no address of a registry: {error}", fix="write it as https://HOST") from error
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc or not address.isprintable():
        raise Invalid(
            f"{shown} is no address of a registry",
            fix=f"write it as https://HOST, without a token: that belongs in {TOKEN} or ~/.netrc",
        )
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise Invalid(f"{address} would send a token without encryption", fix=f"write https://{parts.netloc}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
