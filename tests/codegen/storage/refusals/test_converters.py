"""Converters, values that are always there, and attributes that cannot be given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.storage.refusals.examples import annotated, entity, refused
from tests.schema.files import write_files

CODECS = """
from typing import Any
class Text:
    @staticmethod
    def to_dto(value: object) -> str: ...
    @staticmethod
    def from_dto(value: str) -> object: ...
class Numbers:
    @staticmethod
    def to_dto(value: object) -> list[float]: ...
    @staticmethod
    def from_dto(value: Any) -> object: ...
class Half:
    @staticmethod
    def to_dto(value: object) -> bytes | None: ...
"""
HEAD = 'import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto"; '


def converted(field: str, name: str = "Text", more: str = "") -> str:
    """A field with a converter of `CODECS`."""
    return annotated(field, f'converter: "app.codecs:{name}" {more}')


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of the application."""
    write_files(tmp_path, {"app/codecs.py": CODECS})
    return tmp_path


def said(source: Path, *fields: str, options: str = "not_stored: true") -> list[str]:
    """The lines of what is refused of a step with these fields, the first on line 3."""
    return [line.replace(str(source), "ROOT") for line in refused(HEAD + entity(options, *fields), source)]


@pytest.mark.parametrize(
    "field",
    [
        converted("string a"),
        converted("repeated double a", "Numbers"),
        converted("optional string a", more="not_stored: true"),
        annotated("string a", 'converter: "fieldstone_runtime.converters:UuidText"'),
        annotated("google.protobuf.Timestamp a", "required: true"),
        annotated("bytes a", "codec: CODEC_JSON required: true"),
        annotated("google.protobuf.Value a", "required: true"),
    ],
)
def test_a_field_that_fits(source: Path, field: str) -> None:
    assert said(source, field) == []


@pytest.mark.parametrize(
    ("field", "line"),
    [
        (
            converted("string a", "Test"),
            "3:3: the converter of StepV1.a: no object Test in ROOT/app/codecs.py; did you mean Text?",
        ),
        (
            converted("bytes a", "Half"),
            (
                "3:3: the converter of StepV1.a: Half at ROOT/app/codecs.py:13 has no function from_dto; "
                "add it: from_dto(value) gives the attribute for what the field holds"
            ),
        ),
        (
            converted("bytes a"),
            "3:3: to_dto of app.codecs:Text at ROOT/app/codecs.py:3 gives str, and a holds bytes; let it give bytes",
        ),
        (
            converted("string a", more="not_stored: true"),
            (
                "3:3: StepV1.a is not stored, and a record that is read back needs a value of it; "
                "make it optional, or leave out not_stored"
            ),
        ),
        (
            annotated("optional string a", "required: true"),
            (
                "3:3: StepV1.a has required: true, and is a string; "
                "leave out `optional` where it has it: such a field is always there"
            ),
        ),
        (
            annotated("repeated string a", "required: true"),
            "3:3: StepV1.a has required: true, and a list or map is always there; leave it out",
        ),
        (
            annotated("google.protobuf.Timestamp a", "required: true not_stored: true"),
            (
                "3:3: StepV1.a is not stored, and a record that is read back needs a value of it; "
                "make it optional, or leave out not_stored"
            ),
        ),
    ],
)
def test_a_field_that_does_not_fit(source: Path, field: str, line: str) -> None:
    assert said(source, field) == [line]


def test_a_converter_of_a_message_without_a_record(source: Path) -> None:
    field = 'string a = 1 [(fieldstone.v1.column).converter = "app.codecs:Text"];'
    [line] = refused(f"{entity('not_stored: true')}message Ask {{ {field} }}", source)
    assert line.partition(": ")[2] == (
        "Ask.a has a converter, and Ask has no record; leave it out, or store the message"
    )


def test_a_required_member_of_a_oneof(source: Path) -> None:
    text = (
        f"{HEAD}message StepV1 {{ oneof which {{ google.protobuf.Timestamp a = 1 "
        "[(fieldstone.v1.column).required = true]; } }"
    )
    [line] = refused(text, source)
    assert line.partition(": ")[2] == (
        "StepV1.a has required: true, and is in the oneof which, of which one member at most is there; "
        "take it out of the oneof"
    )


def test_a_required_time_is_a_key(source: Path) -> None:
    fields = ("string a", annotated("google.protobuf.Timestamp at", "required: true"), "google.protobuf.Timestamp b")
    assert said(source, *fields, options='primary_key: ["a", "at"] queries: {name: "q" equal: "a" range: "at"}') == []
    [line] = said(source, *fields, options='primary_key: ["a", "b"]')
    assert line.startswith("2:10: primary_key of StepV1 names b, a message, which can be absent; ")


def test_converters_whose_names_are_alike(source: Path) -> None:
    spellings = ("runId", "RUN_ID", "_run_id", "run__id", "run_i_d")
    others = (converted(f"string b{n}", more=f'attribute: "{name}"') for n, name in enumerate(spellings))
    assert said(source, converted("string run_id"), *others) == []
    options = "not_stored: true"
    messages = (
        entity(options, converted("string of_run")),
        entity(f'{options} name: "step_of"', converted("string run"), name="B"),
    )
    assert [line.partition(": ")[2] for line in refused("".join(messages), source)] == [
        f"the converter of B.run is called {name} in generated code, as is acme.v1.StepV1.of_run; "
        "give the field another attribute"
        for name in ("STEP_OF_RUN_CONVERTER", "StepOfRunValue")
    ]


CLASSES = """
from dataclasses import dataclass
from pydantic import BaseModel, Field
@dataclass
class Step:
    a: object
    b: bytes | None
    c: int
class Model(BaseModel):
    a: str = Field(alias="the-a")
"""


def test_attributes_of_a_converted_field(source: Path) -> None:
    write_files(source, {"app/models.py": CLASSES})
    options = 'not_stored: true record: "app.models:Step"'
    fields = (converted("string a"), converted("string b"), converted("optional string c"))
    assert said(source, *fields, options=options) == [
        (
            "4:3: Step.b at ROOT/app/models.py:7 is of type bytes | None, and b is never absent; "
            "leave None out, or make the field optional"
        ),
        (
            "5:3: Step.c at ROOT/app/models.py:8 is of type int, and c may be absent; "
            "annotate it as int | None, or make the field one that is always there"
        ),
    ]


def test_an_attribute_that_the_class_does_not_take(source: Path) -> None:
    write_files(source, {"app/models.py": CLASSES})
    [line] = said(source, "string a", options='not_stored: true record: "app.models:Model"')
    assert line == (
        '3:3: Model.a at ROOT/app/models.py:10 cannot be given: its alias is "the-a"; '
        "set populate_by_name=True in its model_config, or name another with attribute"
    )
