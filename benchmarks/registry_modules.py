"""The modules of the registry's benchmark: the repository's own, one of 20 files, and files that nobody has read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from fieldstone.registry.sql import open_store
from fieldstone.registry.sql.catalog import create_module
from fieldstone.schema.digest import file_digest
from fieldstone.server.buf.messages import MODULE, message
from tests.server.running import Serving

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
CONTRACT = "telemetry/v2/telemetry_v2.proto"
CONTRACTS = f"schemas/{CONTRACT}"
"""A file of the module telemetry, as a release has it."""
WIDE = "wide"
"""A module of 20 files that imports telemetry."""
_PUSH = "/buf.registry.module.v1.UploadService/Upload"
_CREATE = "/buf.registry.module.v1.ModuleService/CreateModules"


def resource(module: str) -> dict[str, Any]:
    """A reference to the newest release of a module."""
    return {"name": {"owner": "acme", "module": module}}


def telemetry(contract: bytes = b"") -> dict[str, dict[str, bytes]]:
    """The modules of this repository that telemetry needs, with another contract if one is given."""
    found = {
        name: {str(path.relative_to(SCHEMAS / name)): path.read_bytes() for path in sorted(_files(SCHEMAS / name))}
        for name in ("fieldstone", "telemetry")
    }
    if contract:
        found["telemetry"][CONTRACT] = contract
    return found


def pushed(registry: Serving) -> None:
    """Push the modules to an empty registry."""
    names = ("fieldstone", "telemetry", WIDE)
    values = [{"owner_ref": {"name": "acme"}, "name": name, "visibility": 2} for name in names]
    call(registry, _CREATE, f"{MODULE}.CreateModulesRequest", {"values": values})
    modules = telemetry()
    upload(registry, {**modules, WIDE: _wide()})


def upload(registry: Serving, modules: dict[str, dict[str, bytes]]) -> None:
    """Push some modules at once.

    Raises:
        HTTPStatusError: the push is refused.
    """
    contents = [
        {
            "module_ref": resource(name),
            "files": [{"path": path, "content": content} for path, content in files.items()],
        }
        for name, files in modules.items()
    ]
    call(registry, _PUSH, f"{MODULE}.UploadRequest", {"contents": contents})


def call(registry: Serving, path: str, name: str, values: dict[str, Any]) -> None:
    """Call a method of buf's protocol as the admin."""
    body = message(name)(**values).SerializeToString()
    headers = {"content-type": "application/proto", "authorization": f"Bearer {registry.token}"}
    httpx.post(f"{registry.url}{path}", content=body, headers=headers, timeout=60).raise_for_status()


def put(address: str, module: str, count: int) -> list[str]:
    """Store so many small files of a module in a database, as drafts have them; gives their digests."""
    store = open_store(address)
    contents = {f"{n}.proto": f"// {module} {n}\n".encode() * 64 for n in range(count)}
    with store.database.transaction() as connection:
        create_module(connection, module, "acme")
        store.keep(connection, module, contents)
    return [file_digest(content) for content in contents.values()]


def _wide() -> dict[str, bytes]:
    head = 'syntax = "proto3";\n\npackage acme.wide.v1;\n\n'
    body = "".join(f"  // The field {n} of this message.\n  string field_{n} = {n};\n" for n in range(1, 40))
    files = {f"acme/wide/v1/part{n}.proto": f"{head}message Part{n} {{\n{body}}}\n".encode() for n in range(19)}
    imported = f'import "{CONTRACT}";\n\nmessage Seen {{\n  telemetry.v2.TelemetryStepV2 step = 1;\n}}\n'
    return {**files, "acme/wide/v1/seen.proto": f"{head}{imported}".encode()}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
