"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # else gRPC ends a child that is started as another user

collect_ignore = ["clients"]  # takes Maven and Go: `make test-packages`

SEED = os.environ.get("FIELDSTONE_SEED", "stone")
"""What random tests start from."""

VOCABULARY = Path(__file__).resolve().parent.parent / "schemas" / "fieldstone"
"""The module that holds the annotations."""

ANNOTATIONS = "fieldstone/v1/annotations.proto"


def pytest_report_header() -> str:
    """The seed of the random tests."""
    return f"FIELDSTONE_SEED={SEED}"
