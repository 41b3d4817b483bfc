"""Judging one module against one baseline: both engines, the module's policy, and the verdict."""

from __future__ import annotations

import os.path
import re
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.findings.exempt_files import entered_findings
from fieldstone.compatibility.allowance import allowances, faults, not_allowed
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding, Level, Surface
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.pairing import changed_types
from fieldstone.compatibility.policy import Policy
from fieldstone.compatibility.rules import Context, Rule, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.compatibility.sunsets.notice import NO_HISTORY, SunsetHistory, Unread, not_asked
from fieldstone.compatibility.verdict import Bump, Verdict, required_bump, smallest_version
from fieldstone.project.settings import ModuleSettings
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf

if TYPE_CHECKING:
    from semver import Version

    from fieldstone.toolchain.joint import Inspecting


_NO_LEDGER = Ledger()
"""The history of a module that is judged without one."""


class Side(Struct, frozen=True, dict=True):
    """A compiled module whose image and schema are loaded on demand.

    Attributes:
        load_image: gives its image, in bytes.
        load_schema: loads its schema.
        label: its name in reports.
        unaltered: the declarations that are equal on the other side: names by path of a compared file.
        part: gives an image of the part that can differ from the other side, in bytes; by default all of it.
    """

    load_image: Callable[[], bytes]
    load_schema: Callable[[], Schema]
    label: str
    unaltered: Mapping[str, Collection[str]] = {}
    part: Callable[[], bytes] | None = None

    @cached_property
    def image(self) -> bytes:
        """The whole image."""
        return self.load_image()

    @cached_property
    def compared(self) -> bytes:
        """The image to compare with the other side."""
        return self.part() if self.part else self.image

    @cached_property
    def schema(self) -> Schema:
        """The schema, loaded on first use, while buf is already running.

        Raises:
            FieldstoneError: the image is damaged.
        """
        return self.load_schema()


class Judgement(Struct, frozen=True):
    """The judgement of a module's change; paths in findings are relative to the module's root."""

    findings: tuple[Finding, ...]
    bump: Bump
    changed: int


def judge_change(
    old: Side,
    new: Side,
    ledger: Ledger,
    settings: ModuleSettings,
    *,
    same_sources: bool,
    second_opinion: bool = True,
    asked: Inspecting | None = None,
    style: bool = True,
    sunsets: SunsetHistory = NO_HISTORY,
    today: date | None = None,
) -> Judgement:
    """Judge a module against a baseline.

    Args:
        old: the baseline.
        new: the module in its new version.
        ledger: the history of the module.
        settings: the settings of the module.
        same_sources: whether the sources are equal to the byte.
        second_opinion: whether `buf breaking` runs as well.
        asked: `buf breaking` on both sides, if it was started before.
        style: whether the naming rules run on new elements.
        sunsets: the sunsets in the module's releases.
        today: the day to judge as of, in UTC; today's by default.

    Raises:
        FieldstoneError: the engines disagree, or buf fails.
    """

    def natively() -> tuple[Context, list[Finding]]:
        context = _context(old.schema, new.schema, ledger, settings, sunsets=sunsets, today=today)
        return context, judge(context, _breaking_rules())

    context, findings = _by_both_engines(old, new, natively, asked) if second_opinion else natively()
    policy = policy_of(settings, today, sunsets.unread)
    counted = policy.apply(findings + (judge_style(context, settings) if style else []))
    counted += entered_findings(context, settings.exemptions)
    same = old.schema.same_contract(new.schema)
    return Judgement(
        findings=tuple(counted),
        bump=required_bump(counted, same_contract=same, same_sources=same_sources),
        changed=len(changed_types(context.changes)),
    )


def _by_both_engines(
    old: Side, new: Side, natively: Callable[[], tuple[Context, list[Finding]]], asked: Inspecting | None
) -> tuple[Context, list[Finding]]:
    """The findings of Fieldstone's rules, once buf agrees on every rule that both have.

    The native rules run while buf does. If they disagree in a common run, buf is asked about this module alone.
    """
    with (
        tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch,
        closing(asked or buf.breaking(old.compared, new.compared, scratch=Path(scratch))) as second,
    ):
        context, native = natively()
        annotations = second.diagnostics(what="buf breaking")
    found = disagreements(native, annotations, (context.old, context.new))
    if found and asked:
        return _by_both_engines(old, new, natively, None)
    if found:
        from fieldstone.checking.disagreement import refuse_disagreement

        refuse_disagreement(found, old.compared, new.compared, old.label)
    return context, native


def _breaking_rules() -> list[Rule]:
    return [rule for rule in all_rules().values() if not rule.is_style]


def judge_first(
    new: Schema,
    settings: ModuleSettings,
    *,
    style: bool = True,
    sunsets: SunsetHistory = NO_HISTORY,
    today: date | None = None,
) -> Judgement:
    """Judge a module without a baseline: the sunsets that it announces and, optionally, its style.

    Args:
        new: the module in its new version.
        settings: the settings of the module.
        style: whether the naming rules run.
        sunsets: the sunsets in the module's releases, if it has any.
        today: the day to judge as of, in UTC; today's by default.
    """
    context = _context(Schema(), new, Ledger(), settings, sunsets=sunsets, today=today)
    found = judge(context, [rule for rule in all_rules().values() if rule.is_announcement])
    if style:
        found += judge_style(context, settings)
    return Judgement(tuple(policy_of(settings, today).apply(found)), Bump.NONE, 0)


def judge_style(context: Context, settings: ModuleSettings) -> list[Finding]:
    """The findings of the naming rules on new elements, if the module enables them.

    Findings that a comment in the source allows are left out; new allowances are judged as well.
    """
    rules = [rule for rule in all_rules().values() if rule.is_style] if settings.naming else []
    found, allowed = judge(context, rules), allowances(context.new)
    before = {allowance.key for allowance in allowances(context.old)} if allowed else set()
    fresh = [allowance for allowance in allowed if allowance.key not in before]
    everything = judge(replace(context, old=Schema()), rules) if fresh and rules else None
    return not_allowed(found, allowed) + faults(fresh, everything)


def policy_of(settings: ModuleSettings, today: date | None = None, unread: Unread = not_asked) -> Policy:
    """The policy that a module's settings describe.

    Args:
        settings: the settings.
        today: the day to judge as of, in UTC; today's by default.
        unread: as in `Policy`: only findings that it is applied to need it.
    """
    return Policy(
        surfaces=frozenset(map(Surface, settings.surfaces)),
        levels={rule: Level(level) for rule, level in settings.rules.items()},
        fail_on=Level(settings.fail_on),
        waivers=settings.waivers,
        exemptions=settings.exemptions,
        exempts_unstable=settings.unstable_packages == "exempt",
        today=today or today_utc(),
        unread=unread,
    )


def with_usual_additions(settings: ModuleSettings) -> ModuleSettings:
    """The settings of a module without "error" for rules on additions, which are warnings by default."""
    raised = {rule.id for rule in all_rules().values() if rule.is_addition and settings.rules.get(rule.id) == "error"}
    return replace(settings, rules={rule: level for rule, level in settings.rules.items() if rule not in raised})


def decide(
    findings: Sequence[Finding],
    bump: Bump,
    released: Sequence[Version],
    settings: ModuleSettings,
    *,
    line: str = "",
    beside: Sequence[Version] = (),
) -> Verdict:
    """The verdict on a module.

    Args:
        findings: those that count.
        bump: the bump that the change needs.
        released: the module's versions up to the newest of its line, in the order of semver.
        settings: the settings of the module.
        line: the minor line that goes on, which takes no break, even with a waiver; empty in the main line.
        beside: the versions of minor lines beside the main line.
    """
    refused = policy_of(settings).refuses(passing_before_1_0(findings, released, settings))
    lenient = settings.breaking_before_1_0 == "minor"
    version = smallest_version(released, bump, zero_minor=lenient, line=line, beside=beside)
    return Verdict(bump, version, allowed=not refused and not (line and bump is Bump.MAJOR))


def settings_in(line: str, settings: ModuleSettings) -> ModuleSettings:
    """The settings of a module in a minor line, where a break never passes because the version is 0.x."""
    return replace(settings, breaking_before_1_0="major") if line else settings


def passing_before_1_0(
    findings: Sequence[Finding], released: Sequence[Version], settings: ModuleSettings
) -> tuple[Finding, ...]:
    """The findings; those that pass because the released version is 0.x become notes that say so.

    Args:
        findings: those that count.
        released: the module's versions, in the order of semver.
        settings: the settings of the module.
    """
    lenient = settings.breaking_before_1_0 == "minor" and bool(released) and released[-1].major == 0
    if not lenient:
        return tuple(findings)
    policy = policy_of(settings)
    return tuple(
        replace(finding, level=Level.NOTE, fix=_PASSES_BEFORE_1_0, before_1_0=True)
        if finding.breaks and policy.refuses([finding])
        else finding
        for finding in findings
    )


_PASSES_BEFORE_1_0 = 'passes before 1.0.0 (breaking-before-1-0 = "minor")'
"""The fix in a note on a break that 0.x permits."""


def judge_natively(
    old: Schema,
    new: Schema,
    settings: ModuleSettings,
    *,
    ledger: Ledger = _NO_LEDGER,
    sunsets: SunsetHistory = NO_HISTORY,
    today: date | None = None,
) -> list[Finding]:
    """The findings that count between two schemas, from the native engine alone.

    Args:
        old: the baseline.
        new: the module in its new version.
        settings: the settings of the module.
        ledger: the history of the module; without it no reuse of a number or name is found.
        sunsets: the sunsets in the module's releases.
        today: the day to judge as of, in UTC; today's by default.
    """
    found = judge(_context(old, new, ledger, settings, sunsets=sunsets, today=today), _breaking_rules())
    return policy_of(settings, today, sunsets.unread).apply(found)


def bump_since(
    old: Schema,
    new: Schema,
    settings: ModuleSettings,
    *,
    same_sources: bool = False,
    sunsets: SunsetHistory = NO_HISTORY,
    today: date | None = None,
) -> Bump:
    """The bump that the difference between two schemas needs, from the native engine alone; see `judge_natively`."""
    findings = judge_natively(old, new, settings, sunsets=sunsets, today=today)
    return required_bump(findings, same_contract=old.same_contract(new), same_sources=same_sources)


def relocate(finding: Finding, root: Path, before: Callable[[str], Path], start: Path) -> Finding:
    """The finding with its paths made relative to `start`.

    Args:
        finding: the finding; its paths are relative to the module's root.
        root: that root.
        before: returns the place of a file of the baseline, from its path relative to the root there.
        start: the folder that paths become relative to.
    """
    location = replace(finding.location, path=_path_from(start, root / finding.location.path))
    was_at = finding.was_at and replace(finding.was_at, path=_path_from(start, before(finding.was_at.path)))
    return replace(finding, location=location, was_at=was_at)


def _path_from(start: Path, path: Path) -> str:
    """A path relative to a folder; an address stays as it is."""
    if not path.is_absolute():
        return re.sub(r"^([a-z][a-z0-9+]+):/(?!/)", r"\1://", path.as_posix())  # `Path` drops the second slash
    return Path(os.path.relpath(path, start)).as_posix()


def _context(
    old: Schema, new: Schema, ledger: Ledger, settings: ModuleSettings, *, sunsets: SunsetHistory, today: date | None
) -> Context:
    return Context(old, new, ledger, today or today_utc(), settings.options, settings.notice, sunsets)


def today_utc() -> date:
    """The current date in UTC."""
    return datetime.now(UTC).date()
