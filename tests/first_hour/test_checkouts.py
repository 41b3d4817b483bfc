"""Checkouts that lack files, and imports from above the repository: each error's fix is followed as printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, new_repo
from tests.first_hour.shapes import GOPATH, PLACE, REPORT, SHAPES, build, clone, proto, without_links

MODULE = "version: v2\nmodules:\n  - path: {}\n"


def follow(repo: Repo, said: str) -> None:
    """Run the commands that an error prints, in the order that it prints them."""
    commands = [found for found in re.findall(r"`([^`]+)`", said) if found.startswith(("git ", "mkdir "))]
    assert commands, said
    for command in commands:
        local = command.replace("git submodule", "git -c protocol.file.allow=always submodule")
        subprocess.run(local, shell=True, cwd=repo.root, env=dict(repo.environment), check=True)  # noqa: S602


@pytest.mark.timeout(300)
def test_a_clone_without_its_submodules(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    origin = build(SHAPES["submodule"], tmp_path, environment)
    origin.capsys = capsys
    fix = "run `git submodule update --init third_party/googleapis`: 1 submodule of this clone is not checked out"
    repo = clone(origin, tmp_path / "bare")
    said = repo.run("init").error
    assert fix in said
    assert repo.git("status", "--porcelain") == ""
    repo.write("buf.yaml", MODULE.format("protos"))
    ran = repo.run("check")
    assert ran.code == 2
    assert f"fix:     {fix}; or add the file that is imported" in ran.out
    repo.write("buf.yaml", MODULE.format("protos") + "  - path: third_party/googleapis\n")
    ran = repo.run("check")
    assert ran.code == 2
    assert fix in ran.out
    assert fix in repo.run("init").error
    (repo.root / "third_party" / "googleapis").rmdir()
    assert fix in repo.run("check").error
    (repo.root / "buf.yaml").unlink()
    follow(repo, said)
    assert repo.run("init").code == 0

    repo = clone(origin, tmp_path / "alone")
    repo.git("rm", "--quiet", "-r", "protos")
    assert f"there is no .proto file in {repo.root}; {fix}" in repo.run("init").error


def test_a_checkout_without_symbolic_links(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"proto/acme/report/v1/report.proto": REPORT, "shared/acme/place/v1/place.proto": PLACE}
    repo = new_repo(tmp_path / "clone", {**files, "shared/one.proto": proto("one", "One")}, environment)
    repo.capsys = capsys
    (repo.root / "proto" / "acme" / "place").symlink_to("../../shared/acme/place")
    (repo.root / "proto" / "one.proto").symlink_to("../shared/one.proto")
    (repo.root / "README").symlink_to("shared")
    repo.write("buf.yaml", MODULE.format("proto"))
    repo.commit("links")
    without_links(repo)
    assert (repo.root / "proto" / "one.proto").read_text() == "../shared/one.proto"
    said = repo.run("init", "--name", "weather").error
    assert "README is a symbolic link to shared in git, and a text file here (and 2 more)" in said
    assert "on Windows in its Developer Mode" in said
    assert repo.git("status", "--porcelain") == ""
    ran = repo.run("check")
    assert ran.code == 2
    links = re.findall(r"fix: +run `git config core.symlinks true` and `git checkout -- ([^`]+)`", ran.out)
    assert {*links} == {"README proto/acme/place", "proto/one.proto"}
    follow(repo, said)
    assert (repo.root / "proto" / "one.proto").is_symlink()
    ran = repo.run("init", "--name", "weather")
    assert ran.code == 0, ran
    assert repo.run("check", "--no-style").code == 0


def test_imports_from_above_the_repository(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    repo = build(GOPATH, tmp_path, environment)
    repo.capsys = capsys
    said = repo.run("init").error
    assert "imports begin in folders above this repository, etcd/ and go.etcd.io/etcd/, as below a GOPATH" in said
    assert (
        "etcd/api/mvccpb/kv.proto is api/mvccpb/kv.proto here (in api/etcdserverpb/rpc.proto, api/v3/deep.pro" in said
    )
    assert "api/etcdserverpb/rpc.proto imports gogoproto/gogo.proto, which no .proto file in " in said
    assert "import these files by one path" in said
    assert "buf export buf.build/gogo/protobuf -o third_party/gogo-protobuf" in said
    assert repo.git("status", "--porcelain") == ""

    repo.edit("api/v3/deep.proto", "go.etcd.io/etcd/", "etcd/")
    repo.edit("api/etcdserverpb/rpc.proto", 'import "gogoproto/gogo.proto";\n', "")
    said = repo.run("init").error
    assert "which no .proto file" not in said
    follow(repo, said)
    (path,) = re.findall(r"the module `path: (\S+)`", said)
    repo.write("buf.yaml", f"{MODULE.format(path)}lint:\n  use: [COMMENT_ENUM]\n")
    ran = repo.run("init", "--release")
    assert ran.code == 0, ran
    assert "released etcd 1.0.0" in ran.out
    repo.commit("adopt")
    repo.edit("api/mvccpb/kv.proto", "string id = 1;", "int32 id = 1;")
    ran = repo.run("check", "--since", "HEAD", "--format", "concise")
    assert ran.out.startswith("protoroot/etcd/api/mvccpb/kv.proto:7:3: field-type-changed")
