"""`python -m website [FOLDER]`: build the documentation, into site/ by default."""

from __future__ import annotations

import sys
from pathlib import Path

from fieldstone.errors import FieldstoneError
from website.build import ROOT, build

try:
    build(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "site")
except FieldstoneError as failure:
    sys.exit(f"error: {failure.problem}")
