"""The addresses that webhooks may be sent to: public ones, and the networks that the server's options name.

A name is resolved at each delivery, and the connection goes to the address that was checked: otherwise a name could be
changed between check and connection to reach what only the server can reach.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from fieldstone.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that a gateway translates to IPv4 (RFC 6052)."""


class RefusedAddressError(Exception):
    """A webhook may not be sent to an address, or its host has none."""


def parse_network(text: str) -> Network:
    """A network, as `10.0.0.0/8` or one address.

    Raises:
        Invalid: it is none.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no network: {error}", fix="write it as 10.1.0.0/16") from error


async def addresses_of(host: str, port: int, permitted: Sequence[Network]) -> list[str]:
    """The addresses of a host, all of which webhooks may be sent to.

    Args:
        host: its name or address.
        port: the port.
        permitted: networks that are permitted besides public addresses.

    Raises:
        RefusedAddressError: one of them is not permitted, or the host is not known.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedAddressError(f"the host {host} cannot be resolved") from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        if not is_permitted(ipaddress.ip_address(address), permitted):
            raise RefusedAddressError(
                f"{host} has the address {address}, which is not public; "
                f"`fieldstone serve --webhooks-to {address}` permits it"
            )
    return addresses


def is_permitted(address: Address, permitted: Sequence[Network]) -> bool:
    """Whether webhooks may be sent to an address. One with another inside counts as both."""
    inner = _inside(address)
    if any(one in network for one in (inner or address, address) for network in permitted):
        return True
    return inner is None and address.is_global and not address.is_multicast


def _inside(address: Address) -> Address | None:
    """The IPv4 address inside an IPv6 address, by which it may reach another network than it seems to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
