"""Labels, commits and modules by stock buf's commands."""

from __future__ import annotations

import json

import pytest

from tests.server.buf.test_push import labels, order_of
from tests.server.running import Buf


def commit_of(buf: Buf, name: str) -> str:
    found = buf("registry", "module", "commit", "resolve", f"{buf.registry.host}/acme/{name}", "--format", "json")
    return str(json.loads(found.out)["commit"])


def moved(buf: Buf, *arguments: str) -> str:
    """What a command about labels said, which must have worked."""
    ran = buf("registry", "module", *arguments)
    assert ran.code == 0, ran
    return ran.out


def test_labels_are_given_archived_and_listed_again(buf: Buf) -> None:
    buf.module("kept", order_of("kept"))
    at = f"{buf.registry.host}/acme/kept"
    assert buf("push", "--create", cwd="kept").code == 0
    first = commit_of(buf, "kept")
    buf.edit("kept/acme/kept/v1/kept.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
    draft = buf("push", "--label", "feature/x", "--label", "next", cwd="kept").out.strip().rpartition(":")[2]

    moved(buf, "commit", "add-label", f"{at}:{first}", "--label", "stable")
    assert labels(buf, "kept") == ["main", "v1.0.0", "feature/x", "next", "stable"]
    assert first in moved(buf, "label", "info", f"{at}:stable")
    assert first in moved(buf, "commit", "list", f"{at}:stable")
    assert draft in moved(buf, "commit", "info", f"{at}:{draft}")

    moved(buf, "label", "archive", f"{at}:feature/x")
    moved(buf, "label", "archive", f"{at}:feature/x")
    assert labels(buf, "kept") == ["main", "v1.0.0", "next", "stable"]
    archived = moved(buf, "label", "list", at, "--archive-status", "archived").split()
    assert archived == [f"{at}:feature/x"]
    assert buf("export", f"{at}:feature/x", "-o", "out").code == 0
    moved(buf, "label", "unarchive", f"{at}:feature/x")
    assert "feature/x" in labels(buf, "kept")

    moved(buf, "commit", "add-label", f"{at}:{first}", "--label", "feature/x")
    assert first in moved(buf, "label", "info", f"{at}:feature/x")
    again = buf("push", "--label", "stable", cwd="kept").out.strip().rpartition(":")[2]
    assert again in moved(buf, "label", "info", f"{at}:stable")
    assert again != first


@pytest.mark.parametrize("label", ["main", "v1.0.0"])
def test_the_labels_of_releases_stay(buf: Buf, label: str) -> None:
    name = f"fixed{label[0]}"
    buf.module(name, order_of(name))
    at = f"{buf.registry.host}/acme/{name}"
    assert buf("push", "--create", cwd=name).code == 0
    first = commit_of(buf, name)
    buf.edit(f"{name}/acme/{name}/v1/{name}.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
    draft = buf("push", "--label", "next", cwd=name).out.strip().rpartition(":")[2]
    refused = buf("registry", "module", "commit", "add-label", f"{at}:{draft}", "--label", label)
    assert (refused.code, "belongs to its releases" in refused.err) == (1, True)
    refused = buf("registry", "module", "label", "archive", f"{at}:{label}")
    assert (refused.code, "is always there" in refused.err) == (1, True)
    assert first in moved(buf, "commit", "resolve", f"{at}:{label}")


def test_a_push_of_a_version_may_be_repeated_and_labelled(buf: Buf) -> None:
    buf.module("again", order_of("again"))
    first = buf("push", "--create", "--label", "v0.1.0", "--label", "beta", cwd="again")
    assert first.code == 0, first
    assert buf("push", "--label", "v0.1.0", cwd="again").out == first.out
    assert labels(buf, "again") == ["main", "v0.1.0", "beta"]
    refused = buf("push", "--label", "v0.2.0", "--label", "v0.3.0", cwd="again")
    assert "asks for two versions" in refused.err


def test_modules_are_described_deprecated_and_deleted_while_empty(buf: Buf) -> None:
    at = f"{buf.registry.host}/acme/told"
    buf.module("told", order_of("told"))
    assert buf("push", "--create", cwd="told").code == 0
    moved(buf, "settings", "update", at, "--description", "Orders of the shop")
    moved(buf, "deprecate", at)
    told = json.loads(moved(buf, "info", at, "--format", "json"))
    assert told["state"] == "MODULE_STATE_DEPRECATED"
    buf.forget()
    assert "deprecated" in buf("export", at, "-o", "out").err
    moved(buf, "undeprecate", at)
    refused = buf("registry", "module", "delete", at, "--force")
    assert "stay for ever" in refused.err
    refused = buf("registry", "module", "settings", "update", at, "--visibility", "public")
    assert "policy says who reads" in refused.err
    moved(buf, "create", f"{at}s", "--visibility", "private")
    moved(buf, "delete", f"{at}s", "--force")
    assert buf("registry", "module", "info", f"{at}s").code == 1
