"""The reports that the golden files show, and the sources that they point into."""

from __future__ import annotations

from msgspec.structs import replace

from fieldstone.compatibility.finding import (
    Cause,
    Direction,
    Finding,
    Level,
    ModuleReport,
    Report,
    Surface,
    Witness,
    fingerprint,
)
from fieldstone.compatibility.waiver import Waiver
from fieldstone.schema.location import Location

STEP = "schemas/telemetry/telemetry/v1/telemetry_v1.proto"
RELEASED = f"registry/telemetry/1.4.0/{STEP}"
ODD = "schemas/odd, really/100%.proto"

SOURCES = {
    STEP: ['syntax = "proto3";', *[""] * 20, "message TelemetryStepV1 {", "  float reward = 6;", "}"],
    "fieldstone.toml": ["# Settings", "", "[[waivers]]", *[""] * 5, "[[waivers]]", *[""] * 5],
    ODD: [
        'syntax = "proto3";',
        "message Step {",
        "\tstring naïve = 1;  // \x1b[31mred\x1b[0m",
        '  /* 値 */ string Id = 2 [json_name = "x"];',
        "  oneof kind {  ",
        "  }",
        "}",
    ],
}


def read(path: str) -> list[str]:
    """The lines of a source that a report points to."""
    return SOURCES.get(path, [])


TYPE_CHANGED = Finding(
    rule="field-type-changed",
    subject="telemetry.v1.TelemetryStepV1.reward",
    message="`reward` of `telemetry.v1.TelemetryStepV1` went from double to float",
    location=Location(STEP, 23, 3, 23, 8),
    was="double reward = 6;",
    was_at=Location(RELEASED, 22, 3, 22, 21),
    breaks=(Surface.WIRE, Surface.SOURCE, Surface.STORAGE),
    fix="keep `double reward = 6;` and add a new field",
    fingerprint=fingerprint("field-type-changed", "telemetry.v1.TelemetryStepV1.reward", "double", "float"),
    buf=("FIELD_SAME_TYPE",),
    witnesses=(
        Witness(
            surface=Surface.WIRE,
            direction=Direction.READING_OLD,
            writer="1.4.0",
            reader="this schema",
            message="telemetry.v1.TelemetryStepV1",
            value="reward=0.1",
            encoded="31 9a9999999999b93f",
            reads="reads reward=0, 8 bytes unknown",
        ),
    ),
)

_REMOVED = Finding(
    rule="message-removed",
    subject="odd.v1.Gone",
    message="message `Gone` was removed from `odd.v1`",
    location=Location(ODD),
    was="message Gone {",
    was_at=Location("registry/odd/2.0.0/schemas/odd.proto", 9, 1, 12, 2),
    breaks=tuple(Surface),
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    fingerprint=fingerprint("message-removed", "odd.v1.Gone"),
)
_RENAMED = Finding(
    rule="field-renamed",
    subject="odd.v1.Step.naive",
    message="`naive` is now\r\n`naïve`: 100% the same, <b>&\x1b[1m",
    location=Location(ODD, 3, 12, 3, 17),
    was="string naive = 1;",
    was_at=Location("registry/odd/2.0.0/schemas/odd.proto", 3, 5, 3, 22),
    breaks=(Surface.JSON, Surface.SOURCE),
    witnesses=(
        Witness(
            surface=Surface.JSON,
            direction=Direction.READ_BY_OLD,
            writer="this schema",
            reader="2.0.0",
            message="odd.v1.Step",
            value='na\u00efve="a\r\n::error::b"',
            encoded='{"na\u00efve": "' + "a" * 90 + '"}',
            reads="refuses it: <b>no field</b>\n`na\u00efve`",
        ),
    ),
    fix="call it `naive`,\nas before",
    level=Level.WARNING,
    fingerprint=fingerprint("field-renamed", "odd.v1.Step.naive"),
)
_LINT = Finding(
    rule="FIELD_LOWER_SNAKE_CASE",
    subject=ODD,
    message='Field name "Id" should be lower_snake_case, such as "id".',
    location=Location(ODD, 4, 19, 4, 21),
    fingerprint=fingerprint("FIELD_LOWER_SNAKE_CASE", ODD),
)
_RETIRED = Finding(
    rule="retired-after-sunset",
    subject="odd.v1.Kind",
    message="`Kind` was removed from `odd.v1` after its sunset of 2020-01-31",
    location=Location(ODD, 5, 3, 6, 4),
    was="enum Kind {",
    was_at=Location("registry/odd/2.0.0/schemas/odd.proto"),
    breaks=tuple(Surface),
    fix="release this as a major version",
    level=Level.NOTE,
    fingerprint=fingerprint("retired-after-sunset", "odd.v1.Kind"),
)
_BUF_ALONE = Finding(
    rule="FILE_SAME_SWIFT_PREFIX",
    subject="no/such.proto",
    message='File option "swift_prefix" changed from "" to "A".',
    location=Location("no/such.proto", 1234, 1, 1234, 5),
    breaks=(Surface.SOURCE,),
    fix="undo the change; `buf breaking` refuses it",
)

WAIVER = Waiver(
    rule="field-type-changed",
    subject="telemetry.v1.TelemetryStepV1.reward",
    reason="no <reader> needs 64 bits: 100% \x1b[1msure",
    owner="trainer@example.com",
    until="2999-12-31",
    module="telemetry",
    entered="1.4.0",
)
_EXPIRED = Finding(
    rule="waiver-expired",
    subject="odd.v1.Gone",
    message="the waiver of `message-removed` on `odd.v1.Gone` ended on 2020-01-31, and the finding counts again",
    location=Location("fieldstone.toml", 3, 1, 8, 1),
    fix="undo the change, or agree with ada@example.com on a later date",
    fingerprint=fingerprint("waiver-expired", "odd.v1.Gone", "message-removed", ""),
)
_UNUSED = Finding(
    rule="waiver-unused",
    subject="odd.v1.Gone.id",
    message="the waiver of `field-removed` on `odd.v1.Gone.id` permits nothing: there is no such finding",
    location=Location("fieldstone.toml", 9, 1, 14, 1),
    fix="delete lines 9-14 of fieldstone.toml",
    level=Level.WARNING,
    fingerprint=fingerprint("waiver-unused", "odd.v1.Gone.id", "field-removed", ""),
)

BEFORE_1_0 = replace(
    TYPE_CHANGED, level=Level.NOTE, fix='passes before 1.0.0 (breaking-before-1-0 = "minor")', before_1_0=True
)

_UNCOMPILED = Finding(
    rule="compile-error",
    subject=ODD,
    message="cannot find `naïve\x1b[1m` in this scope",
    location=Location(ODD, 3, 5, 3, 11),
    fix="make it compile: until then odd cannot be judged",
    fingerprint=fingerprint("compile-error", ODD),
)

HOSTILE = "acme/v1/|</code></pre><img src=x> @acme/owners #1 `x`\n\n## no.proto"
"""A path that is markup, a mention, a cell and a heading."""

_PACKAGE = Finding(
    rule="package-removed",
    subject="acme.v1",
    message="package `acme.v1` was removed from the module",
    location=Location("acme/v1/a.proto"),
    was="package acme.v1;",
    was_at=Location("registry/acme/1.0.0/schemas/acme/v1/a.proto"),
    breaks=(Surface.WIRE, Surface.SOURCE),
    fix="keep it beside the new package",
)


def _removed(number: int) -> Finding:
    """A message of the removed package."""
    return replace(
        _REMOVED,
        subject=f"acme.v1.M{number}",
        message=f"message `M{number}` was removed from `acme.v1`",
        location=Location("acme/v1/a.proto" if number else HOSTILE),
        cause=Cause("package-removed", "acme.v1"),
        waiver=WAIVER if number == 9 else None,
    )


def _option(number: int, option: str) -> Finding:
    """An option of a file that went to another value."""
    return Finding(
        rule="file-option-changed",
        subject=f"acme/v2/f{number}.proto",
        message=f"{option} of acme/v2/f{number}.proto went from `a` to `b`",
        location=Location(f"acme/v2/f{number}.proto", number + 1, 1, number + 1, 9),
        breaks=(Surface.SOURCE,),
        fix=f"keep the released value of {option}: `a`",
        cause=Cause("file-option-changed", option),
    )


_UNCHANGED = ModuleReport(module="fieldstone", compared_with="1.2.0", differs=False)

REPORTS = {
    "unjudged": Report(
        (
            ModuleReport(module="odd", findings=(_UNCOMPILED,), allowed=False, unjudged_because="it does not compile"),
            ModuleReport(
                module="shop", allowed=False, unjudged_because=f"it imports {ODD}\x1b[1m, which does not compile"
            ),
            _UNCHANGED,
        )
    ),
    "clean": Report(
        (
            _UNCHANGED,
            ModuleReport(module="telemetry", compared_with="1.4.0", changed=1, bump="minor", version="1.5.0"),
        )
    ),
    "break": Report(
        (
            ModuleReport(
                module="telemetry",
                findings=(TYPE_CHANGED,),
                compared_with="1.4.0",
                changed=2,
                bump="major",
                version="2.0.0",
                allowed=False,
            ),
        )
    ),
    "mixed": Report(
        (
            _UNCHANGED,
            ModuleReport(
                module="odd",
                findings=(_REMOVED, _RENAMED, _LINT, _RETIRED, _BUF_ALONE),
                compared_with="2.0.0",
                changed=3,
                bump="major",
                version="3.0.0",
                allowed=False,
            ),
        )
    ),
    "waived": Report(
        (
            ModuleReport(
                module="telemetry",
                findings=(replace(TYPE_CHANGED, waiver=WAIVER),),
                compared_with="1.4.0",
                changed=2,
                bump="major",
                version="2.0.0",
            ),
            ModuleReport(
                module="odd",
                findings=(_REMOVED, _EXPIRED, _UNUSED),
                compared_with="2.0.0",
                changed=1,
                bump="major",
                version="3.0.0",
                allowed=False,
            ),
        )
    ),
    "before-1-0": Report(
        (
            ModuleReport(
                module="telemetry",
                findings=(BEFORE_1_0,),
                compared_with="0.4.0",
                changed=2,
                bump="major",
                version="0.5.0",
            ),
            ModuleReport(
                module="odd",
                findings=(_LINT, BEFORE_1_0),
                compared_with="0.4.0",
                changed=2,
                bump="major",
                version="0.5.0",
                allowed=False,
            ),
        )
    ),
    "grouped": Report(
        (
            ModuleReport(
                module="acme",
                findings=(
                    *map(_removed, range(10)),
                    _PACKAGE,
                    *(_option(number, "go_package") for number in range(7)),
                    *(_option(number, "java_package") for number in range(2)),
                ),
                compared_with="@acme/main",
                changed=10,
                bump="major",
                version="2.0.0",
                allowed=False,
            ),
        )
    ),
    "new": Report(
        (
            ModuleReport(module="orders", version="1.0.0"),
            ModuleReport(module="odd", findings=(_LINT,), version="1.0.0", allowed=False),
        )
    ),
}
"""What each golden file is made from, by the first part of its name."""
