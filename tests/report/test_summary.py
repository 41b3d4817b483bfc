from __future__ import annotations

import pytest
from msgspec.structs import replace

from fieldstone.compatibility.finding import Finding, Level, ModuleReport
from fieldstone.report.summaries import summary
from fieldstone.schema.location import Location
from tests.report.reports import BEFORE_1_0, WAIVER
from tests.report.reports import TYPE_CHANGED as BREAK

STYLE = Finding(rule="FIELD_LOWER_SNAKE_CASE", subject="a.proto", message="", location=Location("a.proto", 1, 1, 1, 2))
WARNING = replace(STYLE, level=Level.WARNING)
NOTE = replace(STYLE, level=Level.NOTE)
RETIRED = replace(BREAK, level=Level.NOTE)
WAIVED = replace(BREAK, waiver=WAIVER)

NEW = ModuleReport(module="m", version="1.0.0")
SAME = ModuleReport(module="m", compared_with="1.2.0")
PATCH = replace(SAME, bump="patch", version="1.2.1")
MINOR = replace(SAME, bump="minor", version="1.3.0", changed=1)
MAJOR = replace(SAME, bump="major", version="2.0.0", changed=2)
ZERO = replace(MAJOR, compared_with="0.4.0", version="0.5.0")


@pytest.mark.parametrize(
    ("module", "findings", "allowed", "expected"),
    [
        (NEW, [], True, "no release yet; style judged only. The first release may be 1.0.0."),
        (NEW, [WARNING], True, "no release yet; 1 warning. The first release may be 1.0.0."),
        (NEW, [STYLE, STYLE], False, "no release yet; 2 errors. Refused until the errors are fixed."),
        (replace(NEW, version=""), [], True, "nothing to judge against; style judged only."),
        (SAME, [], True, "unchanged since 1.2.0."),
        (SAME, [NOTE], True, "unchanged since 1.2.0: 1 note."),
        (SAME, [STYLE], False, "unchanged since 1.2.0: 1 error. Refused until the error is fixed."),
        (replace(SAME, version="1.2.0"), [], True, "unchanged since 1.2.0. Allowed as 1.2.0."),
        (PATCH, [], True, "only comments, layout, imports or documents changed since 1.2.0. Allowed as 1.2.1."),
        (MINOR, [], True, "1 type changed since 1.2.0: additive. Allowed as 1.3.0."),
        (replace(MINOR, changed=0), [], True, "changed since 1.2.0: additive. Allowed as 1.3.0."),
        (
            replace(MINOR, changed=0, differs=False, compared_with="1.3.0-rc.1"),
            [],
            True,
            "unchanged since 1.3.0-rc.1: additive since the last stable release. Allowed as 1.3.0.",
        ),
        (replace(PATCH, differs=False), [], True, "unchanged since 1.2.0. Allowed as 1.2.1."),
        (MINOR, [WARNING], True, "1 type changed since 1.2.0: additive, 1 warning. Allowed as 1.3.0."),
        (
            MINOR,
            [WARNING, WARNING],
            False,
            "1 type changed since 1.2.0: additive, 2 warnings. Refused until the warnings are fixed.",
        ),
        (
            MAJOR,
            [BREAK],
            False,
            (
                "2 types changed. "
                "Refused: 1 breaking change since 1.2.0; it needs 2.0.0. Undo it, or `fieldstone waive`."
            ),
        ),
        (MAJOR, [WAIVED], True, "2 types changed since 1.2.0: 1 breaking, 1 waived. Allowed as 2.0.0."),
        (
            MAJOR,
            [WAIVED, BREAK],
            False,
            (
                "2 types changed: 1 waived. "
                "Refused: 1 breaking change since 1.2.0; it needs 2.0.0. Undo it, or `fieldstone waive`."
            ),
        ),
        (
            MAJOR,
            [WAIVED, STYLE],
            False,
            "2 types changed since 1.2.0: 1 breaking, 1 waived, 1 error. Refused until the error is fixed.",
        ),
        (
            MINOR,
            [replace(STYLE, waiver=WAIVER)],
            True,
            "1 type changed since 1.2.0: additive, 1 waived. Allowed as 1.3.0.",
        ),
        (
            MAJOR,
            [BREAK, BREAK],
            False,
            (
                "2 types changed. "
                "Refused: 2 breaking changes since 1.2.0; they need 2.0.0. Undo them, or `fieldstone waive`."
            ),
        ),
        (MAJOR, [RETIRED], True, "2 types changed since 1.2.0: 1 breaking. Allowed as 2.0.0."),
        (
            MAJOR,
            [RETIRED, STYLE],
            False,
            "2 types changed since 1.2.0: 1 breaking, 1 error. Refused until the error is fixed.",
        ),
        (
            MAJOR,
            [replace(BREAK, level=Level.WARNING)],
            False,
            (
                "2 types changed. "
                "Refused: 1 breaking change since 1.2.0; it needs 2.0.0. Undo it, or `fieldstone waive`."
            ),
        ),
        (
            MAJOR,
            [],
            True,
            "2 types changed since 1.2.0: breaking since the last stable release. Allowed as 2.0.0.",
        ),
        (
            ZERO,
            [BEFORE_1_0, BEFORE_1_0],
            True,
            "2 types changed since 0.4.0: 2 breaking, allowed before 1.0.0. Allowed as 0.5.0.",
        ),
        (
            ZERO,
            [BEFORE_1_0, WAIVED],
            True,
            "2 types changed since 0.4.0: 2 breaking, 1 allowed before 1.0.0, 1 waived. Allowed as 0.5.0.",
        ),
        (
            ZERO,
            [BEFORE_1_0, STYLE],
            False,
            (
                "2 types changed since 0.4.0: 1 breaking, allowed before 1.0.0, 1 error. "
                "Refused until the error is fixed."
            ),
        ),
        (
            replace(ZERO, version="1.0.0"),
            [BREAK],
            False,
            (
                "2 types changed. "
                "Refused: 1 breaking change since 0.4.0; it needs 1.0.0. Undo it, or `fieldstone waive`."
            ),
        ),
        (replace(ZERO, bump="minor"), [], False, "2 types changed since 0.4.0: additive. Refused."),
    ],
)
def test_summary_says_what_changed_and_what_may_be_done(
    module: ModuleReport, findings: list[Finding], *, allowed: bool, expected: str
) -> None:
    assert summary(replace(module, findings=tuple(findings), allowed=allowed)) == f"m: {expected}"
