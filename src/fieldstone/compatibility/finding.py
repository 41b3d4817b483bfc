"""Findings: the surfaces that they break, and the report that collects them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.exemption import Exemption
from fieldstone.compatibility.reader import Reader
from fieldstone.compatibility.waiver import Waiver
from fieldstone.schema.location import Location


class Surface(StrEnum):
    """A side of the contract that a change can break."""

    WIRE = "wire"
    JSON = "json"
    SOURCE = "source"
    STORAGE = "storage"
    HTTP = "http"


class Direction(StrEnum):
    """For whom a surface breaks."""

    READING_OLD = "reading old data"
    READ_BY_OLD = "being read by old code"
    COMPILING = "compiling against it"
    CALLING = "calling it over HTTP"


Directions = tuple[Direction, ...]
"""For whom a surface breaks, in the order of `Direction`."""

USUAL: Mapping[Surface, Directions] = {
    Surface.WIRE: (Direction.READING_OLD, Direction.READ_BY_OLD),
    Surface.JSON: (Direction.READING_OLD, Direction.READ_BY_OLD),
    Surface.SOURCE: (Direction.COMPILING,),
    Surface.STORAGE: (),
    Surface.HTTP: (Direction.CALLING,),
}
"""For whom each surface breaks, unless a finding says otherwise."""


class Level(StrEnum):
    """The severity of a finding: errors refuse the change, warnings and notes are shown, `off` hides it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


class Witness(Struct, frozen=True, kw_only=True):
    """The proof of a finding on one surface: a message of one version, and the other version's reading of it.

    Attributes:
        surface: `wire` or `json`.
        direction: for whom it breaks: new code that reads old data, or old code that reads new data.
        writer: the label of the writing version.
        reader: the label of the reading version.
        message: the full name of the message, or the path of the call.
        value: the written value, in words.
        encoded: its bytes in hex, with a space after each top-level tag, or its JSON; empty for a call.
        reads: the reader's behaviour, in words that begin with a verb.
        proven_by: `execution` if protobuf's runtime wrote and read it; `specification` if a specification states how a
            reader behaves that cannot be run here.
    """

    surface: Surface
    direction: Direction
    writer: str
    reader: str
    message: str
    value: str
    encoded: str
    reads: str
    proven_by: str = "execution"

    @property
    def sentence(self) -> str:
        """The whole witness in one line."""
        if not self.encoded:
            return f"{self.writer} {self.value}; {self.reader} {self.reads}"
        return f"{self.writer} writes {self.value} as {_shortened(self.encoded)}; {self.reader} {self.reads}"


_SHOWN = 72
"""The most characters of bytes or text that a sentence shows."""


def _shortened(encoded: str) -> str:
    return encoded if len(encoded) <= _SHOWN else f"{encoded[:_SHOWN]}..."


class Covered(Struct, frozen=True):
    """The part of both schemas that a finding covers, in buf's names.

    Attributes:
        files: the paths of the element in both versions.
        types: names within the package of messages, enums, services and extensions that are covered as a whole.
        members: fields, values, oneofs, rpcs and reservations, as the last name of their type and a number or name;
            repeated as often as buf may report them.
        owner: the full name of the members' type, to distinguish types with the same last name.

    Without types and members it covers the files as a whole.
    """

    files: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    owner: str = ""

    @property
    def is_of_files(self) -> bool:
        """Whether it is about whole files."""
        return not self.types and not self.members


class Cause(Struct, frozen=True):
    """The reason that findings have in common.

    Attributes:
        rule: the rule of the finding that explains them; their own, if all say the same, of one option or waived rule.
        subject: the subject of that finding; else the option, or another text that tells them apart from others.
    """

    rule: str
    subject: str


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that applies to one subject.

    Attributes:
        rule: the rule's id.
        subject: the full name of the element, as released.
        message: one sentence, in Markdown's backticks.
        location: where to look in the new source.
        was: the released element as source; empty if there was none.
        was_at: its location in the released source.
        breaks: the surfaces that it breaks, in the order of `Surface`; empty for style.
        directions: for whom a surface breaks, if not as in `USUAL`.
        fix: the remedy.
        level: its severity.
        fingerprint: a hash of rule, subject and both elements' content; stable when wording or position changes.
        buf: the buf rules that report the same change.
        covered: the names that buf uses when it reports the same change.
        leads: whether it comes before the module's other findings, because it explains them.
        covers: further subjects that buf reports separately: the types and files of a moved package, the types inside a
            message.
        witnesses: the proofs for `wire` and `json`, if it breaks them and proof was requested.
        waiver: the waiver in force that permits it; None if it counts.
        before_1_0: whether it passes only because the released version is 0.x; `fix` says so.
        homes: the released files of the element, by import path; empty if it is new.
        package: the package of the element as released, or of the new one.
        exemption: the exemption that permits it; `fix` says so. None if it counts.
        additive: whether the change is an addition, which needs no major version: `breaks` then names the surfaces on
            which older code loses the addition. False if the module sets the rule to "error".
        cause: the finding that explains it, or what it has in common with others of its rule; None without one.
            Reports group by it; it has no effect on the verdict.
        used_by: the known uses that a break concerns; they have no effect on the verdict.
    """

    rule: str
    subject: str
    message: str
    location: Location
    was: str = ""
    was_at: Location | None = None
    breaks: tuple[Surface, ...] = ()
    directions: Mapping[Surface, Directions] = {}
    fix: str = ""
    level: Level = Level.ERROR
    fingerprint: str = ""
    buf: tuple[str, ...] = ()
    covered: Covered = Covered()
    leads: bool = False
    covers: tuple[str, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    waiver: Waiver | None = None
    before_1_0: bool = False
    homes: tuple[str, ...] = ()
    package: str = ""
    exemption: Exemption | None = None
    additive: bool = False
    cause: Cause | None = None
    used_by: tuple[Reader, ...] = ()

    @property
    def is_breaking(self) -> bool:
        """Whether the change needs a major version: it breaks a surface, is no addition, and is not exempt."""
        return bool(self.breaks) and not self.additive and self.exemption is None

    @property
    def passes(self) -> bool:
        """Whether it is only noted: because the released version is 0.x, or because of an exemption."""
        return self.before_1_0 or self.exemption is not None

    @property
    def breaks_for(self) -> dict[Surface, Directions]:
        """The surfaces that it breaks, each with for whom."""
        return {surface: self.directions.get(surface, USUAL[surface]) for surface in self.breaks}


class ModuleReport(Struct, frozen=True, kw_only=True):
    """The result of checking one module.

    Attributes:
        module: its name.
        findings: the findings that count, in the order of their locations; paths are relative to the working directory
            of the command.
        compared_with: the label of the baseline ("1.4.0"); empty without a release.
        changed: the number of messages, enums and services that differ.
        bump: the part of the version that the change raises: none, patch, minor or major.
        version: the smallest version that may carry the change; empty when nothing changed.
        allowed: whether the change may be committed and released.
        differs: whether anything differs from the baseline, or, after a pre-release, is still missing there.
        line: the minor line that it continues ("1.4"); empty in the main line.
        unjudged_because: why it could not be judged, as the end of a sentence; empty if it was judged.
        doubts: if something breaks, why others than the known users may use it, each as a sentence without a full stop.
    """

    module: str
    findings: tuple[Finding, ...] = ()
    compared_with: str = ""
    changed: int = 0
    bump: str = "none"
    version: str = ""
    allowed: bool = True
    differs: bool = True
    line: str = ""
    unjudged_because: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether it was judged; otherwise an empty list of findings means nothing."""
        return not self.unjudged_because

    def with_findings(self, others: Sequence[Finding]) -> ModuleReport:
        """The report with errors of style or of the registry added, after the leading findings."""
        findings = tuple(sorted((*others, *self.findings), key=lambda finding: not finding.leads))
        return replace(self, findings=findings, allowed=self.allowed and not others)


POLICY = "policy"
"""The name of the part of a report about the policy: settings, waivers and the list of modules."""

WEAKENED = "policy-weakened"
"""The id of findings about a weakened policy, which a pipeline may accept."""


class Since(Struct, frozen=True, kw_only=True):
    """The git revision whose policy a report follows.

    Attributes:
        ref: the revision, as the user named it.
        label: the revision for people, with the merge base if that is another commit.
        commit: the full hash of the merge base; empty before the first commit.
        variable: the environment variable that named it; empty if it was given by hand.
        accepted: the ids of findings that the pipeline accepts.
    """

    ref: str
    label: str
    commit: str
    variable: str = ""
    accepted: tuple[str, ...] = ()


class Report(Struct, frozen=True):
    """The result of a check.

    Attributes:
        modules: the result for each module.
        policy: the result for the policy, as a part named `POLICY`; None if it was not compared.
        since: the revision that the policy was compared with.
        unasked: why the registry could not be asked for consumers, if something breaks; else empty.
    """

    modules: tuple[ModuleReport, ...]
    policy: ModuleReport | None = None
    since: Since | None = None
    unasked: str = ""

    @property
    def parts(self) -> tuple[ModuleReport, ...]:
        """All results, that of the policy first."""
        return (*((self.policy,) if self.policy else ()), *self.modules)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all parts."""
        return tuple(finding for part in self.parts for finding in part.findings)

    @property
    def allowed(self) -> bool:
        """Whether every part is allowed."""
        return all(part.allowed for part in self.parts)

    @property
    def judged(self) -> bool:
        """Whether all modules could be judged."""
        return all(module.judged for module in self.modules)


COMPILE_ERROR = "compile-error"
"""The id of findings that are compiler errors."""

ANNOTATION_INVALID = "annotation-invalid"
"""The id of findings about annotations that no code can be generated from."""

IMPORTED_TYPE_CHANGED = "imported-type-changed"
"""The id of notes on third-party types."""

MODULE_FINDINGS = {
    IMPORTED_TYPE_CHANGED: "A third-party type changed incompatibly, and a field or rpc of the module has it. "
    "Third-party schemas are imports only: their changes refuse nothing, and need no major version of the module. Its "
    "own messages mean something else all the same, so this note says where. Keep the copy or the pin of the newest "
    "release to undo it.",
    COMPILE_ERROR: "A source does not compile: the message and the location are those of buf, the compiler. Its "
    "module, and all modules that import it, cannot be judged until it is fixed, and the exit code is 2; other "
    "modules are judged. No setting switches it off.",
    ANNOTATION_INVALID: "No code can be generated from an annotation (`fieldstone.v1.entity`, `column`, `serves`), "
    "so `fieldstone generate` refuses it. Examples are a primary key that is no field, a table name that a database "
    "reserves, or a query without an index. Releases never change, so such a schema is not released either. "
    "Annotations that the module's newest release already has are not reported. Only `fieldstone generate` checks "
    "the application's own record classes.",
    "module-renamed": "A released module is listed under another name. The name of a module is the last part of its "
    "`name:` in the buf configuration, or of its path, and one of these changed. Under the new name it would have "
    "no history, and every number and name would be free again. Restore its name in the settings: "
    "`[tool.fieldstone.modules.NAME]` with `path`. To end the module on purpose: `fieldstone release NAME "
    "--retire`.",
    "module-retired": "The buf configuration lists a module whose last release retired it. No release can follow, "
    "so it is not judged. Remove it from the configuration, or give the new module another name.",
}
"""Explanations of the findings about a module that no rule makes. They can be neither waived nor switched off."""


def fingerprint(rule: str, subject: str, *contents: str) -> str:
    """A finding's identity, 32 hex digits: a hash of the rule, the subject and the compared contents."""
    return hashlib.sha256("\0".join((rule, subject, *contents)).encode()).hexdigest()[:32]
