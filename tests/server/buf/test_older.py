"""A v1 buf.yaml with dependencies: the older protocol, and digests that cover buf.yaml and buf.lock."""

from __future__ import annotations

import pytest

from tests.server.buf.calling import ask
from tests.server.buf.test_push import order_of
from tests.server.buf.test_workspaces import CHAIN
from tests.server.running import Buf

pytestmark = pytest.mark.slow


def test_v1_modules_depend_on_each_other(buf: Buf) -> None:
    host = buf.registry.host
    buf.module("olda", order_of("olda"))
    assert buf("push", "--create", cwd="olda").code == 0
    for name, other, type_ in (("oldb", "olda", "Order"), ("oldc", "oldb", "Holder")):
        text = CHAIN.format(name=name, other=other, type=type_)
        config = f"version: v1\nname: {host}/acme/{name}\ndeps:\n  - {host}/acme/{other}\n"
        buf.module(name, {f"acme/{name}/v1/{name}.proto": text, "buf.yaml": config})
        assert buf("dep", "update", cwd=name).code == 0
        buf.forget()
        assert buf("build", cwd=name).code == 0  # buf verifies the digests of what it downloads
        assert buf("push", "--create", cwd=name).code == 0
    lock = (buf.home / "oldc/buf.lock").read_text("utf-8")
    assert lock.count("digest: shake256:") == 2
    assert buf("breaking", "--against", f"{host}/acme/oldc", cwd="oldc").code == 0


def test_both_digests_of_a_commit(buf: Buf) -> None:
    buf.module("both", order_of("both"))
    assert buf("push", "--create", cwd="both").code == 0
    refs = {"resourceRefs": [{"name": {"owner": "acme", "module": "both"}}]}
    older, newer = "/buf.registry.module.v1beta1.CommitService/", "/buf.registry.module.v1.CommitService/"
    (b5,) = ask(buf.registry, f"{newer}GetCommits", refs).json()["commits"]
    for kind in ("DIGEST_TYPE_B5", "DIGEST_TYPE_UNSPECIFIED"):
        (same,) = ask(buf.registry, f"{older}GetCommits", {**refs, "digestType": kind}).json()["commits"]
        assert (same["id"], same["digest"]["value"]) == (b5["id"], b5["digest"]["value"])
    (b4,) = ask(buf.registry, f"{older}GetCommits", {**refs, "digestType": "DIGEST_TYPE_B4"}).json()["commits"]
    assert (b4["digest"]["type"], b4["digest"]["value"] != b5["digest"]["value"]) == ("DIGEST_TYPE_B4", True)
