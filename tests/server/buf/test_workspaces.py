"""Modules that depend on each other: pushed together, and one after the other."""

from __future__ import annotations

import pytest

from fieldstone.server.buf.messages import message
from tests.server.buf.calling import create, order_of, post, push, upload
from tests.server.running import ORDER, Buf

pytestmark = pytest.mark.slow

CHAIN = """syntax = "proto3";
package acme.{name}.v1;
import "acme/{other}/v1/{other}.proto";
message Holder {{
  acme.{other}.v1.{type} held = 1;
}}
"""


def workspace(buf: Buf, *names: str) -> None:
    """Modules, each of which imports the one before."""
    listed = ""
    for name, other, type_ in zip(names, ["", *names], ["", "Order", *["Holder"] * len(names)], strict=False):
        text = CHAIN.format(name=name, other=other, type=type_) if other else ORDER.replace("shop", name)
        file = buf.home / f"ws/{name}/acme/{name}/v1/{name}.proto"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        listed += f"  - path: {name}\n    name: {buf.registry.host}/acme/{name}\n"
    (buf.home / "ws/buf.yaml").write_text(f"version: v2\nmodules:\n{listed}", "utf-8")


def test_a_workspace_is_released_at_once_and_its_drafts_know_each_other(buf: Buf) -> None:
    workspace(buf, "wa", "wb", "wc")
    host = buf.registry.host
    first = buf("push", "--create", cwd="ws")
    assert (first.code, len(first.out.split())) == (0, 3), first
    assert buf("push", cwd="ws").out == first.out
    assert buf("export", f"{host}/acme/wc", "-o", "out").code == 0
    assert (buf.home / "out/acme/wa/v1/wa.proto").is_file()

    buf.edit("ws/wa/acme/wa/v1/wa.proto", "int64 total", "int32 total")
    refused = buf("push", cwd="ws")
    assert (refused.code, "went from int64 to int32" in refused.err) == (1, True)
    draft = buf("push", "--label", "smaller", cwd="ws")
    assert draft.code == 0, draft
    assert "wa is kept as the draft smaller; as a release it would be refused:" in draft.err
    assert "went from int64 to int32" in draft.err
    assert buf("export", f"{host}/acme/wc:smaller", "-o", "drafted").code == 0
    assert "int32 total" in (buf.home / "drafted/acme/wa/v1/wa.proto").read_text("utf-8")
    assert "int64 total" in (buf.home / "out/acme/wa/v1/wa.proto").read_text("utf-8")


def test_a_release_depends_on_releases_only(buf: Buf) -> None:
    buf.module("base", order_of_text("base"))
    assert buf("push", "--create", "--label", "try", cwd="base").code == 0
    buf.module(
        "user", {"acme/user/v1/user.proto": CHAIN.format(name="user", other="base", type="Order")}, "acme/base:try"
    )
    assert buf("dep", "update", cwd="user").code == 0
    refused = buf("push", "--create", cwd="user")
    assert (refused.code, "the draft try of base" in refused.err) == (1, True)
    assert buf("push", "--label", "try", cwd="user").code == 0
    assert buf("push", cwd="base").code == 0
    buf.edit("user/buf.yaml", ":try", "")
    assert buf("dep", "update", cwd="user").code == 0
    assert buf("push", cwd="user").code == 0
    graph = buf("dep", "graph", f"{buf.registry.host}/acme/user")
    assert (graph.code, "acme/base" in graph.out) == (0, True)
    assert buf("breaking", "--against-registry", cwd="user").code == 0


def test_modules_in_a_circle_are_refused(buf: Buf) -> None:
    create(buf.registry, "ring", "rong")
    ring = {
        "ring.proto": b'syntax = "proto3"; package ring; import "rong.proto"; message A { rong.B b = 1; }',
        "rang.proto": b'syntax = "proto3"; package ring; message X {}',
    }
    rong = {"rong.proto": b'syntax = "proto3"; package rong; import "rang.proto"; message B { ring.X x = 1; }'}
    refused = push(buf.registry, upload("ring", ring), upload("rong", rong))
    assert (refused.status_code, "in a circle" in refused.json()["message"]) == (400, True)


def test_dependencies_of_another_registry_are_refused(buf: Buf) -> None:
    create(buf.registry, "far")
    request = message("buf.registry.module.v1beta1.UploadRequest")(
        contents=[upload("far", order_of("far"))], dep_refs=[{"commit_id": "0" * 32, "registry": "schemas.example"}]
    )
    path = "/buf.registry.module.v1beta1.UploadService/Upload"
    refused = post(buf.registry, path, request.SerializeToString())
    assert (refused.status_code, "is in the registry schemas.example" in refused.json()["message"]) == (400, True)
    request.ClearField("dep_refs")
    assert post(buf.registry, path, request.SerializeToString()).status_code == 200


def order_of_text(name: str) -> dict[str, str]:
    return {path: content.decode() for path, content in order_of(name).items()}
