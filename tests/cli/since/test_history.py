"""Releases accepted as history in a pull request."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.history import CONFIG, PROTO, new_history, proto
from tests.cli.since.gate import Gate, ids
from tests.cli.workspace import Repo

if TYPE_CHECKING:
    import pytest

ACCEPT = ("--accept", "policy-weakened")


def test_history_is_brought_once_and_from_tags_alone(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    gate = Gate(repo)
    repo.write("buf.yaml", CONFIG)
    repo.write(".gitignore", ".fieldstone\n")
    history.tagged("v1.0.0", proto("string id = 1", "string name = 2"))
    history.tagged("v1.1.0", proto("string id = 1", "int32 name = 2"))
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert repo.run("adopt", "pets", "--tags", "v*").code == 0

    first = gate.check()
    assert first.code == 0, first
    repo.git("tag", "--delete", "v1.1.0")
    untagged = gate.check()
    assert (untagged.code, ids(untagged)) == (1, {"registry-history-unproven"})
    assert "pets 1.1.0: it says that it is history from commit" in untagged.out
    assert f"fetch all tags: `git fetch --tags`; if that does not help, remove {repo.root}/" in untagged.out
    since = repo.run("registry", "verify", "--since", "origin/main")
    assert (since.code, "registry-history-unproven" in since.out) == (1, True)
    repo.git("tag", "v1.1.0", "v1.0.0")
    assert ids(gate.check()) == {"registry-history-unproven"}
    repo.git("tag", "--force", "v1.1.0", "HEAD")

    gate.reseal("pets/1.1.0", released_at="2020-01-01T00:00:00Z")
    assert "which has another date than 2020-01-01T00:00:00Z" in gate.check().out
    gate.reseal("pets/1.1.0", released_at=repo.git("show", "-s", "--format=%cI", "HEAD").strip(), judged="minor")
    assert "registry-bump-wrong" in gate.check().out
    gate.reseal("pets/1.1.0", judged="major")
    repo.write("registry/pets/1.1.0/schemas/LICENSE", "Do what you like.\n")
    gate.reseal("pets/1.1.0")
    assert "which has no file like its schemas/LICENSE" in gate.check().out
    (repo.root / "registry/pets/1.1.0/schemas/LICENSE").unlink()
    gate.reseal("pets/1.1.0")
    assert gate.check().code == 0

    gate.land()
    history.tagged("v1.2.0", proto("bytes id = 1", "int32 name = 2"))
    assert repo.run("adopt", "pets", "--tags", "v*").code == 0
    again = gate.check()
    assert (again.code, ids(again)) == (1, {"policy-weakened"})
    assert "pets 1.2.0 would be accepted as history, which is not judged, and origin/main" in again.out
    assert gate.check(*ACCEPT).code == 0
    repo.git("tag", "--delete", "v1.2.0")
    assert ids(gate.check(*ACCEPT)) >= {"registry-history-unproven"}


def test_history_of_a_new_module_needs_no_consent(gate: Gate) -> None:
    repo = gate.repo
    repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/pets\n")
    repo.write("schemas/pets/acme/pets/v1/pets.proto", proto("string id = 1", package="acme.pets.v1"))
    repo.commit("pets")
    repo.git("tag", "pets-1.0")
    assert repo.run("adopt", "pets", "--tags", "pets-*").code == 0
    ran = gate.check()
    assert "history" not in ran.out, ran
    assert ran.code == 0, ran
    repo.git("tag", "shop-9.0")
    gated = repo.run("adopt", "shop", "--tags", "shop-*")
    assert (gated.code, gated.out.split(maxsplit=2)) == (
        0,
        ["shop-9.0", "-", "passed over: 1.0.0 is no history: what follows it is released by `fieldstone release`\n"],
    )


FORGED = {
    "a file left out": ("b.proto", "", r"and lacks schemas/acme/v1/b\.proto of that"),
    "a file renamed": ("b.proto", "c.proto", r"which has no file like its schemas/acme/v1/c\.proto"),
    "a file moved": ("b.proto", "../v2/b.proto", r"which has no file like its schemas/acme/v2/b\.proto"),
    "two files swapped": ("b.proto", "a.proto", r"which has no file like its schemas/acme/v1/a\.proto"),
}


def test_history_has_exactly_the_files_of_its_tag(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    gate = Gate(repo)
    history.commit(
        "v1.0.0",
        {
            "old/acme/v1/a.proto": proto("string id = 1"),
            "copy/acme/v1/a.proto": proto("string id = 1"),
            ".gitignore": ".fieldstone\n",
        },
    )
    repo.git("rm", "-r", "--quiet", "old", "copy")
    repo.write("shared/b.proto", proto("string id = 1").replace("Pet", "Toy"))
    (repo.root / "proto/acme/v1").mkdir(parents=True)
    (repo.root / "proto/acme/v1/b.proto").symlink_to("../../../shared/b.proto")
    history.commit("v1.1.0", {"buf.yaml": CONFIG, PROTO: proto("string id = 1", "int32 name = 2")})
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    adopted = repo.run("adopt", "pets", "--tags", "v*", "--at", "old", "--at", "proto")
    assert (adopted.code, adopted.out.count("\n")) == (0, 2), adopted
    assert gate.check().code == 0, gate.check()

    folder = repo.root / "registry/pets/1.1.0"
    sound = repo.read("registry/pets/1.1.0/release.toml")
    released = folder / "schemas/acme/v1"
    for name, (old, new, problem) in FORGED.items():
        kept = {path: path.read_text() for path in released.iterdir()}
        text = (released / old).read_text()
        (released / old).unlink()
        if new and (released / new).exists():
            (released / old).write_text((released / new).read_text())
        if new:
            (released / new).parent.mkdir(exist_ok=True)
            (released / new).write_text(text)
        gate.reseal("pets/1.1.0")
        ran = gate.check()
        assert (ran.code, bool(re.search(problem, ran.out))) == (1, True), (name, ran)
        shutil.rmtree(folder / "schemas/acme")
        released.mkdir(parents=True)
        for path, content in kept.items():
            path.write_text(content)
    repo.write("registry/pets/1.1.0/release.toml", sound)
    assert gate.check().code == 0

    repo.git("tag", "--delete", "v1.1.0")
    repo.git("tag", "v1.2.0")
    assert "whose tag gives another version: v1.2.0" in gate.check().out
