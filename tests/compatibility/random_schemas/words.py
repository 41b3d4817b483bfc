"""What random schemas are made of."""

from __future__ import annotations

SCALARS = (
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string string bytes"
).split()
RELATED = ["int32 int64 uint32 uint64 bool", "sint32 sint64", "fixed32 sfixed32", "fixed64 sfixed64", "string bytes"]
"""Scalars that share an encoding."""
KEYS = ["string", "int32", "int64", "bool", "uint32", "uint64", "sint32", "sfixed64"]
FIELD_NAMES = "id run_id step note score reward tag tags seed kind agent state world pose goal path map_id x y".split()
TYPE_NAMES = "Step Run Tag World Agent Pose Goal Episode Reward Frame Scene Layout".split()
ENUM_NAMES = "End Mode Phase Level Color".split()
VALUE_NAMES = "NONE GOAL CRASH TIME FAST SLOW RED BLUE".split()
SERVICE_NAMES = ["Runs", "Steps", "Worlds"]
RPC_NAMES = "Get List Put Watch Delete".split()
ONEOF_NAMES = ["choice", "body", "sort"]
PATHS = ["acme/v1/a.proto", "acme/v1/b.proto", "acme/v1/c.proto", "acme/v2/a.proto", "acme/v2/d.proto"]
PACKAGES = ["acme.v1", "acme.v1", "acme.v2", "acme", ""]
SYNTAXES = ["proto3", "proto3", "proto2", "2023", "2024"]
TEXTS = ['"one"', '"two"', '""']
BOOLS = ["true", "false"]
_INTEGERS = [name for name in SCALARS if "int" in name or "fixed" in name]
DEFAULTS = {
    **{name: ["0", "1", "7"] for name in _INTEGERS},
    **{name: ["0", "-0.0", "nan", "inf", "1.5", "1e3", "1000"] for name in ("double", "float")},
    "string": TEXTS,
    "bytes": TEXTS,
    "bool": BOOLS,
}
FILE_OPTIONS = {
    **dict.fromkeys(
        "go_package java_package java_outer_classname csharp_namespace objc_class_prefix php_class_prefix "
        "php_namespace php_metadata_namespace ruby_package swift_prefix".split(),
        TEXTS,
    ),
    **dict.fromkeys(
        "java_multiple_files java_string_check_utf8 cc_enable_arenas cc_generic_services java_generic_services "
        "py_generic_services deprecated java_generate_equals_and_hash".split(),
        BOOLS,
    ),
    "optimize_for": ["SPEED", "CODE_SIZE", "LITE_RUNTIME"],
    "features.field_presence": ["EXPLICIT", "IMPLICIT"],
    "features.enum_type": ["OPEN", "CLOSED"],
    "features.utf8_validation": ["VERIFY", "NONE"],
    "features.repeated_field_encoding": ["PACKED", "EXPANDED"],
    "features.message_encoding": ["DELIMITED", "LENGTH_PREFIXED"],
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
    "features.(pb.java).utf8_validation": ["DEFAULT", "VERIFY"],
    "features.(pb.cpp).string_type": ["STRING", "VIEW"],
    "features.(pb.cpp).legacy_closed_enum": BOOLS,
    "features.(pb.java).legacy_closed_enum": BOOLS,
}
MESSAGE_OPTIONS = {
    "deprecated": BOOLS,
    "no_standard_descriptor_accessor": BOOLS,
    "deprecated_legacy_json_field_conflicts": BOOLS,
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
}
ENUM_OPTIONS = {
    "deprecated": BOOLS,
    "allow_alias": ["true"],
    "features.enum_type": ["OPEN", "CLOSED"],
    "features.json_format": ["ALLOW", "LEGACY_BEST_EFFORT"],
}
RPC_OPTIONS = {"deprecated": BOOLS, "idempotency_level": ["NO_SIDE_EFFECTS", "IDEMPOTENT", "IDEMPOTENCY_UNKNOWN"]}
RESERVED = ["20", "20 to 24", "21, 23", "30 to max", '"old"', '"old", "gone"', '"gone"']
RANGES = ["100 to 199", "100 to 149", "150 to 199", "100 to 120, 150", "500 to max", "100 to max"]
FIELD_FEATURES = {
    "features.field_presence": ["EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"],
    "features.utf8_validation": ["VERIFY", "NONE"],
    "features.repeated_field_encoding": ["PACKED", "EXPANDED"],
    "features.message_encoding": ["DELIMITED", "LENGTH_PREFIXED"],
}
WELL_KNOWN_FILES = {
    "Any": "any",
    "Duration": "duration",
    "Empty": "empty",
    "FieldMask": "field_mask",
    "Timestamp": "timestamp",
    **dict.fromkeys("ListValue Struct Value".split(), "struct"),
    **dict.fromkeys(
        "BoolValue BytesValue DoubleValue Int32Value Int64Value StringValue UInt32Value".split(), "wrappers"
    ),
}
"""The file of each well-known type, below google/protobuf/ and without .proto."""
WELL_KNOWN_TWINS = {
    "Any": [("type_url", "string"), ("value", "bytes")],
    "Duration": [("seconds", "int64"), ("nanos", "int32")],
    "Empty": [],
    "FieldMask": [("paths", "repeated string")],
    "Timestamp": [("seconds", "int64"), ("nanos", "int32")],
    "BoolValue": [("value", "bool")],
    "BytesValue": [("value", "bytes")],
    "DoubleValue": [("value", "double")],
    "Int32Value": [("value", "int32")],
    "Int64Value": [("value", "int64")],
    "StringValue": [("value", "string")],
    "UInt32Value": [("value", "uint32")],
    "ListValue": [("values", "repeated .google.protobuf.Value")],
}
"""What own messages of the same structure hold, numbered from 1."""
