"""The policy: what waivers change about what counts, and that without one nothing changes."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, Level, Surface
from fieldstone.compatibility.policy import Policy, is_used
from fieldstone.compatibility.waiver import Waiver
from fieldstone.schema.location import Location

TODAY = date(2026, 6, 1)
RULES = st.sampled_from(["field-removed", "field-renamed", "FIELD_SAME_NAME"])
SUBJECTS = st.sampled_from(["a.B", "a.B.c", "a.B.cc", "b.C.*"])
SURFACES = st.sets(st.sampled_from(list(Surface)))
FINDINGS = st.lists(
    st.builds(
        dict,
        rule=RULES,
        subject=SUBJECTS,
        message=st.just(""),
        location=st.just(Location("a.proto")),
        breaks=SURFACES.map(lambda found: tuple(s for s in Surface if s in found)),
        level=st.sampled_from([Level.ERROR, Level.WARNING, Level.NOTE]),
    ).map(lambda given: Finding(**given)),
    max_size=6,
)
WAIVERS = st.lists(
    st.builds(
        dict,
        rule=RULES,
        subject=SUBJECTS,
        reason=st.just("r"),
        owner=st.just("o"),
        until=st.integers(-2, 2).map(lambda days: (TODAY + timedelta(days)).isoformat()),
    ).map(lambda given: Waiver(**given)),
    max_size=6,
).map(tuple)
POLICIES = st.builds(
    dict,
    surfaces=SURFACES.map(frozenset),
    levels=st.dictionaries(RULES, st.sampled_from(list(Level)), max_size=2),
    fail_on=st.sampled_from([Level.ERROR, Level.WARNING]),
    today=st.just(TODAY),
).map(lambda given: Policy(**given))


@given(POLICIES, FINDINGS)
def test_without_a_waiver_every_severe_finding_refuses(policy: Policy, findings: list[Finding]) -> None:
    counted = policy.apply(findings)
    severe = [Level.ERROR] if policy.fail_on is Level.ERROR else [Level.ERROR, Level.WARNING]
    assert policy.refuses(counted) == [finding for finding in counted if finding.level in severe]
    assert policy.expired(counted) == []
    assert all(finding.waiver is None for finding in counted)


@given(POLICIES, FINDINGS, WAIVERS)
def test_a_waiver_changes_nothing_but_what_refuses(
    policy: Policy, findings: list[Finding], waivers: tuple[Waiver, ...]
) -> None:
    before, permissive = policy.apply(findings), replace(policy, waivers=waivers)
    after = permissive.apply(findings)
    assert [replace(finding, waiver=None) for finding in after] == before
    in_force = {(w.rule, w.subject) for w in waivers if w.until >= TODAY.isoformat()}
    refused = [f for f in policy.refuses(before) if (f.rule, f.subject) not in in_force]
    assert [replace(finding, waiver=None) for finding in permissive.refuses(after)] == refused


@given(POLICIES, FINDINGS, WAIVERS)
def test_every_waiver_is_in_force_expired_or_unused(
    policy: Policy, findings: list[Finding], waivers: tuple[Waiver, ...]
) -> None:
    permissive = replace(policy, waivers=waivers)
    counted = permissive.apply(findings)
    for finding in counted:
        assert finding.waiver is None or finding.waiver.covers(finding.rule, finding.subject)
    for waiver, finding in permissive.expired(counted):
        assert not waiver.holds_on(TODAY)
        assert is_used(waiver, [finding])
    unused = [waiver for waiver in waivers if not is_used(waiver, counted)]
    assert not any(finding.waiver in unused for finding in counted)


def test_a_waiver_holds_to_the_end_of_its_day() -> None:
    waiver = Waiver(rule="r", subject="s", reason="r", owner="o", until="2026-06-01")
    assert waiver.holds_on(date(2026, 6, 1))
    assert not waiver.holds_on(date(2026, 6, 2))
