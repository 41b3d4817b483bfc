"""What the judging finds: findings, what they break, and the report that collects them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.waiver import Waiver

if TYPE_CHECKING:
    from fieldstone.schema.location import Location


class Surface(StrEnum):
    """What a change can break."""

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
"""For whom each surface breaks where a finding does not say it more exactly."""


class Level(StrEnum):
    """How much a finding counts: errors refuse, warnings and notes are shown, `off` is not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


class Witness(Struct, frozen=True, kw_only=True):
    """The proof of a finding on one surface: what one version writes, and what the other makes of it.

    Attributes:
        surface: `wire` or `json`.
        direction: for whom it breaks: who reads old data, or by whom new data is read.
        writer: what people call the version that writes.
        reader: what people call the one that reads.
        message: the full name of the message, or the path of the call.
        value: what is written, in words.
        encoded: its bytes in hex, a space after each tag at the top, or its JSON text; empty for a call.
        reads: what the reader does, in words, beginning with a verb.
        proven_by: `execution` where protobuf's runtime wrote and read it, `specification` where the words of
            a specification say what a reader does that this runtime is not.
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
        """All of it in one line."""
        if not self.encoded:
            return f"{self.writer} {self.value}; {self.reader} {self.reads}"
        return f"{self.writer} writes {self.value} as {_shortened(self.encoded)}; {self.reader} {self.reads}"


_SHOWN = 72
"""So many characters of bytes or text are shown in a sentence."""


def _shortened(encoded: str) -> str:
    return encoded if len(encoded) <= _SHOWN else f"{encoded[:_SHOWN]}..."


class Covered(Struct, frozen=True):
    """The part of both schemas that a finding is about, by the names that buf has for it.

    Attributes:
        files: the paths of the element in both versions.
        types: names, within their package, of the messages, enums, services and extensions that it is about as a whole.
        members: fields, values, oneofs, rpcs and reservations: the last name of what holds one, and its number or name;
            as often as buf may report it.
        owner: the full name of what holds the members: it tells apart what has one last name.

    With neither types nor members it is about the files as a whole.
    """

    files: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    owner: str = ""

    @property
    def is_of_files(self) -> bool:
        """Whether it is about whole files."""
        return not self.types and not self.members


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that applies to one subject.

    Attributes:
        rule: the rule's id.
        subject: the full name of the element, as released.
        message: one sentence, in Markdown's backticks.
        place: where to look in the new source.
        was: the released element as source, empty where there was none.
        was_at: where it stood.
        breaks: the surfaces that it breaks, in the order of `Surface`; empty for style.
        directions: for whom a surface breaks, where that is not `USUAL`.
        fix: what to do about it.
        level: how much it counts.
        fingerprint: stable across rewording and moving: rule, subject and both elements' content.
        buf: the buf rules that report the same change.
        covered: what buf names when it reports the same change.
        leads: whether it comes before all others of its module, because they follow from what it says.
        covers: further subjects that buf reports by themselves and that this finding tells of: the types and files of a
            package that moved, the types inside a message.
        witnesses: the proof for `wire` and for `json`, where it breaks them and was asked for proof.
        waiver: the waiver in force that permits it; None where it counts.
        before_1_0: whether it would refuse the change, and passes because the released version is 0.x; `fix` says so.
        additive: whether the change is an addition, which asks for no major version: `breaks` then names the surfaces
            on which older code loses what was added. False where the module sets the rule to "error".
    """

    rule: str
    subject: str
    message: str
    place: Location
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
    additive: bool = False

    @property
    def is_breaking(self) -> bool:
        """Whether the change takes a major version: it breaks a surface, and is no addition."""
        return bool(self.breaks) and not self.additive

    @property
    def breaks_for(self) -> dict[Surface, Directions]:
        """For whom each surface that it breaks does so."""
        return {surface: self.directions.get(surface, USUAL[surface]) for surface in self.breaks}


class ModuleReport(Struct, frozen=True, kw_only=True):
    """What a check of one module came to.

    Attributes:
        module: its name.
        findings: those that count, in the order of their places; paths are relative to the folder
            that the command ran in.
        compared_with: what it was judged against, as people call it ("1.4.0"); empty without a release.
        changed: how many messages, enums and services differ.
        bump: the part of the version that the change raises: none, patch, minor or major.
        version: the smallest version that may carry the change; empty when nothing changed.
        allowed: whether the change may be committed and released.
        differs: whether anything differs from what it was judged against; after a pre-release that has not all that
            the next version carries.
        unjudged_because: why it could not be judged, as the end of a sentence; empty where it was.
    """

    module: str
    findings: tuple[Finding, ...] = ()
    compared_with: str = ""
    changed: int = 0
    bump: str = "none"
    version: str = ""
    allowed: bool = True
    differs: bool = True
    unjudged_because: str = ""

    @property
    def judged(self) -> bool:
        """Whether it was judged: only then does a report without findings mean anything."""
        return not self.unjudged_because

    def with_findings(self, others: Sequence[Finding]) -> ModuleReport:
        """The report with errors from elsewhere, of style or of the registry, behind what leads."""
        findings = tuple(sorted((*others, *self.findings), key=lambda finding: not finding.leads))
        return replace(self, findings=findings, allowed=self.allowed and not others)


POLICY = "policy"
"""The name of the part of a report that is about what judges: settings, waivers and the list of modules."""

WEAKENED = "policy-weakened"
"""The id of the findings about a policy, which a pipeline may accept."""


class Since(Struct, frozen=True, kw_only=True):
    """The revision whose rules a report follows.

    Attributes:
        ref: the revision, as it was named.
        label: the revision for people, with the merge base where that is another commit.
        commit: the full hash of the merge base; empty before the first commit.
        variable: the environment variable that named it; empty where it was given by hand.
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
        policy: the result for what judges them, as a part like that of a module called `POLICY`; None where that was
            not compared with anything.
        since: the revision that this was compared with.
    """

    modules: tuple[ModuleReport, ...]
    policy: ModuleReport | None = None
    since: Since | None = None

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
        """Whether no part refuses."""
        return all(part.allowed for part in self.parts)

    @property
    def judged(self) -> bool:
        """Whether all modules could be judged."""
        return all(module.judged for module in self.modules)


COMPILE_ERROR = "compile-error"
"""The id of the findings that are errors of the compiler."""

ANNOTATION_INVALID = "annotation-invalid"
"""The id of the findings about annotations that no code can be generated from."""

MODULE_FINDINGS = {
    COMPILE_ERROR: "A source does not compile: buf, the compiler, says what is wrong and where. Neither its module nor "
    "any that imports it can be judged until it is fixed, and the exit code is 2; other modules are judged. No setting "
    "switches it off.",
    ANNOTATION_INVALID: "An annotation (`fieldstone.v1.entity`, `column`, `serves`) cannot be met, so `fieldstone "
    "generate` refuses it: a primary key that is no field, a table name that a database keeps for itself, a query "
    "without an index. What was released stays, so such a schema is not released either. Only what the module's newest "
    "release does not have yet is refused. The application's own record classes are judged by `fieldstone generate` "
    "alone.",
    "module-renamed": "A released module is listed under another name. The name of a module is the last part of its "
    "`name:` in the buf configuration, or of its path, and one of these changed. Under the new name it would have no "
    "history, and every number and name would be free again. Give it its name back in the settings: "
    "`[tool.fieldstone.modules.NAME]` with `path`. To end the module on purpose: `fieldstone release NAME --retire`.",
    "module-retired": "The buf configuration lists a module whose last release retired it. No release can follow, so "
    "it is not judged. Remove it from the configuration, or give the new module another name.",
}
"""The meaning of each finding of a module that no rule makes; none can be waived, or switched off."""


def fingerprint(rule: str, subject: str, *contents: str) -> str:
    """32 hex digits that name a finding: of the rule, the subject and what was compared."""
    return hashlib.sha256("\0".join((rule, subject, *contents)).encode()).hexdigest()[:32]
