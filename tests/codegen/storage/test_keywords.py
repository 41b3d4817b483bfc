"""Fields and enum values called like keywords: only the attribute and the column need another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.packages import generated
from tests.codegen.server import PostgresServer
from tests.codegen.storage.test_names import repository_of, type_errors, use

pytestmark = pytest.mark.slow

SOURCE = """\
syntax = "proto3";
package acme.v1;
import "fieldstone/v1/annotations.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
message RowV1 {
  option (fieldstone.v1.entity) = {
    primary_key: "id" indexes: {fields: "class"} queries: {name: "by_class" equal: "class"}
  };
  string id = 1;
  Kind class = 2 [(fieldstone.v1.column) = {attribute: "class_" name: "klass"}];
  optional Kind from = 3 [(fieldstone.v1.column) = {attribute: "from_" name: "a"}];
  repeated Kind import = 4 [(fieldstone.v1.column) = {attribute: "import_" name: "b"}];
  map<string, Kind> global = 5 [(fieldstone.v1.column) = {attribute: "global_" name: "c"}];
  google.protobuf.Timestamp is = 6 [(fieldstone.v1.column) = {attribute: "is_" name: "d"}];
  oneof pass {
    google.protobuf.Value def = 7 [(fieldstone.v1.column) = {attribute: "def_" name: "e"}];
    string del = 8 [(fieldstone.v1.column) = {attribute: "del_" name: "f"}];
  }
  repeated string with = 9 [(fieldstone.v1.column) = {attribute: "with_" name: "g" codec: CODEC_CHILD_TABLE}];
  double try = 10 [(fieldstone.v1.column) = {attribute: "try_" name: "h"}];
  message None {}
}
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_ONE = 1;
  None = 2;
  class = 3;
  mro = 4;
  _hidden = 5;
}
"""


def test_keywords_as_fields_and_values(tmp_path: Path, postgres: PostgresServer) -> None:
    package = generated(repository_of(tmp_path, "keywords", SOURCE), "keywords", tmp_path / "out")
    use(package, postgres)
    assert type_errors(package, tmp_path) == ""
    kind = package.storage("records").Kind
    assert [member.name for member in kind] == [
        "KIND_UNSPECIFIED",
        "KIND_ONE",
        "None_",
        "class_",
        "mro_",
        "member_hidden",
    ]
