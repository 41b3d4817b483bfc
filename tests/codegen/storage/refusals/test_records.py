"""The application's own classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.storage.refusals.examples import annotated, entity, refused

RECORDS = """
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

@dataclass(slots=True)
class Step:
    run_id: str
    at: Optional[datetime]
    kind: int
    reward: float
    info: dict[str, Any] | None = None
    tags: list[str] = field(default_factory=list)

class Plain:
    run_id: str
"""

STEP_FIELDS = (
    "string run_id",
    "google.protobuf.Timestamp at",
    "Kind kind",
    "double reward",
    annotated("optional bytes info", "codec: CODEC_JSON"),
    "repeated string tags",
)


def with_record(reference: str, *fields: str) -> str:
    """A step that is kept in a class of the application."""
    head = 'import "google/protobuf/timestamp.proto"; '
    return head + entity(f'not_stored: true record: "{reference}"', *fields) + "enum Kind { KIND_UNSPECIFIED = 0; }"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """The application's source, and its one module."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "records.py").write_text(RECORDS)
    return tmp_path


def test_a_record_class_that_fits(records: Path) -> None:
    assert not refused(with_record("app.records:Step", *STEP_FIELDS), records)


def test_a_record_class_that_is_not_there(records: Path) -> None:
    path = records / "app" / "records.py"
    assert refused(with_record("app.record:Step"), records) == [
        f"2:10: the record of StepV1: no module app.record below {records}; did you mean app.records?"
    ]
    assert refused(with_record("app.records:Stop"), records) == [
        f"2:10: the record of StepV1: no class Stop in {path}; did you mean Step?"
    ]
    assert refused(with_record("app.records:Plain"), records) == [
        (
            f"2:10: the record of StepV1: Plain at {path}:15 is no dataclass, attrs class, pydantic model or "
            "NamedTuple; put @dataclass(slots=True) above it"
        )
    ]


def test_an_attribute_that_may_be_none_where_the_field_is_always_there(records: Path) -> None:
    path = records / "app" / "records.py"
    path.write_text(RECORDS.replace("run_id: str\n    at", "run_id: str | None\n    at"))
    assert refused(with_record("app.records:Step", *STEP_FIELDS), records) == [
        (
            f"3:3: Step.run_id at {path}:8 is of type str | None, and run_id is never absent; "
            "annotate it as str, or make the field optional"
        )
    ]


def test_a_record_class_that_lacks_an_attribute(records: Path) -> None:
    path = records / "app" / "records.py"
    fields = [*STEP_FIELDS[:-1], "repeated string tag", annotated("string zzz", 'attribute: "qqq" not_stored: true')]
    assert refused(with_record("app.records:Step", *fields), records) == [
        f"8:3: Step at {path}:7 has no attribute tag for StepV1.tag; did you mean tags?",
        f"9:3: Step at {path}:7 has no attribute qqq for StepV1.zzz; add it, or name another with attribute",
    ]


def test_a_record_class_with_more_attributes(records: Path) -> None:
    path = records / "app" / "records.py"
    assert refused(with_record("app.records:Step", *STEP_FIELDS[1:]), records) == [
        (
            f"2:10: Step.run_id at {path}:8 has no default, and no field of StepV1 fills it; "
            "give it a default, or name it as the attribute of a field"
        )
    ]


def test_a_record_class_whose_types_do_not_fit(records: Path) -> None:
    path = records / "app" / "records.py"
    fields = [
        "optional string run_id",
        "int64 at",
        "string kind",
        "string reward",
        "bytes info",
        "map<string, string> tags",
    ]
    assert refused(with_record("app.records:Step", *fields), records) == [
        (
            f"3:3: Step.run_id at {path}:8 is of type str, and run_id gives str | None; "
            "annotate it as str | None, or make the field one that is always there"
        ),
        (
            f"4:3: Step.at at {path}:9 is of type Optional[datetime], and at gives int; "
            "annotate it as int, or name a converter"
        ),
        f"5:3: Step.kind at {path}:10 is of type int, and kind gives str; annotate it as str, or name a converter",
        (
            f"6:3: Step.reward at {path}:11 is of type float, and reward gives str; "
            "annotate it as str, or name a converter"
        ),
        (
            f"7:3: Step.info at {path}:12 is of type dict[str, Any] | None, and info gives bytes; "
            "annotate it as bytes, or name a converter"
        ),
        (
            f"8:3: Step.tags at {path}:13 is of type list[str], and tags gives dict[str, str]; "
            "annotate it as dict[str, str], or name a converter"
        ),
    ]


def test_a_record_class_with_an_attribute_that_cannot_be_given(records: Path) -> None:
    path = records / "app" / "more.py"
    path.write_text(
        "from dataclasses import InitVar, dataclass, field\n\n"
        "@dataclass\nclass Step:\n    a: int = field(init=False)\n    b: InitVar[int]\n"
    )
    assert refused(with_record("app.more:Step", "int32 a"), records) == [
        (
            f"2:10: Step.b at {path}:6 has no default, and no field of StepV1 fills it; "
            "give it a default, or name it as the attribute of a field"
        ),
        (
            f"3:3: Step.a at {path}:5 cannot be given: it has init=False; "
            "leave out init=False, or name another with attribute"
        ),
    ]


def test_two_classes_of_one_name(records: Path) -> None:
    (records / "app" / "more.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Step:\n    a: int\n"
    )
    source = (
        with_record("app.records:Step", *STEP_FIELDS)
        + "\n"
        + entity('not_stored: true record: "app.more:Step"', "int32 a", name="OtherV1")
    )
    assert refused(source, records) == [
        (
            "11:1: the class of acme.v1.OtherV1 is Step, and so is that of acme.v1.StepV1; "
            "name another class in record, or import it under another name in a module of yours"
        )
    ]
