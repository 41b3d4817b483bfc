"""`fieldstone adopt`: releases from git tags."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from fieldstone.checking.baseline import ledger_of
from fieldstone.errors import Unavailable
from fieldstone.registry import open_registry
from fieldstone.registry.folder import FolderRegistry
from tests.cli.history import CONFIG, PROTO, new_history, proto
from tests.cli.workspace import Repo, copy_repo

TABLE = """\
v1           -           passed over: its name gives no version like 1.2 or 1.2.3-rc.1
v7.0.0       -           passed over: it points at a tree, not at a commit
v8.0.0       -           passed over: it points at a blob, not at a commit
v1.0.0       1.0.0       first
v1.1         1.1.0       minor
v1.1.1       -           unchanged: no change of the schema since 1.1.0
v1.2.0-rc.1  1.2.0-rc.1  major: 1 break, accepted as history
v1.2.0       1.2.0       major
v1.3.0       -           passed over: proto does not compile: ...
v1.4.0       1.4.0       major: 1 break, accepted as history
v1.5.0       1.5.0       patch
"""
SUMMARY = "pets at 6 of 11 tags in registry. Checks judge against 1.5.0.\n"


@pytest.fixture(scope="session")
def tagged_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    """A module that moved, had no buf.yaml at first, broke, did not compile; and tags that are no releases."""
    history = new_history(tmp_path_factory.mktemp("tagged") / "repo", environment)
    old = "src/acme/v1/a.proto"
    history.tagged("v1.0.0", proto("string id = 1"), old)
    history.tagged("v1.1", proto("string id = 1", "string name = 2"), old)
    history.commit("v1.1.1", {"README.md": "Pets.\n"})
    history.repo.git("mv", "src", "proto")
    history.commit("v1.2.0-rc.1", {"buf.yaml": CONFIG, PROTO: proto("string id = 1", "int32 name = 2")})
    history.commit("v1.2.0")
    history.tagged("v1.3.0", proto("string id = 1", "Toy toy = 4"))
    history.tagged("v1.4.0", proto("string id = 1", "int64 age = 3"))
    history.tagged("v1.5.0", "// A comment.\n" + proto("string id = 1", "int64 age = 3"))
    history.repo.git("tag", "v7.0.0", "HEAD^{tree}")
    history.repo.git("tag", "v8.0.0", f"HEAD:{PROTO}")
    history.repo.git("tag", "--annotate", "--message", "nested", "v1", "v1.5.0")
    return history.repo


@pytest.fixture
def tagged(tagged_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """A copy of `tagged_template`."""
    return copy_repo(tagged_template, tmp_path / "repo", capsys)


def without_compiler(table: str) -> str:
    """The table without the compiler's words."""
    return re.sub(r"(does not compile: ).*", r"\1...", table)


def adopt(repo: Repo, *args: str) -> list[str]:
    """Adopt, and what became of each tag."""
    ran = repo.run("adopt", *args)
    assert ran.code == 0, ran
    return [" ".join(line.split()) for line in ran.out.splitlines()]


def test_history_comes_along_and_the_gate_starts_at_the_newest(tagged: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tagged.git("status", "--porcelain")
    dry = tagged.run("adopt", "pets", "--tags", "v*", "--dry-run")
    assert (dry.code, without_compiler(dry.out), dry.err) == (0, TABLE, f"Would release {SUMMARY}")
    assert not (tagged.root / "registry").exists()
    ran = tagged.run("adopt", "pets", "--tags", "v*")
    assert (ran.code, without_compiler(ran.out), ran.err) == (0, TABLE, f"Released {SUMMARY}")
    assert tagged.git("status", "--porcelain") == f"{before}?? registry/\n"
    made = tomllib.loads(tagged.read("registry/pets/1.2.0-rc.1/release.toml"))
    assert (made["judged"], made["accepted"], "bump" in made) == ("major", "history", False)
    assert made["commit"] == tagged.git("rev-parse", "v1.2.0-rc.1").strip()
    assert made["released_at"] == "2025-01-04T07:00:00Z"
    assert made["changes"] == ["field `name` of `acme.v1.Pet` went from `string name = 2;` to `int32 name = 2;`"]
    registry = open_registry(tagged.root / "registry")
    ledger = ledger_of(registry, registry.release("pets", "1.5.0"))
    assert [(use.name, use.number) for use in ledger.type("acme.v1.Pet").members] == [
        ("id", 1),
        ("name", 2),
        ("name", 2),
        ("age", 3),
    ]
    listed = tagged.run("registry", "list").out
    assert "pets 1.2.0-rc.1  2025-01-04T07:00:00Z  major, accepted as history\n" in listed
    verified = tagged.run("registry", "verify")
    assert verified.code == 0, verified
    assert verified.err == (
        "registry: 6 releases, sound. 6 of them accepted as history: judged, whatever the verdict.\n"
    )
    assert tagged.run("check").code == 0
    tagged.write(PROTO, proto("string id = 1", "int64 age = 3", "bytes name = 4", "bytes photo = 2"))
    refused = tagged.run("check")
    assert refused.code == 1
    assert "field-number-reused" in refused.out
    assert "1.2.0-rc.1" in refused.out
    tagged.write(PROTO, proto("string id = 1", "int64 age = 3", "bytes photo = 4"))
    assert "Released pets 1.6.0 (minor)" in tagged.release("pets").out
    tagged.git("tag", "v1.7.0", "v1.0.0")
    assert adopt(tagged, "pets", "--tags", "v1.[57]*") == [
        "v1.5.0 1.5.0 already released",
        "v1.7.0 - passed over: 1.6.0 is no history: what follows it is released by `fieldstone release`",
    ]


def test_it_goes_on_where_it_stopped_and_gives_the_same_bytes_anywhere(
    tagged: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(tagged, "pets", "--tags", "v*")
    tagged.git("clone", "--quiet", "--no-hardlinks", ".", str(tmp_path / "elsewhere"))
    other = Repo(tmp_path / "elsewhere", tagged.environment, capsys)
    add, count = FolderRegistry.add, 0

    def interrupted(registry: FolderRegistry, *args: object) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise Unavailable("the disk is full")
        add(registry, *args)  # type: ignore[arg-type]

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    with monkeypatch.context() as patch:
        patch.setattr(FolderRegistry, "add", interrupted)
        assert other.run("adopt", "pets", "--tags", "v*").error == ("error: the disk is full")
    assert len(list((other.root / "registry/pets").iterdir())) == 3
    outcomes = adopt(other, "pets", "--tags", "v*")
    assert [line for line in outcomes if "already released" in line] == [
        "v1.0.0 1.0.0 already released",
        "v1.1 1.1.0 already released",
        "v1.2.0-rc.1 1.2.0-rc.1 already released",
    ]
    assert other.snapshot("registry") == tagged.snapshot("registry")
    assert not [line for line in adopt(other, "pets", "--tags", "v*") if "first" in line or "major" in line]
    other.git("tag", "--force", "v1.1", "v1.0.0")
    moved = other.run("adopt", "pets", "--tags", "v*").error
    assert "pets 1.1.0 was released with other files than tag v1.1 has: acme/v1/a.proto" in moved
    assert "restore the tag, or leave it out: `--skip v1.1`" in moved
    assert adopt(other, "pets", "--tags", "v*", "--skip", "v1.1")


def test_tags_that_cannot_be_taken_are_named(tagged: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def error(*args: str, repo: Repo = tagged) -> str:
        said = repo.run("adopt", "pets", *args).error
        assert not (repo.root / "registry").exists()
        return said

    tagged.git("tag", "1.4.0", "v1.5.0")
    assert error("--tags", "v*", "--tags", "1.*").endswith("`--skip 1.4.0` or `--skip v1.4.0`")
    assert "both give version 1.4.0" in error("--tags", "*")
    assert "did you mean --tags 'v*'?" in error("--tags", "api/v*")
    tagged.git("tag", "1.5", "v1.5.0")
    assert "v1.5.0 - passed over: it is the commit of 1.5" in adopt(tagged, "pets", "--tags", "*1.5*", "--dry-run")
    only = tagged.run("adopt", "pets", "--tags", "v1.3*")
    assert (only.code, "No tag can be a release of pets" in only.err) == (1, True)
    assert "--tags" in tagged.run("adopt", "pets").err
    assert "no module pet in" in tagged.run("adopt", "pet", "--tags", "v*").error
    tagged.git("clone", "--quiet", "--depth", "1", f"file://{tagged.root}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow", tagged.environment, capsys)
    assert error("--tags", "v*", repo=shallow).endswith("`git fetch --unshallow --tags`")
    plain = Repo(tmp_path / "plain", tagged.environment, capsys)
    plain.write("buf.yaml", CONFIG)
    plain.write(PROTO, proto("string id = 1"))
    assert "history comes from git, and there is none in" in error("--tags", "v*", repo=plain)
    bare = new_history(tmp_path / "untagged", dict(tagged.environment)).repo
    untagged = Repo(bare.root, bare.environment, capsys)
    untagged.write("buf.yaml", CONFIG)
    untagged.write(PROTO, proto("string id = 1"))
    assert "there are no tags in" in error("--tags", "v*", repo=untagged)


def test_history_is_ordered_by_commits_and_dates_and_goes_on_in_lines(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    repo.write("buf.yaml", CONFIG)
    history.tagged("v0.9.0", proto("string id = 1"))
    history.commit("v0.10.0", {PROTO: proto("string id = 1", "string name = 2")}, day=20)
    history.commit("v0.11.0", {PROTO: proto("string id = 1", "string name = 2", "int32 age = 3")}, day=3)
    history.commit("v2.0.0", {PROTO: proto("string id = 1", "int32 age = 3", "bool tame = 4")}, day=21)
    repo.git("checkout", "--quiet", "-b", "maintenance", "v0.10.0")
    history.commit("v0.10.1", {PROTO: proto("string id = 1", "string name = 2", "bytes photo = 4")}, day=22)
    history.commit("v1.1.0", {PROTO: proto("string id = 1", "bytes photo = 4")}, day=23)
    future = Repo(repo.root, {**environment, "GIT_COMMITTER_DATE": "2099-01-01T00:00:00Z"})
    future.git("commit", "--quiet", "--allow-empty", "--message", "from the future")
    repo.git("tag", "v9.0.0")
    outcomes = [
        "v0.9.0 0.9.0 first",
        "v0.10.0 0.10.0 minor",
        "v0.11.0 0.11.0 minor",
        "v1.1.0 1.1.0 major: 2 breaks, accepted as history",
        "v2.0.0 2.0.0 major: 3 breaks, accepted as history",
        "v0.10.1 0.10.1 major: 1 break, accepted as history",
        "v9.0.0 - passed over: its commit is dated 2099-01-01, in the future",
    ]
    assert adopt(repo, "pets", "--tags", "v*", "--dry-run") == outcomes
    assert adopt(repo, "pets", "--tags", "v*") == outcomes
    assert (
        "pets 0.10.1  2025-01-22T07:00:00Z  major, line 0.10, accepted as history" in repo.run("registry", "list").out
    )
    verified = repo.run("registry", "verify")
    assert verified.code == 0, verified
    repo.write(PROTO, proto("string id = 1", "int32 age = 3", "bool tame = 4", "bytes photo = 5"))
    assert "registry-" not in repo.run("check").out
    history.commit("v0.10.2", day=24)
    history.commit("v0.9.5", {PROTO: proto("string id = 1", "int32 legs = 7")}, day=25)
    assert adopt(repo, "pets", "--tags", "v0*")[-2:] == [
        "v0.10.2 0.10.2 major: 4 breaks, accepted as history",
        "v0.9.5 0.9.5 minor",
    ]


def test_a_module_is_found_wherever_it_was(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    money = proto("int64 units = 1", package="acme.money.v1").replace("Pet", "Money")
    fields = ["string id = 1"]

    def grown() -> str:
        fields.append(f"string f{len(fields)} = {len(fields) + 1}")
        return proto(*fields)

    roots = "version: v1beta1\nbuild:\n  roots:\n    - a\n    - b\n"
    history.commit("v0.1.0", {"buf.yaml": roots, "a/acme/v1/a.proto": grown(), "b/acme/money/v1/m.proto": money})
    repo.git("rm", "--quiet", "-r", ".")
    work = "version: v1\ndirectories:\n  - old\n  - lib\n"
    history.commit("v0.2.0", {"buf.work.yaml": work, "old/acme/v1/a.proto": grown(), "lib/acme/x/v1/x.proto": money})
    repo.git("rm", "--quiet", "-r", ".")
    history.commit("v0.3.0", {"protos/buf.yaml": "version: v1\n", "protos/acme/v1/a.proto": grown()})
    repo.git("rm", "--quiet", "-r", ".")
    history.commit("v0.4.0", {"one/acme/v1/a.proto": grown(), "two/acme/v1/a.proto": proto("string id = 1")})
    history.commit("v0.5.0", {"one/acme/v1/a.proto": grown(), "two/acme/v1/a.proto": ""})
    repo.git("rm", "--quiet", "-r", ".")
    history.commit("v0.6.0", {"README.md": "Nothing here.\n"})
    history.commit("v0.7.0", {"buf.yaml": "version: v3\n", PROTO: grown()})
    history.commit("v0.8.0", {"buf.yaml": CONFIG, PROTO: grown()})
    outcomes = adopt(repo, "pets", "--tags", "v*", "--dry-run")
    assert [line.split(":")[0] for line in outcomes] == [
        "v0.1.0 0.1.0 first",
        "v0.2.0 0.2.0 major",
        "v0.3.0 0.3.0 minor",
        "v0.4.0 - passed over",
        "v0.5.0 - passed over",
        "v0.6.0 - passed over",
        "v0.7.0 - passed over",
        "v0.8.0 0.8.0 minor",
    ]
    assert outcomes[3].endswith("and its files are in one and two; name one of them: --at PATH")
    assert outcomes[5].endswith("no folder has its files; name its folder: --at PATH")
    assert "buf.yaml is of version v3" in outcomes[6]
    assert str(tmp_path) not in "".join(outcomes)
    at = adopt(repo, "pets", "--tags", "v0.[4-9]*", "--at", "nowhere", "--at", "one", "--at", "proto", "--dry-run")
    assert [line.split(":")[0] for line in at] == [
        "v0.4.0 0.4.0 first",
        "v0.5.0 0.5.0 minor",
        "v0.6.0 - passed over",
        "v0.7.0 - passed over",
        "v0.8.0 0.8.0 minor",
    ]
    assert at[2].endswith("there are no .proto files below nowhere or one or proto")


def test_a_module_imports_the_release_that_has_the_files_of_its_tag(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    where = "money/acme/money/v1/m.proto"
    money = proto("int64 units = 1", package="acme.money.v1")
    uses = proto("acme.money.v1.Pet price = 1", imports="acme/money/v1/m.proto")
    both = "version: v2\nmodules:\n  - path: money\n  - path: proto\n"
    history.commit("v1.0.0", {where: money, PROTO: uses})
    history.commit(
        "v1.1.0", {"buf.yaml": both, PROTO: uses.replace("= 1;", "= 1;\n  string id = 2;"), "README.md": "."}
    )
    history.commit("v1.2.0", {where: money.replace("= 1;", "= 1;\n  int32 nanos = 2;"), "README.md": ". ."})
    refused = repo.run("adopt", "proto", "--tags", "v*")
    assert "at tag v1.0.0: it imports money, and no release of money has the files of that tag" in refused.error
    assert "adopt money first; or leave the tag out: `--skip v1.0.0`" in refused.error
    assert not (repo.root / "registry").exists()
    assert [line.split()[-1] for line in adopt(repo, "money", "--tags", "v*")] == ["first", "1.0.0", "minor"]
    assert adopt(repo, "proto", "--tags", "v*") == ["v1.0.0 1.0.0 first", "v1.1.0 1.1.0 minor", "v1.2.0 1.2.0 patch"]
    links = [tomllib.loads(repo.read(f"registry/proto/1.{n}.0/release.toml"))["dependencies"][0] for n in range(3)]
    assert [link["version"] for link in links] == ["1.0.0", "1.0.0", "1.2.0"]
    assert repo.run("registry", "verify").code == 0
    assert repo.run("check").code == 0


LOCK = """\
version: v2
deps:
  - name: remote.invalid/acme/money
    commit: 61b203b9a9164be9a834f58c37be6f62
    digest: b5:7811a98b35bd2e4ae5c3ac73c8b3d9ae429f3a790da15de188dc98fc2b77d6bb10e45711f14903af9553fa9821dff256054f2e4b7795789265bc476bec2f088c
"""  # noqa: E501 - a digest


def test_a_tag_whose_files_are_elsewhere_is_named(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    blob = repo.git("hash-object", "-w", "--stdin", stdin='syntax = "proto3";\n').strip()
    inner = repo.git("mktree", stdin=f"100644 blob {blob}\tescaped.proto\n").strip()
    raw = b"40000 ..\0" + bytes.fromhex(inner)
    repo.write("tree", raw)
    tree = repo.git("hash-object", "-w", "-t", "tree", "--literally", "tree").strip()
    repo.git("tag", "v0.1.0", repo.git("commit-tree", tree, "-m", "leads out").strip())
    (repo.root / "tree").unlink()
    repo.write("README.md", "Pets.\n")
    repo.git("add", "README.md")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'v0.1.0').strip()},proto")
    repo.git("commit", "--quiet", "--message", "submodule")
    repo.git("tag", "v0.2.0")
    repo.git("rm", "--quiet", "--cached", "proto")
    uses = proto("acme.money.v1.Money price = 1", imports="acme/money/v1/money.proto")
    deps = CONFIG + "deps:\n  - remote.invalid/acme/money\n"
    history.commit("v0.3.0", {"buf.yaml": deps, "buf.lock": LOCK, PROTO: uses})
    refused = repo.run("adopt", "pets", "--tags", "v*")
    assert refused.error == (
        "error: at tag v0.3.0: proto does not compile: buf cannot fetch remote.invalid/acme/money; let buf fetch it, "
        "with a network and a login if it needs one; or leave the tag out: `--skip v0.3.0`"
    )
    repo.git("rm", "--quiet", "buf.lock")
    history.commit("v0.4.0", {"buf.yaml": CONFIG, PROTO: proto("string id = 1")})
    outcomes = adopt(repo, "pets", "--tags", "v*", "--skip", "v0.3.0")
    assert "has a file called '../escaped.proto', which leads out of the checkout" in outcomes[0]
    assert outcomes[1].endswith("its files may be in another repository: proto is a git submodule there")
    assert outcomes[2] == "v0.4.0 0.4.0 first"
    assert not list(tmp_path.rglob("escaped.proto"))


def test_third_party_schemas_of_a_tag_are_imported_alone(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    history = new_history(tmp_path / "repo", environment)
    repo = Repo(history.repo.root, environment, capsys)
    money = proto("int64 units = 1", package="other.money.v1").replace("Pet", "Money")
    vendored, where = "third_party/other/money/v1/m.proto", "other/money/v1/m.proto"
    uses = proto("string id = 1", "other.money.v1.Money price = 2", imports=where)
    history.commit("v0.1.0", {PROTO: uses, vendored: money})
    roots = "version: v1beta1\nbuild:\n  roots:\n    - proto\n    - third_party\n"
    history.commit("v0.2.0", {"buf.yaml": roots, PROTO: uses.replace("= 2;", "= 2;\n  string name = 3;")})
    both = CONFIG.replace("lint:", "  - path: third_party\nlint:")
    history.commit("v0.3.0", {"buf.yaml": both, vendored: money.replace("= 1;", "= 1;\n  int32 nanos = 2;")})
    assert adopt(repo, "pets", "--tags", "v*") == ["v0.1.0 0.1.0 first", "v0.2.0 0.2.0 minor", "v0.3.0 0.3.0 patch"]
    for version in ("0.1.0", "0.2.0", "0.3.0"):
        made = tomllib.loads(repo.read(f"registry/pets/{version}/release.toml"))
        assert {"schemas/acme/v1/a.proto", f"imports/{where}"} <= made["files"].keys()
        assert f"schemas/{where}" not in made["files"]
    assert repo.run("registry", "verify").code == 0
    assert repo.run("check").code == 0
