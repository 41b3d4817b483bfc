"""Deployments: what runs in which environment, and whether a version can be deployed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from msgspec import Struct
from msgspec.structs import replace
from semver import Version

from fieldstone.checking.baseline import released
from fieldstone.checking.judgement import judge_natively
from fieldstone.compatibility.finding import Finding
from fieldstone.consumers.answer import Doubt, doubts_about
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.deploying import Deployable, Pair, Readiness, Row
from fieldstone.consumers.published import Deployment, Known, Party, Published, Stay
from fieldstone.errors import Conflict, NotFound
from fieldstone.project.project import Project
from fieldstone.project.settings import ModuleSettings
from fieldstone.registry import open_registry
from fieldstone.registry.consumers import open_consumers
from fieldstone.suggestions import did_you_mean

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def deploy(
    registry: str, name: str, version: str, environment: str, *, stay: Stay, party: Party | None = None
) -> Deployment:
    """Tell a registry that a version begins or ends to run in an environment.

    Args:
        registry: the address of the registry.
        name: a consumer, or a module whose providers serve the version.
        version: its version.
        environment: the environment's name.
        stay: what becomes of it and of the versions before.
        party: whether it is a consumer or a module; None if only one has the name.

    Raises:
        FieldstoneError: there is no such version, both have the name, or the registry refuses it.
    """
    party = party or _party(name, open_consumers(registry).known(), open_registry(registry).modules())
    deployment = Deployment(name, version, environment, stay, datetime.now(UTC).strftime(_TIME), party)
    open_consumers(registry).deploy(deployment)
    return deployment


def retire(registry: str, consumer: str) -> None:
    """Tell a registry that a consumer is gone for good.

    Raises:
        FieldstoneError: there is no such consumer, or the registry refuses it.
    """
    open_consumers(registry).retire(consumer)


def can_deploy(
    project: Project,
    name: str,
    version: str,
    environment: str,
    *,
    party: Party | None = None,
    max_age: int | None = None,
    today: date | None = None,
) -> Readiness:
    """The answer to whether a version can be deployed beside what runs in an environment.

    Args:
        project: the project whose registry is asked.
        name: a consumer, or a module whose providers would serve the version.
        version: its version.
        environment: the environment's name.
        party: whether it is a consumer or a module; None if only one has the name.
        max_age: the days for which evidence is good; None for ever.
        today: the day of the question (UTC).

    Raises:
        NotFound: there is no such version.
        FieldstoneError: the registry cannot be asked, or both have the name.
    """
    known = open_consumers(project.settings.registry).known()
    question = _Question(project, known, environment, max_age, today or datetime.now(UTC).date())
    if (party or _party(name, known, project.registry.modules())) is Party.MODULE:
        return question.of_release(name, version)
    return question.of_consumer(name, version)


def _party(name: str, known: Known, modules: list[str]) -> Party:
    """Whether a name is that of a consumer or of a module."""
    consumers = {one.consumer for one in known.published}
    if name in consumers and name in modules:
        raise Conflict(f"{name} is a consumer and a module", fix="say which is meant: `--as consumer` or `--as module`")
    if name not in consumers and name not in modules:
        fix = did_you_mean(name, [*consumers, *modules], "publish its uses first: `fieldstone uses publish`")
        raise NotFound(f"no consumer or module {name} is known", fix=fix)
    return Party.MODULE if name in modules else Party.CONSUMER


class _Question(Struct, dict=True):
    """A question about an environment; the attributes are arguments of `can_deploy`."""

    project: Project
    known: Known
    environment: str
    max_age: int | None
    today: date

    def __post_init__(self) -> None:
        """Nothing is compared yet."""
        self._pairs: dict[tuple[str, str, str], Pair] = {}
        self._structures: dict[tuple[str, str], Structure] = {}

    def of_consumer(self, name: str, version: str) -> Readiness:
        """Whether a version of a consumer can be deployed beside the served releases."""
        versions = {one.version: one for one in self.known.published if one.consumer == name}
        if version not in versions:
            known = ", ".join(versions) or "none"
            raise NotFound(f"{name} {version} has not published its uses", fix=f"the published versions are {known}")
        published, rows, doubts = versions[version], list[Row](), list[Doubt]()
        modules = dict.fromkeys(evidence.module for evidence in published.uses.evidence)
        for module in modules:
            served = [one.version for one in self._running(Party.MODULE) if one.name == module]
            rows += (row for one in served for row in self._rows(published, module, one))
            if not served:
                problem = f"nobody said which release of {module} runs in {self.environment}"
                doubts.append(Doubt("", "", f"{problem}: `fieldstone uses deployed {module}@VERSION`"))
        if not modules:
            doubts.append(Doubt(name, published.uses.owner, f"{name} {version} says nothing about what it uses"))
        return Readiness.of(f"{name} {version}", self.environment, rows, doubts)

    def of_release(self, module: str, version: str) -> Readiness:
        """Whether a release of a module can be served to the consumers that run there."""
        self._require(module, version)
        running = {(one.name, one.version) for one in self._running(Party.CONSUMER)}
        users = [one for one in self.known.published if one.uses.of(module)]
        there = [one for one in users if (one.consumer, one.version) in running]
        there.sort(key=lambda one: (one.consumer, one.version))
        rows = [row for one in there for row in self._rows(one, module, version)]
        doubts = [*self._unplaced(module, version)]
        if not rows:
            problem = f"no consumer of {module} is known to run in {self.environment}"
            doubts.insert(0, Doubt("", "", f"{problem}: `fieldstone uses deployed CONSUMER@VERSION`"))
        return Readiness.of(f"{module} {version}", self.environment, rows, doubts)

    def _running(self, party: Party) -> tuple[Deployment, ...]:
        return self.known.running(party, self.environment)

    def _unplaced(self, module: str, version: str) -> Iterator[Doubt]:
        """The consumers of which nobody said where they run, as far as the release could break them."""
        placed = {one.name for one in self.known.deployments if one.party is Party.CONSUMER}
        for counted in self.known.counted(module):
            published = counted.published
            if published.consumer in placed:
                continue
            rows = self._rows(published, module, version)
            if any(row.verdict is not Deployable.NO_KNOWN_OBSTACLE for row in rows):
                problem = f"it is not known where {published.consumer} runs; {version} may break {published.version}"
                yield Doubt(published.consumer, published.uses.owner, problem)

    def _rows(self, published: Published, module: str, served: str) -> list[Row]:
        """A version of a consumer beside a served release, a row for each release that it is built with."""
        doubts = tuple(doubts_about(published, module, self.today, self.max_age))
        built = dict.fromkeys(evidence.release for evidence in published.uses.of(module))
        return [self._row(published, module, one, served, doubts) for one in built]

    def _row(self, published: Published, module: str, built: str, served: str, doubts: tuple[Doubt, ...]) -> Row:
        if self._has(module, built):
            return self._pair(module, built, served).row(published, doubts)
        owner = published.uses.owner
        doubt = Doubt(published.consumer, owner, f"{module} {built}, which it is built with, is no release")
        return Row(
            published.consumer, published.version, owner, module, built, served, Deployable.UNKNOWN, doubts=(doubt,)
        )

    def _pair(self, module: str, built: str, served: str) -> Pair:
        key = (module, built, served)
        if key not in self._pairs:
            is_ahead = Version.parse(built) > Version.parse(served)
            old, new = (served, built) if is_ahead else (built, served)
            before, offered = self._structure(module, old), self._structure(module, served)
            findings = self._findings(module, old, new) if old != new else ()
            self._pairs[key] = Pair(module, built, served, is_ahead, before, offered, findings)
        return self._pairs[key]

    def _findings(self, module: str, old: str, new: str) -> tuple[Finding, ...]:
        """All breaks on the module's surfaces, whatever its settings permit: a waiver mends no running program."""
        settings: ModuleSettings = replace(
            self.project.settings.module(module),
            rules={},
            waivers=(),
            exemptions=(),
            unstable_packages="protect",
        )
        before, after = self._structure(module, old).schema, self._structure(module, new).schema
        return tuple(judge_natively(before, after, settings, today=self.today))

    def _structure(self, module: str, version: str) -> Structure:
        key = (module, version)
        if key not in self._structures:
            self._require(module, version)
            release = self.project.registry.release(module, version)
            self._structures[key] = Structure(released(self.project, release).side.schema)
        return self._structures[key]

    def _has(self, module: str, version: str) -> bool:
        registry = self.project.registry
        return module in registry.modules() and version in map(str, registry.versions(module))

    def _require(self, module: str, version: str) -> None:
        """Raise if a release does not exist."""
        if not self._has(module, version):
            registry = self.project.registry
            known = ", ".join(map(str, registry.versions(module))) if module in registry.modules() else ""
            raise NotFound(f"no release {version} of {module} in {registry.address}", fix=f"it has {known or 'none'}")
