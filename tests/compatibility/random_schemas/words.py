"""What random schemas are made of."""

from __future__ import annotations

SCALARS = "double float int32 int64 uint32 sint64 fixed32 sfixed64 bool string string bytes".split()
KEYS = ["string", "int32", "int64", "bool"]
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
