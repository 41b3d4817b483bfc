"""A client that speaks buf's protocol without buf: for what buf itself would never send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from fieldstone.server.buf.messages import MODULE, message
from tests.server.running import ORDER, Serving

UPLOAD = "/buf.registry.module.v1.UploadService/Upload"


def post(served: Serving, path: str, body: bytes, token: str | None = None, **headers: str) -> httpx.Response:
    """Call a method; the token is the admin's unless another one is named, and "" for none."""
    secret = served.token if token is None else token
    said = {"content-type": "application/proto", **({"authorization": f"Bearer {secret}"} if secret else {}), **headers}
    return httpx.post(f"{served.url}{path}", content=body, headers=said, timeout=90)


def ask(served: Serving, path: str, body: Mapping[str, Any], token: str | None = None) -> httpx.Response:
    """Call a method in JSON."""
    secret = served.token if token is None else token
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    return httpx.post(f"{served.url}{path}", json=body, headers=headers, timeout=90)


def create(served: Serving, *names: str) -> None:
    """Create modules `acme/<name>`."""
    values = [{"ownerRef": {"name": "acme"}, "name": name, "visibility": 2} for name in names]
    answer = ask(served, "/buf.registry.module.v1.ModuleService/CreateModules", {"values": values})
    assert answer.status_code == 200, answer.text


def upload(name: str, files: Mapping[str, bytes] | list[tuple[str, bytes]], *labels: str) -> dict[str, Any]:
    """The content of an upload."""
    listed = files.items() if isinstance(files, Mapping) else files
    return {
        "module_ref": {"name": {"owner": "acme", "module": name}},
        "files": [{"path": path, "content": content} for path, content in listed],
        "scoped_label_refs": [{"name": label} for label in labels],
    }


def push(
    served: Serving, *contents: dict[str, Any], deps: tuple[str, ...] = (), token: str | None = None
) -> httpx.Response:
    """Push some contents."""
    request = message(f"{MODULE}.UploadRequest")(contents=contents, dep_commit_ids=deps)
    return post(served, UPLOAD, request.SerializeToString(), token)


def order_of(name: str) -> dict[str, bytes]:
    """The files of a small module."""
    return {f"acme/{name}/v1/{name}.proto": ORDER.replace("shop", name).encode()}
