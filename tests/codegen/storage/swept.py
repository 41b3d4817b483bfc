"""Schemas in which one name has every role that a name can have: field, key, query, range, table, message, entity."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen import storage
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.refusals import refusals
from tests.codegen.storage.refusals.examples import PATH, schema_of

RUNTIME = Path(__file__).parents[3] / "packages/fieldstone-runtime/src/fieldstone_runtime"
TEMPLATES = Path(storage.__file__).parents[1] / "templates"

HEADER = (
    'syntax = "proto3";\npackage acme.v1;\n'
    'import "fieldstone/v1/annotations.proto";\nimport "google/protobuf/timestamp.proto";\n'
    'import "google/protobuf/wrappers.proto";\nimport "google/protobuf/empty.proto";\n'
)
ENTITY = "option (fieldstone.v1.entity)"
CHILD = "[(fieldstone.v1.column).codec = CODEC_CHILD_TABLE]"

ROLES = {
    "key": (
        f"message Key{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: ['{{n}}'] outbox: {{{{}}}} "
        "queries: {{name: 'by_{i}' equal: '{n}'}} queries: {{name: 'count_{i}' equal: '{n}' "
        "result: QUERY_RESULT_COUNT}} queries: {{name: 'drop_{i}' equal: '{n}' result: QUERY_RESULT_DELETED}} "
        "queries: {{name: 'first_{i}' equal: '{n}' result: QUERY_RESULT_FIRST}}}}; "
        f"string {{n}} = 1; repeated string list_{{i}} = 2 {CHILD}; map<string, int32> map_{{i}} = 3 {CHILD}; "
        f"map<int32, google.protobuf.Empty> empty_{{i}} = 4 {CHILD}; "
        f"repeated google.protobuf.BoolValue flags_{{i}} = 5 {CHILD}; }}}}"
    ),
    "range": (
        f"message Range{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: ['range_{{i}}', '{{n}}'] "
        "outbox: {{aggregate_key: '{n}'}} "
        "queries: {{name: 'within_{i}' equal: 'range_{i}' range: '{n}'}} "
        "queries: {{name: 'latest_{i}' equal: 'range_{i}' range: '{n}' descending: true limit: 10}}}}; "
        "string range_{i} = 1; int64 {n} = 2; }}"
    ),
    "plain": (
        f"message Plain{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'plain_{{i}}' indexes: {{{{fields: '{{n}}'}}}} "
        "queries: {{name: 'having_{i}' equal: '{n}'}}}}; string plain_{i} = 1; optional string {n} = 2; }}"
    ),
    "time": (
        f"message Time{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'time_{{i}}' indexes: {{{{fields: '{{n}}'}}}} "
        "queries: {{name: 'since_{i}' equal: '{n}'}}}}; string time_{i} = 1; google.protobuf.Timestamp {n} = 2; }}"
    ),
    "enum": (
        f"message Enum{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'enum_{{i}}' indexes: {{{{fields: '{{n}}'}}}} "
        "queries: {{name: 'of_{i}' equal: '{n}'}}}}; string enum_{i} = 1; Kind{i} {n} = 2; "
        "repeated Kind{i} all_{i} = 3; optional Kind{i} one_{i} = 4; }} "
        "enum Kind{i} {{ KIND{i}_UNSPECIFIED = 0; KIND{i}_ONE = 1; }}"
    ),
    "child": (
        f"message Child{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'child_{{i}}'}}}}; string child_{{i}} = 1; "
        f"repeated double {{n}} = 2 {CHILD}; map<string, .acme.v1.Member{{i}}> members_{{i}} = 3 {CHILD}; }}}} "
        "message Member{i} {{ string {n} = 1; optional int32 number = 2; }}"
    ),
    "map": (
        f"message Map{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'map_{{i}}'}}}}; string map_{{i}} = 1; "
        f"map<bool, bytes> {{n}} = 2 {CHILD}; }}}}"
    ),
    "message": (
        f"message Message{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'message_{{i}}'}}}}; string message_{{i}} = 1; "
        f".acme.v1.{{n}} one = 2; repeated .acme.v1.{{n}} many = 3 {CHILD}; }}}} "
        "message {n} {{ int32 {n} = 1; }}"
    ),
    "entity": (
        f"message Named{{i}}V1 {{{{ {ENTITY} = {{{{name: '{{n}}' plural: 'all_{{n}}' table: 'named_{{i}}' "
        "primary_key: 'named_{i}' outbox: {{}} indexes: {{fields: ['named_{i}', 'text'] unique: true}}}}; "
        f"string named_{{i}} = 1; string text = 2; repeated string list = 3 {CHILD}; }}}}"
    ),
    "served": (
        f"message Served{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: ['{{n}}', 'served_{{i}}'] "
        "queries: {{name: 'served_by_{i}' equal: '{n}' range: 'served_{i}'}}}}; string {n} = 1; "
        "int64 served_{i} = 2; }} message Ask{i} {{ string {n} = 1; optional int64 from_served_{i} = 2; "
        "int32 page_size = 3; string page_token = 4; }} "
        "message Watched{i} {{ string {n} = 1; }} "
        "message Answer{i} {{ repeated Served{i}V1 {n} = 1; string next_page_token = 2; }} "
        "service Serving{i} {{ rpc Find(Ask{i}) returns (Answer{i}) {{ "
        "option (fieldstone.v1.serves) = {{query: 'acme.v1.Served{i}V1.served_by_{i}'}}; }} "
        "rpc Watch(Watched{i}) returns (stream Served{i}V1) {{ "
        "option (fieldstone.v1.serves) = {{query: 'acme.v1.Served{i}V1.served_by_{i}'}}; }} }}"
    ),
    "listed": (
        f"message Listed{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: ['{{n}}', 'listed_{{i}}'] "
        "queries: {{name: 'in_{i}' in: '{n}' range: 'listed_{i}'}} "
        "queries: {{name: 'maybe_{i}' optional_equal: '{n}'}} queries: {{name: 'last_{i}' latest_per: '{n}'}} "
        "queries: {{name: 'sums_{i}' group_by: '{n}' result: QUERY_RESULT_GROUPS "
        "aggregates: {{function: AGGREGATE_FUNCTION_SUM field: 'listed_{i}'}} "
        "aggregates: {{function: AGGREGATE_FUNCTION_MAX field: '{n}'}} "
        "aggregates: {{function: AGGREGATE_FUNCTION_COUNT}}}}}}; string {n} = 1; int64 listed_{i} = 2; }}"
    ),
    "measure": (
        f"message Measured{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'measured_{{i}}' "
        "queries: {{name: 'measures_{i}' result: QUERY_RESULT_GROUPS "
        "aggregates: {{function: AGGREGATE_FUNCTION_COUNT name: '{n}'}}}}}}; string measured_{i} = 1; }}"
    ),
    "moment": (
        f"message Moment{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: ['moment_{{i}}', '{{n}}'] "
        "queries: {{name: 'during_{i}' equal: 'moment_{i}' range: '{n}'}}}}; string moment_{i} = 1; "
        "google.protobuf.Timestamp {n} = 2 [(fieldstone.v1.column).required = true]; }}"
    ),
    "absent": (
        f"message Absent{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'absent_{{i}}' indexes: {{{{fields: '{{n}}'}}}} "
        "queries: {{name: 'without_{i}' absent: '{n}'}} queries: {{name: 'ordered_{i}' order_by: '{n}'}}}}; "
        "string absent_{i} = 1; google.protobuf.Timestamp {n} = 2; }}"
    ),
    "version": (
        f"message Version{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'version_{{i}}' outbox: {{{{}}}}}}}}; "
        "string version_{i} = 1; int64 {n} = 2 [(fieldstone.v1.column).version = true]; "
        f"repeated string list_{{i}} = 3 {CHILD}; }}}}"
    ),
    "query": (
        f"message Asked{{i}}V1 {{{{ {ENTITY} = {{{{primary_key: 'asked_{{i}}' queries: {{{{name: '{{n}}'}}}}}}}}; "
        "string asked_{i} = 1; }}"
    ),
}
"""A message, on one line, for each role of a name `{n}`; `{i}` is its number."""


class Swept(Struct, frozen=True):
    """A schema of names and roles, and what of them is refused, with the reason."""

    source: str
    refused: dict[tuple[str, str], str]


def swept(names: Sequence[str], roles: Sequence[str]) -> Swept:
    """The schema of names in these roles, without the ones that are refused."""
    pairs = [(name, role) for name in names for role in roles if _may_have(name, role)]
    lines = {pair: ROLES[pair[1]].format(n=pair[0], i=names.index(pair[0])) for pair in pairs}
    first = HEADER.count("\n") + 1
    source = HEADER + "\n".join(lines.values()) + "\n"
    refused: dict[tuple[str, str], str] = {}
    for refusal in refusals(schema_of({PATH: source}), "acme", own=[PATH]):
        refused[pairs[refusal.location.line - first]] = refusal.problem
    return Swept(HEADER + "\n".join(line for pair, line in lines.items() if pair not in refused) + "\n", refused)


def _may_have(name: str, role: str) -> bool:
    """Whether protobuf allows it: no message or field has the name of one of the schema's own."""
    if role == "served" and name in {"page_size", "page_token", "next_page_token"}:
        return False
    return role != "message" or not re.fullmatch(r"[A-Z][a-z]+\d+(V1)?", name)


def all_names() -> list[str]:
    """Keywords, builtins, words of SQL, and every identifier of the templates and of the runtime, sorted."""
    return sorted({name for name in _names() if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)})


def _names() -> Iterator[str]:
    yield from keyword.kwlist
    yield from keyword.softkwlist
    yield from dir(builtins)
    for dialect in all_dialects().values():
        yield from dialect.words
    for path in (*RUNTIME.rglob("*.py"), *TEMPLATES.glob("storage/*.j2"), *TEMPLATES.glob("sqlite/*.j2")):
        yield from re.findall(r"\w+", path.read_text("utf-8"))
    for path in TEMPLATES.glob("postgres/*.j2"):
        yield from re.findall(r"\w+", path.read_text("utf-8"))
