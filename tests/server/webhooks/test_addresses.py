"""Where webhooks may be sent: public addresses, and what the server's options permit."""

from __future__ import annotations

import ipaddress

import pytest

from fieldstone.errors import Invalid
from fieldstone.registry.webhooks.hooks import check_url
from fieldstone.server.webhooks.addresses import is_permitted, parse_network

_INTERNAL = """
    127.0.0.1 127.9.9.9 ::1 0.0.0.0 :: 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1
    255.255.255.255 198.18.0.1 fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 2002:7f00:1:: 64:ff9b::7f00:1
    2001:0:4136:e378:8000:63bf:80ff:fffe 2001:db8::1
""".split()


@pytest.mark.parametrize("address", _INTERNAL)
def test_addresses_of_internal_networks_are_refused(address: str) -> None:
    assert not is_permitted(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
def test_public_addresses_are_permitted(address: str) -> None:
    assert is_permitted(ipaddress.ip_address(address), [])


def test_a_named_network_is_permitted_and_no_other() -> None:
    permitted = [parse_network("10.1.0.0/16"), parse_network("::1")]

    found = [is_permitted(ipaddress.ip_address(one), permitted) for one in ("10.1.9.9", "::ffff:10.1.0.1", "::1")]
    others = [is_permitted(ipaddress.ip_address(one), permitted) for one in ("10.2.0.1", "127.0.0.1", "fe80::1")]

    assert found == [True, True, True]
    assert others == [False, False, False]


@pytest.mark.parametrize("network", ["10.0.0.1/8", "everywhere", "", "10.0.0.0/33"])
def test_no_network(network: str) -> None:
    with pytest.raises(Invalid, match="is no network"):
        parse_network(network)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://example.com/hook", "without encryption"),
        ("ftp://example.com", "no address of a webhook"),
        ("https://", "no address"),
        ("https://ada:secret@example.com/", "no user"),
        ("https://example.com/#here", "fragment"),
        ("https://example.com:99999/", "no address"),
        ("https://[::1/", "no address"),
        ("https://example.com/a b", "no address"),
        ("https://example.com/\r\nHost: other", "no address"),
        ("https://exämple.com/", "no address"),
        ("https://example.com/" + "a" * 2000, "no address"),
        ("file:///etc/passwd", "no address"),
    ],
)
def test_no_address_of_a_webhook(url: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        check_url(url)
