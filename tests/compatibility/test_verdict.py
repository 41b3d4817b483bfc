"""Which version may carry what, as https://semver.org/spec/v2.0.0.html orders and bumps them."""

from __future__ import annotations

import pytest
from semver import Version

from fieldstone.compatibility.finding import Finding, Level, Surface
from fieldstone.compatibility.policy import Policy
from fieldstone.compatibility.verdict import Bump, may_carry, required_bump, smallest_version
from fieldstone.schema.location import Location

NONE, PATCH, MINOR, MAJOR = Bump.NONE, Bump.PATCH, Bump.MINOR, Bump.MAJOR


@pytest.mark.parametrize(
    ("released", "bump", "expected"),
    [
        ("", NONE, "1.0.0"),
        ("", MAJOR, "1.0.0"),
        ("1.2.3", NONE, None),
        ("1.2.3", PATCH, "1.2.4"),
        ("1.2.3", MINOR, "1.3.0"),
        ("1.2.3", MAJOR, "2.0.0"),
        ("1.9.0 1.10.0", MINOR, "1.11.0"),
        ("1.10.0 1.9.0", MINOR, "1.11.0"),
        ("0.1.0", PATCH, "0.1.1"),
        ("0.1.0", MINOR, "0.2.0"),
        ("0.1.0", MAJOR, "0.2.0"),
        ("0.9.0 1.0.0", MAJOR, "2.0.0"),
        ("1.0.0-rc.1", NONE, "1.0.0"),
        ("1.0.0-rc.1", MAJOR, "1.0.0"),
        ("1.0.0 1.1.0-rc.1", NONE, "1.1.0"),
        ("1.0.0 1.1.0-rc.1", PATCH, "1.1.0"),
        ("1.0.0 1.1.0-rc.1", MINOR, "1.1.0"),
        ("1.0.0 1.1.0-rc.1", MAJOR, "2.0.0"),
        ("1.0.0 2.0.0-rc.1", MINOR, "2.0.0"),
        ("1.0.0 2.0.0-rc.1", MAJOR, "2.0.0"),
        ("1.0.0 1.0.1-rc.1", MINOR, "1.1.0"),
        ("0.1.0 0.2.0-rc.1", MAJOR, "0.2.0"),
        ("1.1.0-rc.1 1.1.0", NONE, None),
        ("1.1.0-rc.1 1.1.0", MINOR, "1.2.0"),
    ],
)
def test_the_smallest_version(released: str, bump: Bump, expected: str | None) -> None:
    found = smallest_version([Version.parse(version) for version in released.split()], bump)
    assert (str(found) if found else None) == expected


def test_before_1_0_a_break_may_be_asked_to_raise_the_major() -> None:
    released = [Version.parse("0.3.1")]
    assert str(smallest_version(released, MAJOR, zero_minor=False)) == "1.0.0"
    assert str(smallest_version(released, MINOR, zero_minor=False)) == "0.4.0"


def test_a_line_takes_patches_and_the_main_line_leaves_them_to_it() -> None:
    released = [Version.parse("1.4.0"), Version.parse("1.4.1")]
    found = [str(smallest_version(released, bump, line="1.4")) for bump in (PATCH, MINOR, MAJOR)]
    assert found == ["1.4.2", "1.4.2", "2.0.0"]
    assert smallest_version(released, NONE, line="1.4") is None
    beside = [Version.parse("1.4.2")]
    assert [str(smallest_version(released, bump, beside=beside)) for bump in (PATCH, MINOR)] == ["1.5.0", "1.5.0"]


@pytest.mark.parametrize(
    ("version", "smallest", "may"),
    [
        ("1.3.0", "1.3.0", True),
        ("1.3.1", "1.3.0", True),
        ("2.0.0", "1.3.0", True),
        ("1.2.9", "1.3.0", False),
        ("1.3.0-rc.1", "1.3.0", True),
        ("1.2.9-rc.1", "1.3.0", False),
        ("2.0.0-alpha", "1.3.0", True),
        ("1.2.0", "1.2.0", False),
        ("1.2.0-rc.1", "1.2.0", False),
    ],
)
def test_what_a_version_may_carry_after_1_2_0(version: str, smallest: str, *, may: bool) -> None:
    released = [Version.parse("1.0.0"), Version.parse("1.2.0")]
    assert may_carry(Version.parse(version), released, Version.parse(smallest)) is may


def finding(*breaks: Surface, level: Level = Level.ERROR, rule: str = "field-removed") -> Finding:
    return Finding(rule=rule, subject="a.B.c", message="x", location=Location("a.proto"), breaks=breaks, level=level)


@pytest.mark.parametrize(
    ("findings", "same_contract", "same_sources", "expected"),
    [
        ([], True, True, NONE),
        ([], True, False, PATCH),
        ([], False, False, MINOR),
        ([finding()], False, False, MINOR),
        ([finding(Surface.JSON)], False, False, MAJOR),
        ([finding(Surface.WIRE, level=Level.NOTE)], False, False, MAJOR),
    ],
)
def test_the_bump_that_a_change_asks_for(
    findings: list[Finding], expected: Bump, *, same_contract: bool, same_sources: bool
) -> None:
    assert required_bump(findings, same_contract=same_contract, same_sources=same_sources) is expected


def test_a_policy_keeps_what_a_module_protects() -> None:
    policy = Policy(surfaces=frozenset({Surface.WIRE}), levels={"field-renamed": Level.OFF, "type-moved": Level.NOTE})
    kept = policy.apply(
        [
            finding(Surface.WIRE, Surface.JSON),
            finding(Surface.JSON),
            finding(Surface.WIRE, rule="field-renamed"),
            finding(Surface.WIRE, rule="type-moved"),
            finding(rule="message-name-without-version"),
        ]
    )
    assert [(f.rule, f.breaks, f.level) for f in kept] == [
        ("field-removed", (Surface.WIRE,), Level.ERROR),
        ("type-moved", (Surface.WIRE,), Level.NOTE),
        ("message-name-without-version", (), Level.ERROR),
    ]


def test_a_policy_refuses_from_its_level_on() -> None:
    findings = [finding(level=level) for level in (Level.ERROR, Level.WARNING, Level.NOTE)]
    assert [f.level for f in Policy().refuses(findings)] == [Level.ERROR]
    assert [f.level for f in Policy(fail_on=Level.WARNING).refuses(findings)] == [Level.ERROR, Level.WARNING]
