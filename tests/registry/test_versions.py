"""Versions by the names of folders: in the order of semver, each number once."""

from __future__ import annotations

import random

import pytest
from semver import Version

from fieldstone.errors import FieldstoneError
from fieldstone.registry.versions import in_order, precedence

SHOP = "registry/shop"
ASCENDING = [
    "0.9.0",
    "0.10.0-0",
    "0.10.0",
    "1.0.0-1",
    "1.0.0-9",
    "1.0.0-10",
    "1.0.0-10.0",
    "1.0.0--1",
    "1.0.0-0a",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-rc.1+build.5",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "10.0.0",
]


def test_they_come_in_the_order_of_semver() -> None:
    names = random.Random(1).sample(ASCENDING, len(ASCENDING))
    found = in_order(names, SHOP)
    assert [*found] == ASCENDING
    assert [*map(str, found.values())] == ASCENDING


def test_a_thousand_with_pre_releases() -> None:
    ascending = [f"{n // 100}.{n // 10 % 10}.{n % 10}{rc}" for n in range(334) for rc in ("-rc.2", "-rc.10", "")]
    assert [*in_order(sorted(ascending), SHOP)] == ascending


def test_they_sort_as_versions_compare_themselves() -> None:
    drawn = random.Random(2)

    def version() -> Version:
        words = [drawn.choice(["0", "1", "2", "10", "11", "a", "b", "A", "-", "1a", "a1"]) for _ in range(3)]
        pre = ".".join(words[: drawn.randrange(4)])
        major, minor, patch = drawn.randrange(2), drawn.randrange(2), drawn.randrange(2)
        return Version(major, minor, patch, prerelease=pre or None, build=drawn.choice([None, "b"]))

    for _ in range(5000):
        one, other = version(), version()
        ours = (precedence(one) > precedence(other)) - (precedence(one) < precedence(other))
        assert ours == one.compare(other), f"{one} {other}"


@pytest.mark.parametrize(
    ("name", "other"), [("1.0.0+b", "1.0.0+a"), ("1.0.0+a", "1.0.0"), ("1.0.0-rc.1+a", "1.0.0-rc.1")]
)
def test_two_of_one_precedence(name: str, other: str) -> None:
    with pytest.raises(FieldstoneError) as caught:
        in_order(["0.1.0", name, "2.0.0", other], SHOP)
    assert str(caught.value).startswith(f"two releases of one number in registry/shop: {name} is {other} too")


@pytest.mark.parametrize("name", ["latest", "1.0", "v1.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "\u0661.0.0", "9" * 5000])
def test_what_is_no_version(name: str) -> None:
    with pytest.raises(FieldstoneError) as caught:
        in_order(["1.0.0", name], SHOP)
    assert str(caught.value).startswith(f"stray folder in the registry: registry/shop/{name} is no version")
