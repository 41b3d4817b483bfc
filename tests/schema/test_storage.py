"""Tables, with every default filled in."""

from __future__ import annotations

import pytest

from fieldstone.checking.examples import compile_example
from fieldstone.compatibility.rules import Sources
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.entity import Index
from fieldstone.schema.storage import Column, Table, snake, tables

TYPES = """
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto";
enum End { END_NONE = 0; }
message Part { string x = 1; }
message Step { option (fieldstone.v1.entity) = {}; FIELD; oneof either { string a = 8; string b = 9; } }
"""


def tables_of(sources: Sources) -> dict[str, Table]:
    return tables(load_schema(compile_example(sources), where="example"))


def table(package: str, message: str, entity: str = "", fields: str = "string id = 1;") -> Table:
    head = f"package {package};"
    (found,) = tables_of(
        f"{head} message {message} {{ option (fieldstone.v1.entity) = {{primary_key: 'id' {entity}}}; {fields} }}"
    ).values()
    return found


def column(field: str) -> Column:
    (found,) = tables_of(TYPES.replace("FIELD", field)).values()
    return found.columns[1]


@pytest.mark.parametrize(
    ("package", "message", "entity", "names"),
    [
        ("telemetry.v1", "TelemetryStepV1", "", ("step", "steps", "telemetry_steps")),
        ("telemetry.v2", "TelemetryStepV2", "", ("step_v2", "steps_v2", "telemetry_steps_v2")),
        ("telemetry.v2beta1", "StepV2beta1", "", ("step_v2beta1", "steps_v2beta1", "telemetry_steps_v2beta1")),
        ("telemetry.v1", "Step", "", ("step", "steps", "telemetry_steps")),
        ("telemetry.v1", "TelemetryV1", "", ("telemetry", "telemetrys", "telemetry_telemetrys")),
        ("telemetry", "TelemetryStep", "", ("step", "steps", "telemetry_steps")),
        ("acme.orders.v1", "OrdersHTTPCallV1", "", ("http_call", "http_calls", "orders_http_calls")),
        ("acme.orders.v1", "LineV1", "name: 'item'", ("item", "items", "orders_items")),
        ("acme.orders.v2", "LineV2", "name: 'item'", ("item", "items", "orders_items")),
        ("acme.orders.v1", "EntryV1", "plural: 'entries'", ("entry", "entries", "orders_entries")),
        ("acme.orders.v1", "EntryV1", "table: 'log'", ("entry", "entrys", "log")),
    ],
)
def test_names(package: str, message: str, entity: str, names: tuple[str, str, str]) -> None:
    found = table(package, message, entity)
    assert (found.name_of_record, found.plural, found.table) == names
    assert found.full_name == f"{package}.{message}"


@pytest.mark.parametrize(
    ("field", "kind", "nullable"),
    [
        *((f"{name} f = 1", name, False) for name in ("double", "float", "int32", "uint32", "int64", "uint64")),
        *((f"{name} f = 1", name, False) for name in ("bool", "bytes")),
        ("string f = 1", "text", False),
        ("sint32 f = 1", "int32", False),
        ("sfixed32 f = 1", "int32", False),
        ("fixed32 f = 1", "uint32", False),
        ("sint64 f = 1", "int64", False),
        ("sfixed64 f = 1", "int64", False),
        ("fixed64 f = 1", "uint64", False),
        ("optional string f = 1", "text", True),
        ("optional sint64 f = 1", "int64", True),
        ("oneof kind { string f = 1; string g = 2; }", "text", True),
        ("End f = 1", "enum", False),
        ("optional End f = 1", "enum", True),
        ("google.protobuf.Timestamp f = 1", "timestamp", True),
        ("google.protobuf.Duration f = 1", "duration", True),
        ("google.protobuf.Struct f = 1", "json", True),
        ("google.protobuf.Any f = 1", "json", True),
        ("google.protobuf.StringValue f = 1", "text", True),
        ("google.protobuf.UInt64Value f = 1", "uint64", True),
        ("google.protobuf.BoolValue f = 1", "bool", True),
        ("Part f = 1", "json", True),
        ("repeated string f = 1", "json", False),
        ("repeated Part f = 1", "json", False),
        ("repeated google.protobuf.Timestamp f = 1", "json", False),
        ("map<string, End> f = 1", "json", False),
        ("End f = 1 [(fieldstone.v1.column).codec = CODEC_ENUM_NAME]", "enum_name", False),
        ("bytes f = 1 [(fieldstone.v1.column).codec = CODEC_JSON]", "json", False),
        ("optional string f = 1 [(fieldstone.v1.column).codec = CODEC_JSON]", "json", True),
        ("Part f = 1 [(fieldstone.v1.column).codec = CODEC_PROTO]", "proto", True),
        ("repeated Part f = 1 [(fieldstone.v1.column).codec = CODEC_CHILD_TABLE]", "child_table", False),
        ("map<string, Part> f = 1 [(fieldstone.v1.column).codec = CODEC_CHILD_TABLE]", "child_table", False),
    ],
)
def test_kinds(field: str, kind: str, *, nullable: bool) -> None:
    found = column(field)
    assert (found.kind, found.nullable, found.column) == (kind, nullable, "f")


@pytest.mark.parametrize("scalar", ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"])
def test_a_wrapper_is_kept_like_its_scalar(scalar: str) -> None:
    wrapped, plain = column(f"google.protobuf.{scalar}Value f = 1"), column(f"optional {scalar.lower()} f = 1")
    assert wrapped.kind == plain.kind
    assert wrapped.nullable


def test_a_column_is_what_its_annotation_says() -> None:
    annotation = "{attribute: 'moves', name: 'move_count', default: '7'}"
    found = column(f"int64 f = 1 [(fieldstone.v1.column) = {annotation}]")
    assert (found.name, found.column, found.attribute, found.default) == ("f", "move_count", "moves", "7")
    assert found.declaration == "move_count int64 not null"
    assert column("optional int64 f = 1").declaration == "f int64"


def test_what_is_not_stored_has_no_column_and_no_table() -> None:
    sources = """
    message Step {
      option (fieldstone.v1.entity) = {primary_key: "id"};
      string id = 1;
      string note = 2 [(fieldstone.v1.column).not_stored = true];
    }
    message Part { option (fieldstone.v1.entity) = {not_stored: true}; string id = 1; }
    message Bare { string id = 1; }
    """
    found = tables_of(sources)
    assert list(found) == ["acme.v1.Step"]
    assert list(found["acme.v1.Step"].columns) == [1]


def test_a_table_knows_its_keys_indexes_and_queries() -> None:
    entity = "indexes: {fields: 'run', unique: true} queries: {name: 'by_run', equal: 'run', range: 'id'}"
    found = table("acme.v1", "Step", entity, "string id = 1; string run = 2;")
    assert (found.primary_key, found.indexes) == (("id",), (Index(("run",), unique=True),))
    assert found.queries["by_run"].full_name == "acme.v1.Step.by_run"
    assert found.queries["by_run"].declaration == "by_run(run, from_id, before_id) -> records"
    assert found.numbers(["run", "id", "nothing"]) == (2, 1, "nothing")
    assert found.column("run") == found.columns[2]
    assert found.column("nothing") is None


@pytest.mark.parametrize(
    ("outbox", "key"), [("", None), ("outbox: {}", "id"), ("outbox: {aggregate_key: 'run'}", "run")]
)
def test_events_are_in_order_for_each_value_of_a_field(outbox: str, key: str | None) -> None:
    assert table("acme.v1", "Step", outbox, "string id = 1; string run = 2;").aggregate_key == key


def test_attributes_records_and_comments_are_no_part_of_a_table() -> None:
    plain = table("acme.v1", "Step")
    fields = "// The key.\n string id = 1 [(fieldstone.v1.column).attribute = 'key'];"
    assert plain == table("acme.v1", "Step", "record: 'acme.records:Step'", fields)
    assert plain != table("acme.v1", "Step", "table: 'other'")


@pytest.mark.parametrize(
    ("name", "snaked"),
    [("TelemetryStep", "telemetry_step"), ("HTTPCall", "http_call"), ("Sha256Sum", "sha256_sum"), ("step", "step")],
)
def test_snake(name: str, snaked: str) -> None:
    assert snake(name) == snaked
