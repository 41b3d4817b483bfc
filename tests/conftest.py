"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

SEED = os.environ.get("FIELDSTONE_SEED", "stone")
"""What random tests start from."""

VOCABULARY = Path(__file__).resolve().parent.parent / "schemas" / "fieldstone"
"""The module that holds the annotations."""

ANNOTATIONS = "fieldstone/v1/annotations.proto"


def pytest_report_header() -> str:
    """The seed of the random tests."""
    return f"FIELDSTONE_SEED={SEED}"
