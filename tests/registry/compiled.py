"""A release whose sources compile, for registries that recompute everything."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace

from fieldstone.compatibility import RULES_VERSION
from fieldstone.compatibility.ledger import Ledger
from fieldstone.registry.release import Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import b5, manifest
from tests.registry.contract import FIRST
from tests.server.running import ORDER

PATH = "acme/shop/v1/shop.proto"


def compiled() -> tuple[Release, dict[str, bytes]]:
    """shop 1.0.0 and its files."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, PATH)
        source.parent.mkdir(parents=True)
        source.write_text(ORDER, "utf-8")
        buf = str(Path(sys.executable).with_name("buf"))
        command = [buf, "build", "-o", "-#format=binpb"]
        image = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
    ledger = Ledger().advance(load_schema(image, where="image"), "1.0.0").to_json().encode()
    files = {"image.binpb": image, "ledger.json": ledger, f"schemas/{PATH}": ORDER.encode()}
    digest = b5(manifest({PATH: ORDER.encode()}), [])
    return replace(FIRST, digest=digest, rules=RULES_VERSION, files=manifest(files)), files
