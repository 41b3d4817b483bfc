"""Protobuf files whose Python code other distributions publish.

To generate one again would register it twice in the one descriptor pool of a process, and two
contents under one name are refused there.
"""

from __future__ import annotations

from collections.abc import Iterable

RUNTIME = "google/protobuf/"
"""The beginning of the import paths that the distribution `protobuf` itself carries."""

COMMON_DISTRIBUTION = "googleapis-common-protos"
COMMON_RANGE = ">=1.76,<2"
"""The distribution of `COMMON_FILES`, and the versions that have all of them."""

_COMMON = {
    "google/api": "annotations auth backend billing client config_change consumer context control distribution "
    "documentation endpoint error_reason field_behavior field_info http httpbody label launch_stage log logging metric "
    "monitored_resource monitoring policy quota resource routing service source_info system_parameter usage visibility",
    "google/cloud": "common_resources extended_operations",
    "google/cloud/location": "locations",
    "google/gapic/metadata": "gapic_metadata",
    "google/logging/type": "http_request log_severity",
    "google/longrunning": "operations",
    "google/rpc": "code error_details http status",
    "google/rpc/context": "attribute_context audit_context",
    "google/type": "calendar_period color date datetime dayofweek decimal expr fraction interval latlng "
    "localized_text money month phone_number postal_address quaternion timeofday",
}
COMMON_FILES = frozenset(f"{folder}/{name}.proto" for folder, names in _COMMON.items() for name in names.split())
"""The files that googleapis-common-protos 1.76.0 registers, by import path."""


def is_published(path: str) -> bool:
    """Whether `protobuf` or googleapis-common-protos has the Python code of a file, given by its import path."""
    return path.startswith(RUNTIME) or path in COMMON_FILES


_VOCABULARY = "fieldstone/v1/"


def with_code(paths: Iterable[str], *, asked: bool | None) -> list[str]:
    """The files of a module that code is generated from.

    A module of nothing but well-known files, such as google/api/http.proto, counts as a copy of these, and has none.
    Among other files they are the module's own. What every protobuf runtime has is left out.

    Args:
        paths: their import paths.
        asked: what the setting `generate` says of the module; None where it says nothing.
    """
    paths = [*paths]
    if asked is False or (asked is None and all(map(is_published, paths))):
        return []
    files = [path for path in paths if not path.startswith(RUNTIME)]
    return files if asked else [path for path in files if not path.startswith(_VOCABULARY)]
