"""The protocol on PostgreSQL: labels, drafts, and texts that PostgreSQL cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.codegen.server import PostgresServer
from tests.registry.test_sql import database_of
from tests.server.buf.calling import ask, create, order_of, push, upload
from tests.server.buf.test_labels import commit_of, moved
from tests.server.buf.test_push import labels
from tests.server.buf.test_push import order_of as texts_of
from tests.server.running import Buf, Serving, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def registry(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry on PostgreSQL."""
    data = tmp_path_factory.mktemp("registry") / "data"
    with serving(data, "--database", database_of(postgres)) as found:
        yield found


def test_labels_and_drafts(buf: Buf) -> None:
    buf.module("kept", texts_of("kept"))
    at = f"{buf.registry.host}/acme/kept"
    assert buf("push", "--create", "--label", "main", "--label", "stable", cwd="kept").code == 0
    first = commit_of(buf, "kept")
    buf.edit("kept/acme/kept/v1/kept.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
    assert buf("push", "--label", "next", cwd="kept").code == 0
    moved(buf, "label", "archive", f"{at}:next")
    assert labels(buf, "kept") == ["main", "v1.0.0", "stable"]
    moved(buf, "commit", "add-label", f"{at}:{first}", "--label", "next")
    assert labels(buf, "kept") == ["main", "v1.0.0", "next", "stable"]
    moved(buf, "deprecate", at)
    moved(buf, "create", f"{at}s", "--visibility", "private")
    moved(buf, "delete", f"{at}s", "--force")


def test_texts_with_nul(registry: Serving) -> None:
    name = {"owner": "acme", "module": "a\0"}
    calls: dict[str, dict[str, Any]] = {
        "ModuleService/GetModules": {"moduleRefs": [{"name": name}, {"id": "\0"}]},
        "CommitService/GetCommits": {"resourceRefs": [{"id": "\0"}]},
        "LabelService/GetLabels": {"labelRefs": [{"name": {**name, "label": "\0"}}]},
        "ModuleService/CreateModules": {"values": [{"ownerRef": {"name": "acme"}, "name": "nul", "description": "\0"}]},
    }
    for method, body in calls.items():
        answer = ask(registry, f"/buf.registry.module.v1.{method}", body)
        assert answer.json()["code"] in {"not_found", "invalid_argument"}, answer.text
    create(registry, "texts")
    assert push(registry, upload("texts", order_of("texts")), deps=("\0",)).json()["code"] == "not_found"
    assert push(registry, upload("texts", order_of("texts"), "\0")).json()["code"] == "invalid_argument"
