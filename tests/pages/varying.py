"""The parts of an output that differ between two runs, or two machines: each pattern, and why it may differ."""

from __future__ import annotations

import re

VARYING = {
    r"\b[0-9a-f]{6,128}\b": "digests, commits and ids",
    r"\bfst_[\w-]+": "tokens",
    r"\bSHA256:[\w+/]+": "fingerprints of keys",
    r"\b(?:shake256|sha256|b[45]):[\w.]+": "digests with their kind",
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00)?)?": "days and times",
    r"\b\d+(?:\.\d+)? m?s\b": "durations",
    r"(?<=fieldstone, version )\S+": "Fieldstone's own version",
    r"(?<=Python )3\.\d+\.\d+": "the version of Python",
    r"(?<=protobuf-)\d+(?:\.\d+)+": "the version of protobuf that an installer finds",
}


def alike(shown: str, printed: str) -> bool:
    """Whether an output says the same as what a page shows, apart from what varies."""
    return _constant(shown) == _constant(printed)


def _constant(text: str) -> str:
    for pattern in VARYING:
        text = re.sub(pattern, "~", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
