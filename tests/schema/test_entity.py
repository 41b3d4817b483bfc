"""The storage annotations are read by the numbers and names that the vocabulary has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from msgspec import to_builtins
from msgspec.structs import replace

from fieldstone.checking.examples import compile_example
from fieldstone.schema import entity
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.entity import (
    ColumnOptions,
    Entity,
    Index,
    Outbox,
    Query,
    decode_column,
    decode_entity,
    decode_serves,
)
from fieldstone.schema.image import parse_image
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from tests.conftest import ANNOTATIONS, VOCABULARY

if TYPE_CHECKING:
    from google.protobuf.message import Message

STEP = """
message Step {
  option (fieldstone.v1.entity) = {
    record: "acme.records:Step" name: "move" plural: "moves" table: "all_moves" primary_key: ["run", "index"]
    indexes: [{fields: ["agent", "run"]}, {fields: "seed", unique: true}]
    queries: {
      name: "by_run" equal: "run" range: "index" range_name: "step" order_by: ["index", "agent"]
      descending: true limit: 9 result: QUERY_RESULT_FIRST
    }
    queries: {name: "forget" equal: "run" result: QUERY_RESULT_DELETED}
    outbox: {aggregate_key: "agent"} supersedes: "acme.v0.Step"
  };
  string run = 1;
  int64 index = 2 [(fieldstone.v1.column) = {
    attribute: "step" name: "step_index" codec: CODEC_PROTO not_stored: true default: "7" from: ["a", "b"]
  }];
  string agent = 3;
  int64 seed = 4;
}
message Other { option (fieldstone.v1.entity) = {not_stored: true}; string run = 1; }
message Bare { string run = 1; }
service Steps { rpc Get(Bare) returns (Other) { option (fieldstone.v1.serves) = {query: "acme.v1.Step.by_run"}; } }
"""


@cache
def vocabulary() -> descriptor_pb2.FileDescriptorProto:
    image = buf.build(str(VOCABULARY), cwd=VOCABULARY).output(what="the annotations do not compile")
    files = {file.name: file for file in parse_image(image, where="the annotations").file}
    return files[ANNOTATIONS]


ENUMS = {"result": entity.QUERY_RESULTS, "codec": entity.CODECS, "function": entity.AGGREGATE_FUNCTIONS}
RENAMED = {"from": "sources", "in": "among"}


def schema_of(sources: str) -> Schema:
    return load_schema(compile_example(sources), where="example")


def with_option(options: Any, data: bytes) -> Any:
    """Options with the storage annotation set to bytes (https://protobuf.dev/programming-guides/encoding/)."""
    length = bytes([len(data) & 0x7F | 0x80, len(data) >> 7])
    options.MergeFromString(b"\x92\x80\x19" + length + data)
    return options


def filled(message: Message) -> Message:
    """Every field set: text to its own name, lists to two members, numbers and enums to what no default is."""
    for field in message.DESCRIPTOR.fields:
        if field.is_repeated:
            values = getattr(message, field.name)
            if field.message_type:
                filled(values.add())
                filled(values.add())
            else:
                values.extend([field.name, field.name.upper()])
        elif field.message_type:
            filled(getattr(message, field.name))
        else:
            setattr(message, field.name, field.name if field.type == field.TYPE_STRING else 1)
    return message


def as_read(message: Message) -> dict[str, object]:
    """What the message holds, by the names and with the values that readers use."""
    found: dict[str, object] = {}
    for field, value in message.ListFields():
        if field.is_repeated:
            found[field.name] = tuple(as_read(member) if field.message_type else member for member in value)
        elif field.message_type:
            found[field.name] = as_read(value)
        else:
            found[field.name] = ENUMS[field.name][value] if field.enum_type else value
    return {RENAMED.get(name, name): value for name, value in found.items()}


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("Entity", descriptor_pb2.MessageOptions(), decode_entity),
        ("Column", descriptor_pb2.FieldOptions(), decode_column),
    ],
)
def test_every_field_of_the_vocabulary_is_read(name: str, options: Message, read: Callable[[Message], Any]) -> None:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(vocabulary())
    written = filled(message_factory.GetMessageClass(pool.FindMessageTypeByName(f"fieldstone.v1.{name}"))())
    assert to_builtins(read(with_option(options, written.SerializeToString()))) == as_read(written)
    assert len(as_read(written)) == len(written.DESCRIPTOR.fields)


def test_the_names_of_enums_are_those_of_the_vocabulary() -> None:
    values = {enum.name: {value.number: value.name for value in enum.value} for enum in vocabulary().enum_type}
    results = ("QUERY_RESULT_UNSPECIFIED", *(f"QUERY_RESULT_{name.upper()}" for name in entity.QUERY_RESULTS[1:]))
    codecs = ("CODEC_UNSPECIFIED", *(f"CODEC_{name.upper()}" for name in entity.CODECS[1:]))
    functions = [f"AGGREGATE_FUNCTION_{name.upper() or 'UNSPECIFIED'}" for name in entity.AGGREGATE_FUNCTIONS]
    assert values == {
        "QueryResult": dict(enumerate(results)),
        "Codec": dict(enumerate(codecs)),
        "AggregateFunction": dict(enumerate(functions)),
    }


def test_the_extensions_have_the_number_of_the_vocabulary() -> None:
    numbers = {found.name: found.number for found in vocabulary().extension}
    assert {numbers[name] for name in ("entity", "column", "serves")} == {entity.STORAGE_OPTION}
    (serves,) = [found for found in vocabulary().message_type if found.name == "Serves"]
    assert [(field.name, field.number) for field in serves.field] == [("query", 1)]


def test_every_annotation_is_read_as_it_is_written() -> None:
    schema = schema_of(STEP)
    step = schema.messages["acme.v1.Step"]
    assert step.entity == Entity(
        record="acme.records:Step",
        name="move",
        plural="moves",
        table="all_moves",
        primary_key=("run", "index"),
        indexes=(Index(("agent", "run")), Index(("seed",), unique=True)),
        queries=(
            Query("by_run", ("run",), "index", "step", ("index", "agent"), descending=True, limit=9, result="first"),
            Query("forget", ("run",), result="deleted"),
        ),
        outbox=Outbox("agent"),
        supersedes="acme.v0.Step",
    )
    column = ColumnOptions("step", "step_index", "proto", not_stored=True, default="7", sources=("a", "b"))
    assert [step.fields[n].column for n in (1, 2)] == [ColumnOptions(), column]
    assert schema.messages["acme.v1.Other"].entity == Entity(not_stored=True)
    assert schema.messages["acme.v1.Bare"].entity is None
    assert schema.services["acme.v1.Steps"].rpcs["Get"].serves == "acme.v1.Step.by_run"


@pytest.mark.parametrize(("codec", "name"), list(enumerate(entity.CODECS)))
def test_every_codec_is_read(codec: int, name: str) -> None:
    options = with_option(descriptor_pb2.FieldOptions(), bytes([3 << 3, codec]))
    assert decode_column(options) == ColumnOptions(codec=name)


def test_the_place_of_an_entity_is_that_of_its_annotation() -> None:
    message = schema_of("\n\nmessage Step {\n  option (fieldstone.v1.entity) = {};\n}").messages["acme.v1.Step"]
    assert message.location.line == 3
    assert message.entity_location is not None
    assert (message.entity_location.line, message.entity_location.column) == (4, 10)


def test_what_a_later_version_of_the_annotations_adds_is_passed_over() -> None:
    name, later_text, later_number = b"\x12\x04move", b"\xa2\x06\x02hi", b"\xa8\x06\x07"
    options = with_option(descriptor_pb2.MessageOptions(), later_text + name + later_number)
    assert decode_entity(options) == Entity(name="move")
    assert decode_column(with_option(descriptor_pb2.FieldOptions(), b"\x18\x63")) == ColumnOptions(codec="")


@pytest.mark.parametrize("data", [b"hello", b"\xff\xff", b"\x0a\xff", b"\x3a\x03abc", b"\x0f"])
def test_bytes_that_are_no_annotation_are_passed_over(data: bytes) -> None:
    found = decode_entity(with_option(descriptor_pb2.MessageOptions(), data))
    assert found is None or replace(found, queries=()) == Entity()
    assert decode_column(with_option(descriptor_pb2.FieldOptions(), data)) == ColumnOptions()
    assert decode_serves(with_option(descriptor_pb2.MethodOptions(), data)) == ""


def test_a_value_of_another_type_is_passed_over() -> None:
    number_for_text, text_for_number = b"\x08\x07", b"\x52\x01x"
    data = number_for_text + text_for_number + b"\x12\x04move"
    assert decode_entity(with_option(descriptor_pb2.MessageOptions(), data)) == Entity(name="move")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ('(fieldstone.v1.column).attribute = "a"', '(fieldstone.v1.column).attribute = "b"', True),
        ("deprecated = true", 'deprecated = true, (fieldstone.v1.column).attribute = "b"', True),
        ('(fieldstone.v1.column).attribute = "a"', '(fieldstone.v1.column).name = "a"', False),
        ('(fieldstone.v1.column).converter = "a:b"', '(fieldstone.v1.column).converter = "a:c"', True),
        ("(fieldstone.v1.column).required = false", "(fieldstone.v1.column).required = true", False),
        ('(fieldstone.v1.column).name = "a"', '(fieldstone.v1.column).name = "b"', False),
        ("deprecated = true", "deprecated = false", False),
    ],
)
def test_attributes_are_no_part_of_the_contract(before: str, after: str, *, same: bool) -> None:
    other = "message Other { option (fieldstone.v1.entity) = {}; }"
    old, new = (schema_of(f"{other} message Step {{ string run = 1 [{options}]; }}") for options in (before, after))
    assert old.same_contract(new) is same


def test_record_classes_are_no_part_of_the_contract() -> None:
    def with_entity(text: str) -> Schema:
        return schema_of(f"message Step {{ option (fieldstone.v1.entity) = {{{text}}}; string run = 1; }}")

    key = 'primary_key: "run"'
    assert with_entity(key).same_contract(with_entity(f'{key} record: "acme.records:Step"'))
    assert not with_entity(key).same_contract(with_entity(f'{key} table: "steps"'))
    bare = schema_of('import "fieldstone/v1/annotations.proto"; message Step { string run = 1; }')
    assert not with_entity("").same_contract(bare)
