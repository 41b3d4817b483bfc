"""A module whose queries are of every kind, with the rpcs that they answer, and its packages."""

from __future__ import annotations

import re
from pathlib import Path

from tests.codegen.packages import Generated, generated
from tests.codegen.storage.test_names import repository_of

SOURCE = """syntax = "proto3";
package acme.v1;
import "fieldstone/v1/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

// What a device measured.
message ReadingV1 {
  option (fieldstone.v1.entity) = {
    primary_key: ["device", "at"]
    indexes: {fields: "at"}
    indexes: {fields: ["status", "at"]}
    indexes: {fields: "site"}
    indexes: {fields: ["status", "site", "at"]}
    indexes: {fields: "checked_at"}
    indexes: {fields: ["value", "device"]}
    indexes: {fields: ["raw", "device"]}
    queries: {name: "readings" equal: "device" range: "at" descending: true}
    queries: {name: "all_readings" range: "at"}
    queries: {name: "by_check" range: "checked_at"}
    queries: {name: "newest_checks" order_by: "checked_at" descending: true}
    queries: {name: "by_site" order_by: "site"}
    queries: {name: "by_value" order_by: ["value", "device"]}
    queries: {name: "unchecked" absent: "checked_at"}
    queries: {name: "latest" latest_per: "device" range: "at"}
    queries: {name: "latest_of_status" equal: "status" latest_per: "site" order_by: "at"}
    queries: {name: "some" optional_equal: ["status", "site"] range: "at" limit: 50}
    queries: {name: "of_devices" in: "device" range: "at"}
    queries: {name: "count_of_devices" in: "device" result: QUERY_RESULT_COUNT}
    queries: {name: "drop_of_devices" in: "device" result: QUERY_RESULT_DELETED}
    queries: {name: "first_of_devices" in: "device" order_by: "at" result: QUERY_RESULT_FIRST}
    queries: {name: "at_times" in: "at"}
    queries: {name: "of_raw" in: "raw"}
    queries: {name: "of_status" in: "status"}
    queries: {name: "totals" group_by: "device" range: "at" result: QUERY_RESULT_GROUPS
      aggregates: {function: AGGREGATE_FUNCTION_COUNT}
      aggregates: {function: AGGREGATE_FUNCTION_COUNT field: "checked_at" name: "checked"}
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "amount"}
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "value"}
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "ratio"}
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "took"}
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "extra"}
      aggregates: {function: AGGREGATE_FUNCTION_MIN field: "at"}
      aggregates: {function: AGGREGATE_FUNCTION_MAX field: "checked_at"}
      aggregates: {function: AGGREGATE_FUNCTION_MIN field: "value"}
      aggregates: {function: AGGREGATE_FUNCTION_MAX field: "value"}
      aggregates: {function: AGGREGATE_FUNCTION_MAX field: "site"}
      aggregates: {function: AGGREGATE_FUNCTION_MAX field: "status"}
    }
    queries: {name: "per_site" group_by: ["site", "status"] result: QUERY_RESULT_GROUPS
      aggregates: {function: AGGREGATE_FUNCTION_COUNT}
    }
    queries: {name: "overall" optional_equal: "status" result: QUERY_RESULT_GROUPS
      aggregates: {function: AGGREGATE_FUNCTION_SUM field: "amount"}
    }
  };
  // Which device.
  string device = 1;
  // When it was measured.
  google.protobuf.Timestamp at = 2 [(fieldstone.v1.column).required = true];
  double value = 3;
  int64 amount = 4;
  Status status = 5;
  optional string site = 6;
  google.protobuf.Timestamp checked_at = 7;
  google.protobuf.Duration took = 8 [(fieldstone.v1.column).required = true];
  google.protobuf.Int64Value extra = 9;
  Place place = 10 [(fieldstone.v1.column).required = true];
  google.protobuf.StringValue label = 11 [(fieldstone.v1.column).required = true];
  google.protobuf.Value anything = 12 [(fieldstone.v1.column).required = true];
  repeated string tags = 14 [(fieldstone.v1.column).codec = CODEC_CHILD_TABLE];
  float ratio = 15;
  bytes raw = 16;
}

enum Status {
  STATUS_UNSPECIFIED = 0;
  STATUS_GOOD = 1;
  STATUS_BAD = 2;
}

message Place {
  string name = 1;
  google.protobuf.Timestamp since = 2 [(fieldstone.v1.column).required = true];
}

// Money of somebody, with versions.
message AccountV1 {
  option (fieldstone.v1.entity) = {
    primary_key: "id"
    outbox: {}
    queries: {name: "accounts"}
  };
  string id = 1;
  int64 revision = 2 [(fieldstone.v1.column).version = true];
  int64 balance = 3;
  optional string owner = 4;
  repeated string tags = 5 [(fieldstone.v1.column).codec = CODEC_CHILD_TABLE];
  oneof contact {
    string mail = 6;
    string phone = 7;
  }
}

// Gives readings.
service MeterService {
  rpc ListReadings(ListReadingsRequest) returns (ReadingPage) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.readings";
  }
  rpc ListSome(ListSomeRequest) returns (ReadingPage) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.some";
  }
  rpc ListOfDevices(ListOfDevicesRequest) returns (ReadingPage) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.of_devices";
  }
  rpc ListLatest(ListLatestRequest) returns (ReadingPage) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.latest";
  }
  rpc ListChecks(ListLatestRequest) returns (ReadingPage) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.newest_checks";
  }
  rpc GetReading(GetReadingRequest) returns (ReadingV1) {
    option (fieldstone.v1.serves).query = "acme.v1.ReadingV1.get_reading";
  }
}

message GetReadingRequest {
  string device = 1;
  google.protobuf.Timestamp at = 2;
}

message ListReadingsRequest {
  string device = 1;
  google.protobuf.Timestamp from_at = 2;
  google.protobuf.Timestamp before_at = 3;
  int32 page_size = 4;
  string page_token = 5;
}

message ListSomeRequest {
  optional Status status = 1;
  optional string site = 2;
  int32 page_size = 4;
  string page_token = 5;
}

message ListOfDevicesRequest {
  repeated string device = 1;
  int32 page_size = 4;
  string page_token = 5;
}

message ListLatestRequest {
  int32 page_size = 4;
  string page_token = 5;
}

message ReadingPage {
  repeated ReadingV1 readings = 1;
  string next_page_token = 2;
}
"""


_MORE = "all_readings|by_check|by_site|by_value|latest_of_status|(drop|first)_of_devices|at_times|of_raw|of_status"
FEWER = re.sub(rf' +queries: {{name: "({_MORE})" .*\n', "", SOURCE)
"""The same with one query of each kind."""


def generated_meters(folder: Path, module: str = "meters", source: str = SOURCE) -> Generated:
    """The packages of the module, in a folder of their own."""
    return generated(repository_of(folder, module, source), module, folder / "out")
