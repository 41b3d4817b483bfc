"""The audit of a release: everything in its manifest is recomputed from its sources and the release before."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.checking.baseline import ledger_of
from fieldstone.checking.drafting import SKEW
from fieldstone.checking.judgement import (
    Judgement,
    Side,
    decide,
    judge_change,
    judge_first,
    judge_natively,
    policy_of,
    settings_in,
    with_usual_additions,
)
from fieldstone.checking.readers import NoKnownReader
from fieldstone.checking.release_changes import FIRST_RELEASE, release_changes, retirement_changes
from fieldstone.checking.released_sunsets import sunset_history
from fieldstone.compatibility import RULES_VERSION
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.sunsets.notice import SunsetHistory, Unread, asked_before, not_asked
from fieldstone.compatibility.verdict import Bump, may_carry, required_bump, smallest_version
from fieldstone.consumers.published import Known
from fieldstone.project.released_workspace import lay_out
from fieldstone.project.settings import ModuleSettings
from fieldstone.registry import Defect, Registry
from fieldstone.registry.release import IMAGE, LEDGER, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import b5
from fieldstone.schema.image import content_digests, with_own
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import CompileError

if TYPE_CHECKING:
    from semver import Version


class Audit(Struct, dict=True):
    """The audit of one release whose files match its manifest.

    Attributes:
        registry: where it is.
        release: the release.
        before: the releases before it in its line, in the order of semver.
        settings: the module's settings.
        today: the day that waivers and sunsets are judged as of, in UTC.
        is_new: whether the judged change adds it. Then code must be generatable from it. The settings of an older
            release are unknown: it needs no waiver for additions, and may have called them major. The same is true of
            a release accepted as history, which may also break what it likes, under any version.
        ask: gives what is known of consumers, for a new release; without it, nothing has no known reader.
    """

    registry: Registry
    release: Release
    before: Sequence[Release]
    settings: ModuleSettings
    today: date
    is_new: bool = True
    ask: Callable[[], Known] | None = None

    def defects(self) -> list[Defect]:
        """The differences between the release and its manifest; if its contents differ, only these.

        Raises:
            FieldstoneError: a file cannot be read, or the engines disagree.
        """
        return self.content_defects() or [*self._date(), *self._claims()]

    def content_defects(self) -> list[Defect]:
        """Digests, image or ledger that do not follow from the sources and the releases before.

        Raises:
            FieldstoneError: a file cannot be read.
        """
        return [*self._content()]

    def _content(self) -> Iterator[Defect]:
        digest = b5(self.release.digested, (link.digest for link in self.release.dependencies))
        if digest != self.release.digest:
            yield self._defect("digest-wrong", "its b5 digest is not that of its sources")
        for link in self.release.dependencies:
            if link.is_release and self.registry.release(link.name, link.version).digest != link.digest:
                yield self._defect(
                    "digest-wrong", f"it imports {link.name} {link.version}, whose digest is another one"
                )
        if not self.release.retired:  # a retirement has nothing to compile
            yield from self._image()
        ledger = self._ledger_of_line.advance(self._schema_of(self.release), self.release.version)
        if not self._has(ledger):
            yield self._defect("ledger-wrong", f"its {LEDGER} is not what the releases up to it used")

    def _has(self, ledger: Ledger) -> bool:
        """Whether its ledger, with the older ones that it continues, is the given one."""
        if self.release.layout == 1:
            return self.registry.read(self.release, LEDGER).decode("utf-8", "replace") == ledger.to_json()
        return ledger_of(self.registry, self.release).to_json() == ledger.to_json()

    def _date(self) -> Iterator[Defect]:
        """A release date before the previous release's, or in the future, beyond the accepted clock difference."""
        made, now = self.release.released_time, datetime.now(UTC)
        said = f"it says that it was made at {self.release.released_at}"
        if self._newest and made < self._newest.released_time - SKEW and not self.release.accepted:
            yield self._defect("date-wrong", f"{said}, before {self._newest.version}, which it follows")
        if made > now + SKEW:
            yield self._defect("date-wrong", f"{said}, and it is {now:%Y-%m-%dT%H:%M:%SZ}")

    def _claims(self) -> Iterator[Defect]:
        rules = [*self._rules()]
        if rules:
            yield from rules
            return
        yield from self._history() if self.release.accepted else self._breaks()
        yield from self._waivers()
        yield from self._exemptions()
        if self._is_gated and not self.release.retired:
            yield from self._annotations()
        if self._newest is None:
            yield from self._first()
        else:
            yield from self._version()
            yield from self._summary()

    @property
    def _is_gated(self) -> bool:
        """Whether the settings and rules of today decide what it may be."""
        return self.is_new and not self.release.accepted

    def _history(self) -> Iterator[Defect]:
        """Defects of a release accepted as history: it may follow no judged release, and record no waiver."""
        if self._newest and not self._newest.accepted:
            problem = f"it says that it is history, and follows {self._newest.version}, which is not"
            yield self._defect("history-wrong", problem)
        if self.release.retired or self.release.waivers:
            what = "retires the module" if self.release.retired else "records waivers"
            yield self._defect("history-wrong", f"it says that it is history, and {what}")

    def _rules(self) -> Iterator[Defect]:
        """A rules version that is newer than this Fieldstone's, or older than a new or later release may have."""
        rules, said = self.release.rules, f"it says that rules of version {self.release.rules} judged it"
        if rules > RULES_VERSION:
            defect = self._defect("rules-wrong", f"{said}, and this Fieldstone has those of version {RULES_VERSION}")
            yield replace(defect, fix="verify it with a newer Fieldstone")
        elif self.is_new and rules < RULES_VERSION:
            yield self._defect("rules-wrong", f"{said}, and it is new: those are of version {RULES_VERSION} by now")
        elif self._newest and rules < self._newest.rules:
            problem = (
                f"{said}, and those of {self._newest.version}, which it follows, are of version {self._newest.rules}"
            )
            yield self._defect("rules-wrong", problem)

    @property
    def _by_older_rules(self) -> bool:
        """Whether older rules judged it: it may claim a larger bump and record more waivers."""
        return self.release.rules < RULES_VERSION

    def _first(self) -> Iterator[Defect]:
        said = f"{self.release.bump}: {', '.join(self.release.changes)}"
        if said != f"first: {FIRST_RELEASE}":
            yield self._defect("changes-wrong", f"it is a first release, and says {said}")

    def _breaks(self) -> Iterator[Defect]:
        """The breaks that no recorded waiver permits."""
        bump = self._bump if self._newest else Bump.NONE
        claimed = [finding for finding in self._judgement.findings if self._is_gated or not finding.additive]
        if decide(claimed, bump, self._versions, self._asked, line=self.release.line).allowed:
            return
        for finding in policy_of(self._asked).refuses(claimed):
            problem = f"{finding.message} ({finding.rule}), and it records no waiver for that"
            yield self._defect("break-unrecorded", problem)

    def _waivers(self) -> Iterator[Defect]:
        used = {replace(finding.waiver, module="") for finding in self._judgement.findings if finding.waiver}
        for waiver in () if self._by_older_rules else self.release.waivers:
            if replace(waiver, module="") not in used:
                problem = f"it records that {waiver.text}, and that permits nothing in it"
                yield self._defect("waiver-wrong", problem)

    def _exemptions(self) -> Iterator[Defect]:
        used = {finding.exemption for finding in self._judgement.findings if finding.exemption}
        for exemption in () if self._by_older_rules else self.release.exemptions:
            if exemption not in used:
                yield self._defect("exemption-wrong", f"it records that {exemption.text}, and nothing in it needs that")

    def _annotations(self) -> Iterator[Defect]:
        """Annotations that no code can be generated from, unless the release before has them as well."""
        from fieldstone.checking.findings.annotations import new_refusals

        def before() -> tuple[bytes, Collection[str]] | None:
            newest = self._newest
            return (self._image_of(newest), newest.protos.keys()) if newest else None

        own = self.release.protos.keys()
        for refusal in new_refusals(self.release.name, self._image_of(self.release), own, before):
            yield self._defect("annotation-invalid", f"nothing can be generated from it: {refusal.line()}")

    def _version(self) -> Iterator[Defect]:
        possible = [bump for bump in Bump if bump >= self._bump] if self._by_older_rules else self._bumps
        if self.release.bump not in map(str, possible):
            yield self._defect("bump-wrong", f"it says {self.release.bump}, and its changes are {self._bump}")
        if self.release.accepted:  # its version is the project's own
            return
        lenient = self._asked.breaking_before_1_0 == "minor"
        smallest = smallest_version(self._versions, self._bump, zero_minor=lenient, line=self.release.line)
        if smallest is None or not may_carry(self.release.semver, self._versions, smallest):
            problem = f"its changes are {self._bump}" + (f", and ask for {smallest}" if smallest else "")
            yield self._defect("bump-wrong", problem)

    def _summary(self) -> Iterator[Defect]:
        said, changes = [*self.release.changes], self._changes()
        if said == changes or self._by_older_rules:
            return
        missing = [f"does not say: {change}" for change in changes if change not in said]
        untrue = [f"says, and it is not so: {change}" for change in said if change not in changes]
        yield self._defect("changes-wrong", f"its summary {[*missing, *untrue, 'is in another order'][0]}")

    def _changes(self) -> list[str]:
        """The recomputed summary of changes."""
        newest = self.before[-1]
        if self.release.retired:
            return retirement_changes(self.release.name, self._old.schema)
        return release_changes(
            self._old.schema,
            self._new.schema,
            left=newest.protos.keys() - self.release.protos.keys(),
            since=newest.version,
            same_digest=newest.digest == self.release.digest,
            same_sources=newest.sources == self.release.sources,
        )

    @cached_property
    def _newest(self) -> Release | None:
        return self.before[-1] if self.before else None

    @property
    def _versions(self) -> list[Version]:
        return [release.semver for release in self.before]

    @cached_property
    def _asked(self) -> ModuleSettings:
        """The settings, with only the waivers and exemptions that the release records; see `is_new` for additions."""
        settings = settings_in(self.release.line, self.settings)
        settings = settings if self._is_gated else with_usual_additions(settings)
        recorded = self.release
        return replace(settings, waivers=recorded.waivers, exemptions=recorded.exemptions, unstable_packages="protect")

    @cached_property
    def _judgement(self) -> Judgement:
        if self._newest is None:
            return judge_first(self._schema_of(self.release), self._asked, style=False, today=self.today)
        if self.release.retired:
            found = judge_natively(self._old.schema, Schema(), self._asked, sunsets=self._sunsets, today=self.today)
            return Judgement(tuple(found), Bump.MAJOR, 0)
        same = self.before[-1].digest == self.release.digest
        return judge_change(
            self._old,
            self._new,
            self._ledger_before,
            self._asked,
            same_sources=same,
            style=False,
            sunsets=self._sunsets,
            today=self.today,
        )

    @property
    def _bump(self) -> Bump:
        """The bump that its changes need."""
        return self._bumps[0]

    @cached_property
    def _bumps(self) -> list[Bump]:
        """The bumps it may have: the needed one, and major for an older release with additions."""
        bump, is_additive = self._since_stable
        bump = max(bump, self._judgement.bump)
        is_additive = is_additive or any(finding.additive for finding in self._judgement.findings)
        return [bump, Bump.MAJOR] if is_additive and not self._is_gated else [bump]

    @property
    def _since_stable(self) -> tuple[Bump, bool]:
        """After a pre-release, the bump since the newest stable release, and whether it has findings on additions."""
        stable = [release for release in self.before if not release.semver.prerelease]
        if not stable or stable[-1] is self._newest:
            return Bump.NONE, False
        old, new = self._schema_of(stable[-1]), self._new.schema
        sunsets, since = self._sunsets_since(stable[-1]), self.before[self.before.index(stable[-1]) + 1 :]
        exemptions = tuple(exemption for release in (*since, self.release) for exemption in release.exemptions)
        settings = replace(self._asked, exemptions=exemptions)
        findings = judge_natively(old, new, settings, sunsets=sunsets, today=self.today)
        same_sources = stable[-1].digest == self.release.digest
        bump = required_bump(findings, same_contract=old.same_contract(new), same_sources=same_sources)
        return bump, any(finding.additive for finding in findings)

    @property
    def _sunsets(self) -> SunsetHistory:
        return self._sunsets_since(self.before[-1])

    def _sunsets_since(self, baseline: Release) -> SunsetHistory:
        return sunset_history(
            self.registry,
            self._newest,
            baseline,
            unread=self._unread,
            needs_unread=self._is_gated and self.settings.needs_no_known_reader,
        )

    @property
    def _unread(self) -> Unread:
        """Why an element is not known to have no reader; of an older release that was asked when it was made."""
        if not self._is_gated:
            return asked_before
        return NoKnownReader(self.registry, self._newest, self.settings, self.ask) if self.ask else not_asked

    @cached_property
    def _ledger_of_line(self) -> Ledger:
        """The ledger of the release before; empty for a first release."""
        return ledger_of(self.registry, self._newest) if self._newest else Ledger()

    @cached_property
    def _ledger_before(self) -> Ledger:
        """All that was used before it, in the other lines that it names, too."""
        others = [self.registry.release(link.name, link.version) for link in self.release.beside]
        return self._ledger_of_line.beside([ledger_of(self.registry, other) for other in others])

    @cached_property
    def _old(self) -> Side:
        """The previous release; there must be one."""
        newest = self.before[-1]
        return Side(lambda: self._image_of(newest), lambda: self._schema_of(newest), newest.version)

    @cached_property
    def _new(self) -> Side:
        """The release, with removed files that it now imports from elsewhere."""
        if self.release.retired:
            return Side(bytes, Schema, self.release.version)
        left = self.before[-1].protos.keys() - self.release.protos.keys()
        where = self.registry.label(self.release)
        image = with_own(self._image_of(self.release), left, where=where)
        return Side(lambda: image, lambda: load_schema(image, where=where), self.release.version)

    def _image_of(self, release: Release) -> bytes:
        return self.registry.read(release, IMAGE)

    def _schema_of(self, release: Release) -> Schema:
        if release.retired:
            return Schema()
        label = self.registry.label(release)
        return load_schema(self._image_of(release), where=f"{label}/{IMAGE}", own_files=release.sources.keys())

    def _image(self) -> Iterator[Defect]:
        """An image that the sources do not produce, or sources that do not compile."""
        try:
            if not self._is_reproducible():
                yield self._defect("image-wrong", f"its sources do not produce its {IMAGE}")
        except CompileError as error:
            listed = "; ".join(found.as_line for found in error.errors)
            yield self._defect("image-wrong", f"its sources do not compile: {listed}")

    def _is_reproducible(self) -> bool:
        own = self.release.sources.keys()
        label = self.registry.label(self.release)
        claimed = content_digests(self._image_of(self.release), own, where=f"{label}/{IMAGE}")
        with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
            lay_out(self.registry, self.release, Path(scratch))
            rebuilt = buf.build(self.release.name, cwd=Path(scratch)).output(what=f"{label} does not compile")
        return claimed == content_digests(rebuilt, own, where="the rebuilt image")

    def _defect(self, kind: str, problem: str) -> Defect:
        """A defect, with a fix for a new release and one for a damaged release."""
        release, label = self.release, self.registry.label(self.release)
        fix = f"if it is new, remove {label} and release again; if not, {self.registry.remedy}"
        return Defect(f"registry-{kind}", release.name, release.version, label, problem, fix)
