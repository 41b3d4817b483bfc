"""One attempt to deliver an event: a signed POST, of whose answer the status alone is read."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from enum import Enum

import httpx
from msgspec import Struct

from fieldstone import __version__
from fieldstone.registry.webhooks import events
from fieldstone.registry.webhooks.deliveries import Due
from fieldstone.registry.webhooks.signing import signed_headers
from fieldstone.server.webhooks.addresses import Network, RefusedAddressError, addresses_of

SECONDS = 10.0
"""The time of an attempt, from resolving the name to the status of the answer."""
_GONE = 410


class Result(Enum):
    """The result of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


class Outcome(Struct, frozen=True):
    """The outcome of an attempt.

    Attributes:
        result: its result.
        text: the answer or the error, for people.
    """

    result: Result
    text: str


class Sender:
    """Sends events; its connections are closed after each.

    Args:
        permitted: networks that are permitted besides public addresses.
    """

    def __init__(self, permitted: Sequence[Network]) -> None:
        self._permitted = permitted
        self._client: httpx.AsyncClient | None = None

    async def send(self, due: Due) -> Outcome:
        """Make one attempt."""
        try:
            async with asyncio.timeout(SECONDS):
                status = await self._status(due)
        except TimeoutError:
            return Outcome(Result.FAILED, f"no answer within {SECONDS:.0f} seconds")
        except RefusedAddressError as error:
            return Outcome(Result.FAILED, str(error))
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            return Outcome(Result.FAILED, f"not reached: {str(error) or type(error).__name__}"[:300])
        return _outcome(status)

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()

    async def _status(self, due: Due) -> int:
        """The status of the answer of the first address that takes a connection."""
        url = httpx.URL(due.url)
        host = url.raw_host.decode("ascii")
        addresses = await addresses_of(host, url.port or {"https": 443}.get(url.scheme, 80), self._permitted)
        failure: Exception = RefusedAddressError(f"the host {host} has no address")
        for address in addresses:
            try:
                return await self._posted(url, address, due)
            except httpx.ConnectError as error:
                failure = error
        raise failure

    async def _posted(self, url: httpx.URL, address: str, due: Due) -> int:
        body = events.body(due.row)
        headers = signed_headers(due.secret, due.message, int(time.time()), body)
        headers |= {
            "Content-Type": "application/json",
            "User-Agent": f"fieldstone/{__version__}",
            "Host": url.netloc.decode("ascii"),
        }
        name = {"sni_hostname": url.raw_host.decode("ascii")}  # the certificate must be of the host
        target = url.copy_with(host=address)
        if self._client is None:
            self._client = _client()
        async with self._client.stream("POST", target, content=body, headers=headers, extensions=name) as answer:
            return answer.status_code


def _client() -> httpx.AsyncClient:
    """A client that asks no proxy, follows no redirect and keeps no connection."""
    return httpx.AsyncClient(
        trust_env=False,
        verify=httpx.create_ssl_context(),  # with the certificates of SSL_CERT_FILE, if it is set
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=httpx.Timeout(SECONDS),
    )


def _outcome(status: int) -> Outcome:
    if httpx.codes.is_success(status):
        return Outcome(Result.DELIVERED, str(status))
    if status == _GONE:
        return Outcome(Result.GONE, "410: the receiver is gone")
    more = ": redirects are not followed" if httpx.codes.is_redirect(status) else ""
    return Outcome(Result.FAILED, f"{status}{more}")
