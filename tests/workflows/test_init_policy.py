"""What init takes from a buf configuration: the same changes pass, and the same are refused, as with buf alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fieldstone.workflows.setup.hooks import FORMAT
from tests.incremental.shapes import MODULE_V1, PLAIN, proto, two_packages
from tests.workflows.test_init import Repo

BREAKING = """\
  use: [WIRE_JSON]
  except: [FIELD_SAME_JSON_NAME]
  ignore: [{0}acme/internal]
  ignore_only:
    FIELD_SAME_ONEOF: [{0}acme/old]
    WIRE_JSON: [{0}acme/one.proto]
    FILE_SAME_PACKAGE: [{0}acme/old]
  ignore_unstable_packages: true
"""
TAKEN: dict[str, Any] = {
    "surfaces": ["wire", "json"],
    "rules": {"field-json-name-changed": "warning"},
    "exempt-paths": ["acme/internal", "acme/one.proto"],
    "exempt-rules": {
        "field-oneof-changed": ["acme/old"],
        "file-package-changed": ["acme/old"],
        "package-removed": ["acme/old"],
    },
    "unstable-packages": "exempt",
}
THING = "message Thing {\n  string id = 1;\n}\n"
CONFIGURED: dict[str, dict[str, str]] = {
    "v1beta1": {"buf.yaml": "version: v1beta1\nbreaking:\n" + BREAKING.format("")},
    "v1": {"buf.yaml": "version: v1\nbreaking:\n" + BREAKING.format("")},
    "v1-workspace": {
        "buf.work.yaml": "version: v1\ndirectories: [proto]\n",
        "proto/buf.yaml": "version: v1\nbreaking:\n" + BREAKING.format(""),
    },
    "v2": {"buf.yaml": "version: v2\nmodules:\n  - path: proto\nbreaking:\n" + BREAKING.format("proto/")},
    "v2-own": {
        "buf.yaml": "version: v2\nmodules:\n  - path: proto\n    breaking:\n"
        + "".join(f"    {line}\n" for line in BREAKING.format("proto/").splitlines())
        + "breaking:\n  use: [FILE]\n"
    },
}


def _settings(repo: Repo) -> dict[str, Any]:
    return tomllib.loads((repo.root / "fieldstone.toml").read_text())


def _taken(repo: Repo) -> dict[str, Any]:
    return {key: value for key, value in _settings(repo).items() if key in TAKEN}


@pytest.mark.parametrize("shape", CONFIGURED)
def test_policy_is_taken_from_every_version_of_a_configuration(shape: str, tmp_path: Path) -> None:
    files = CONFIGURED[shape]
    root = "proto/" if shape not in {"v1beta1", "v1"} else ""
    repo = Repo(tmp_path / "clone", files | {f"{root}acme/v1/a.proto": proto("acme.v1", THING)})
    said = repo.fieldstone("init")
    assert _taken(repo) == TAKEN
    assert "took     breaking: WIRE_JSON -> surfaces = wire, json\n" in said
    assert "took     breaking: ignore_unstable_packages -> unstable-packages = exempt\n" in said
    repo.fieldstone("check")


def test_what_buf_lets_pass_passes_and_what_it_refuses_is_refused(tmp_path: Path) -> None:
    paths = {package: f"proto/acme/{package}/a.proto" for package in ("internal", "old", "v1alpha1", "v1")}
    files = {path: proto(f"acme.{package}", THING) for package, path in paths.items()}
    repo = Repo(tmp_path / "clone", CONFIGURED["v2"] | files)
    repo.fieldstone("init", "--release")
    for package in ("internal", "v1alpha1"):
        repo.write(paths[package], files[paths[package]].replace("string id", "int64 id"))
    repo.write(paths["v1"], files[paths["v1"]].replace("string id = 1;", 'string id = 1 [json_name = "key"];'))
    repo.run("buf", "breaking", "--against", ".git", code=0)
    assert "2 exempt" in repo.fieldstone("check")
    repo.write(paths["old"], files[paths["old"]].replace("string id", "int64 id"))
    repo.run("buf", "breaking", "--against", ".git", code=100)
    assert "field-type-changed" in repo.fieldstone("check", "--format", "concise", code=1)


def test_modules_with_different_policies_get_tables_of_their_own(tmp_path: Path) -> None:
    config = (
        "version: v2\nmodules:\n  - path: weather\n    breaking:\n      use: [WIRE]\n  - path: common\n"
        "breaking:\n  use: [PACKAGE]\n  except: [FILE_SAME_GO_PACKAGE]\n  ignore: [common/acme/x]\n"
    )
    files = {f"{path.split('/')[1]}/{path}": text for path, text in two_packages().items()}
    repo = Repo(tmp_path / "clone", {"buf.yaml": config, **files})
    said = repo.fieldstone("init", "--release")
    modules = _settings(repo)["modules"]
    assert modules["weather"]["surfaces"] == ["wire"]
    assert modules["common"]["rules"] == {"file-removed": "off", "type-moved": "off"}
    assert modules["common"]["exempt-paths"] == ["acme/x"]
    assert "took     breaking of common: except FILE_SAME_GO_PACKAGE: no rule is for that alone" in said
    assert "wrote    fieldstone.toml" in said


def test_a_section_that_buf_refuses_protects_everything(tmp_path: Path) -> None:
    files = {"buf.yaml": "version: v2\nbreaking:\n  use: [NOTHING_LIKE_THIS]\n", "a.proto": proto("a.v1", THING)}
    repo = Repo(tmp_path / "clone", files)
    assert "took     nothing of the breaking section" in repo.fieldstone("init")
    assert _taken(repo) == {}


def test_a_section_without_rules_of_buf_protects_everything(tmp_path: Path) -> None:
    config = "version: v2\nbreaking:\n  disable_builtin: true\n  ignore: [acme]\n"
    repo = Repo(tmp_path / "clone", {"buf.yaml": config, "a.proto": proto("a.v1", THING)})
    assert "took     breaking: buf applies none of its own rules; here, everything is protected" in repo.fieldstone(
        "init"
    )
    assert _taken(repo) == {}


def test_without_a_section_and_beside_settings_nothing_is_taken(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", MODULE_V1["v2-root"])
    assert "took" not in repo.fieldstone("init")
    assert "surfaces" not in _settings(repo)
    other = Repo(tmp_path / "other", MODULE_V1["v1"] | {"fieldstone.toml": ""})
    assert "took" not in other.fieldstone("init")


@pytest.mark.parametrize("shape", ["v2-root", "plain"])
def test_the_hook_that_formats_is_left_out_where_nobody_formatted(shape: str, tmp_path: Path) -> None:
    files = MODULE_V1["v2-root"] if shape == "v2-root" else PLAIN["vendored"][0]
    loose = next(path for path in files if path.endswith("weather.proto"))
    repo = Repo(tmp_path / "clone", files | {loose: files[loose].replace("  string id", "    string id")})
    said = repo.fieldstone("init")
    assert re.search("the hook that formats is left out, because 1 file is not formatted", said)
    assert FORMAT not in (repo.root / ".pre-commit-config.yaml").read_text()
    repo.fieldstone("format", code=1)
    assert FORMAT in repo.fieldstone("init")
