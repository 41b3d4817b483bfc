"""`fieldstone check --profile buf` against `buf breaking` in the same folders: the same bytes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.toolchain.buf import find_buf
from tests.cli.workspace import SHOP, Repo

STABLE, UNSTABLE, LEFT = "acme/v1/a.proto", "acme/v1beta1/b.proto", "acme/v1/left.proto"
A = "acme.v1"
EXIT_CODES = {0: 0, 100: 1, 1: 2}
"""Those of buf, and ours for the same."""


def proto(package: str, body: str, *, head: str = "") -> str:
    return f'syntax = "proto3";\npackage {package};\n{head}\n{body}\n'


BEFORE = {
    STABLE: proto(
        A, "message A { string x = 1; } message B {} enum E { Z = 0; }", head='option go_package = "a<b>&é";'
    ),
    UNSTABLE: proto("acme.v1beta1", "message A { string x = 1; } message C {} service S {}"),
    LEFT: proto(A, "message Left {}"),
    "other/d.proto": proto(
        "other", 'import "google/protobuf/timestamp.proto"; message D { google.protobuf.Timestamp t = 1; }'
    ),
}
AFTER = {
    STABLE: proto(A, "message A { int32 x = 1; }"),
    UNSTABLE: proto("acme.v1beta1", "message A { int32 y = 1; }"),
    "other/e.proto": proto("another", "message D {}"),
}
ALL = "  use: [FILE, PACKAGE, WIRE_JSON]\n"
CONFIGS = {
    "nothing": "",
    "use": ALL,
    "except": f"{ALL}  except: [PACKAGE, FIELD_SAME_TYPE]\n",
    "ignore": f"{ALL}  ignore: [acme/v1, other/d.proto]\n",
    "ignore_only": (
        f"{ALL}  ignore_only:\n    FILE_NO_DELETE: [acme]\n    FIELD_SAME_TYPE: [{STABLE}]\n    WIRE_JSON: [acme]\n"
    ),
    "ignore_unstable_packages": f"{ALL}  ignore_unstable_packages: true\n",
}
DEPRECATED = "  use: [FIELD_SAME_LABEL, FIELD_SAME_TYPE]\n  except: [FIELD_SAME_CTYPE]\n"


def write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """A folder that is no checkout and has no settings."""
    root = tmp_path / "new"
    root.mkdir()
    return Repo(root, {}, capsys)


def assert_same(folder: Repo, old: Path, *, format_: str = "json", found: bool = True) -> None:
    buf = subprocess.run(
        [find_buf(), "breaking", "--against", str(old), "--error-format", format_],
        cwd=folder.root,
        capture_output=True,
        check=False,
    )
    ours = folder.run("check", "--profile", "buf", "--against", str(old), "--format", format_)
    assert ours.out == buf.stdout.decode()
    assert ours.code == EXIT_CODES[buf.returncode] == int(found)


@pytest.mark.parametrize("version", ["v1beta1", "v1", "v2"])
@pytest.mark.parametrize("config", CONFIGS)
def test_a_configuration_means_what_it_means_to_buf(folder: Repo, tmp_path: Path, version: str, config: str) -> None:
    old = write(tmp_path / "old", BEFORE)
    breaking = f"breaking:\n{CONFIGS[config]}" if CONFIGS[config] else ""
    write(folder.root, {**AFTER, "buf.yaml": f"version: {version}\n{breaking}"})
    assert_same(folder, old)


@pytest.mark.parametrize("format_", ["json", "text"])
def test_a_folder_without_a_configuration(folder: Repo, tmp_path: Path, format_: str) -> None:
    write(folder.root, AFTER)
    assert_same(folder, write(tmp_path / "old", BEFORE), format_=format_)


def test_rules_that_buf_has_replaced(folder: Repo, tmp_path: Path) -> None:
    write(folder.root, {**AFTER, "buf.yaml": f"version: v1\nbreaking:\n{DEPRECATED}"})
    assert_same(folder, write(tmp_path / "old", BEFORE))


def test_no_finding(folder: Repo, tmp_path: Path) -> None:
    write(folder.root, AFTER)
    assert_same(folder, write(tmp_path / "old", AFTER), found=False)


MODULES = "version: v2\nmodules:\n  - path: one\n{}  - path: two/proto\n"


@pytest.mark.parametrize(
    "own",
    [
        "",
        "    breaking:\n      use: [WIRE]\n",
        "    breaking:\n      use: [FILE]\n      ignore: [one/acme/v1]\n",
        "    breaking:\n      ignore_unstable_packages: true\n",
    ],
)
def test_modules_that_import_each_other(folder: Repo, tmp_path: Path, own: str) -> None:
    two = proto("two.v1", f'import "{STABLE}"; message T {{ {A}.A a = 1; string x = 2; }}')
    old = {"one/" + path: text for path, text in BEFORE.items()} | {"two/proto/two/v1/t.proto": two}
    new = {"one/" + path: text for path, text in AFTER.items()}
    new["two/proto/two/v1/t.proto"] = two.replace("string", "bytes")
    common = "breaking:\n  use: [FILE, PACKAGE]\n  ignore: [two/proto/other]\n"
    write(folder.root, {**new, "buf.yaml": MODULES.format(own) + common})
    assert_same(folder, write(tmp_path / "old", {**old, "buf.yaml": MODULES.format("")}))


def test_a_workspace_of_version_1(folder: Repo, tmp_path: Path) -> None:
    work = {"buf.work.yaml": "version: v1\ndirectories: [one, two]\n"}
    rename = {"one/" + path: text for path, text in AFTER.items()}
    config = {"one/buf.yaml": "version: v1\nbreaking:\n  use: [WIRE]\n  ignore: [other]\n"}
    write(folder.root, {**work, **rename, **config, "two/t.proto": proto("two", "message T { int32 a = 1; }")})
    old = {"one/" + path: text for path, text in BEFORE.items()} | work
    assert_same(folder, write(tmp_path / "old", {**old, "two/t.proto": proto("two", "message T { bool a = 1; }")}))


def test_a_category_instead_of_those_of_the_configuration(released: Repo) -> None:
    released.edit(SHOP, "string id = 1;", "bytes id = 1;")
    both = [released.run("check", "--profile", f"buf:{category}") for category in ("WIRE", "FILE")]
    assert [ran.code for ran in both] == [0, 1]
    assert both[1].out.startswith(f"{SHOP}:9:3:")
    assert 'changed type from "string" to "bytes"' in both[1].out


def test_versions_and_revisions(grown: Repo) -> None:
    assert grown.run("check", "--profile", "buf").code == 0
    assert grown.run("check", "shop", "--profile", "buf", "--against", "1.0.0").code == 0
    grown.edit(SHOP, "  string note = 4;\n", "")
    assert grown.run("check", "shop", "--profile", "buf", "--against", "1.0.0").code == 0
    ran = grown.run("check", "--profile", "buf", "--against", "v1.1.0", "--format", "json")
    assert ran.code == 1
    assert '"type":"FIELD_NO_DELETE"' in ran.out


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("  use: [WIRES]\n", '"WIRES" is not a known rule'),
        ("  except: [FILE]\n", "buf breaking in ."),
        ("  ignore: acme\n", "cannot unmarshal"),
        ("  ignores: [acme]\n", "ignores not found"),
    ],
)
def test_what_buf_refuses_is_refused(folder: Repo, tmp_path: Path, config: str, said: str) -> None:
    write(folder.root, {**AFTER, "buf.yaml": f"version: v1\nbreaking:\n{config}"})
    ran = folder.run("check", "--profile", "buf", "--against", str(write(tmp_path / "old", BEFORE)))
    assert ran.code == 2
    assert said in ran.err


def test_wrong_usage(folder: Repo, fresh: Repo) -> None:
    write(folder.root, AFTER)
    for arguments, said in (
        (["--profile", "bufs"], "bufs"),
        (["--profile", "buf:LOUD"], "buf:LOUD"),
        (["--profile", "buf", "--format", "sarif"], "text or json"),
        (["--profile", "buf"], "--against REF"),
    ):
        ran = folder.run("check", *arguments)
        assert ran.code == 2
        assert said in ran.err
    assert "nothing to compare with" in fresh.run("check", "--profile", "buf").err


def test_a_module_with_several_roots(folder: Repo, tmp_path: Path) -> None:
    config = "version: v1beta1\nbuild:\n  roots: [one, two]\nbreaking:\n  use: [WIRE_JSON]\n  ignore: [other]\n"
    old, new = (
        {"one/acme/v1/a.proto": proto(A, message), "two/other/b.proto": proto("other", message)}
        for message in ("message M { string x = 1; }", "message M { int32 x = 1; }")
    )
    before = write(tmp_path / "old", {**old, "buf.yaml": config})
    write(folder.root, {**new, "buf.yaml": config})
    assert_same(folder, before)
    assert "one/acme/v1/a.proto:4:" in folder.run("check", "--profile", "buf", "--against", str(before)).out
    ran = folder.run("check", "--against", str(before), "--format", "concise")
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == ["one/acme/v1/a.proto", "two/other/b.proto"]


def test_the_rest_of_the_configuration_holds_beside_a_category(folder: Repo, tmp_path: Path) -> None:
    old = write(tmp_path / "old", BEFORE)
    write(folder.root, {**AFTER, "buf.yaml": f"version: v2\nbreaking:\n  use: [FILE]\n  ignore: [{STABLE}]\n"})
    ran = folder.run("check", "--profile", "buf:WIRE", "--against", str(old), "--format", "json")
    assert ran.code == 1
    assert STABLE not in ran.out
    assert "FILE_NO_DELETE" not in ran.out


@pytest.mark.parametrize("odd", ["ignore: [2020-01-01]", "ignore: 3", "ignore_only: {2020-01-01: [a]}", "ignores: [a]"])
def test_a_category_beside_what_buf_does_not_take(odd: str, folder: Repo, tmp_path: Path) -> None:
    """Whatever YAML holds reaches buf; buf says what is wrong with it, if anything is."""
    old = write(tmp_path / "old", BEFORE)
    write(folder.root, {**AFTER, "buf.yaml": f"version: v2\nbreaking:\n  use: [FILE]\n  {odd}\n"})
    ran = folder.run("check", "--profile", "buf:WIRE", "--against", str(old))
    assert ran.code == (1 if odd == "ignore: [2020-01-01]" else 2)


def test_a_category_beside_plugins(folder: Repo, tmp_path: Path) -> None:
    old = write(tmp_path / "old", BEFORE)
    plugins = "version: v2\nplugins:\n  - plugin: [./no-such-check]\n"
    write(folder.root, {**AFTER, "buf.yaml": plugins})
    assert "no-such-check" in folder.run("check", "--profile", "buf:WIRE", "--against", str(old)).error


def test_switched_off_rules_are_said_to_be(folder: Repo, tmp_path: Path) -> None:
    """As buf does: it judges nothing, passes, and warns."""
    old = write(tmp_path / "old", BEFORE)
    write(folder.root, {**AFTER, "buf.yaml": "version: v2\nbreaking:\n  disable_builtin: true\n"})
    assert_same(folder, old, found=False)
    assert "No breaking rules are configured" in folder.run("check", "--profile", "buf", "--against", str(old)).err


@pytest.mark.parametrize("kind", ["plugins", "policies"])
def test_plugins_and_policies_run(kind: str, folder: Repo, tmp_path: Path) -> None:
    """One that buf cannot use ends the check, and is named; it was started in the root of the workspace."""
    old = write(tmp_path / "old", BEFORE)
    script = "#!/bin/sh\necho started >> started\nexit 3\n"
    plugins = "plugins:\n  - plugin: [./check.sh]\n"
    config = "version: v2\n" + (plugins if kind == "plugins" else "policies:\n  - policy: policy.yaml\n")
    policy = f"version: v2\n{plugins}breaking:\n  use: [FILE]\n"
    write(folder.root, {**AFTER, "check.sh": script, "policy.yaml": policy, "buf.yaml": config, "sub/x.txt": ""})
    (folder.root / "check.sh").chmod(0o755)
    assert "check.sh" in folder.run("check", "--profile", "buf", "--against", str(old)).error
    assert "started" in folder.read("started")


def test_an_image_and_another_folder_to_run_in(grown: Repo, tmp_path: Path) -> None:
    image = tmp_path / "shop.binpb"
    subprocess.run([find_buf(), "build", "schemas/shop", "-o", image], cwd=grown.root, check=True)
    grown.edit(SHOP, "string id = 1;", "bytes id = 1;")
    ran = grown.run("check", "shop", "--profile", "buf", "--against", str(image), cwd="schemas/money")
    assert ran.code == 1
    assert ran.out.startswith("../shop/acme/shop/v1/shop.proto:9:3:")


def test_a_module_that_is_gone_is_not_passed_over(grown: Repo) -> None:
    text = (grown.root / "buf.yaml").read_text()
    (grown.root / "buf.yaml").write_text(text.replace("  - path: schemas/shop\n", ""))
    for against in ([], ["--against", "v1.1.0"]):
        ran = grown.run("check", "--profile", "buf", *against)
        assert ran.code == 2
        assert "shop" in ran.err
