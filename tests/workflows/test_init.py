from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.cli import main
from fieldstone.project.known_style import KNOWN_STYLE
from fieldstone.workflows.setup.hooks import HOOKS, local_config
from tests.cli.workspace import FORGETFUL
from tests.incremental.shapes import ALL, COMMON, DAY, MODULE_V1, PLAIN, V1, WEATHER, WORKSPACES, proto, two_packages

BIN = Path(sys.executable).parent
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
    **FORGETFUL,
}
PLAIN_OUTPUT = {"GITHUB_ACTIONS": "", "NO_COLOR": "1"}


class Repo:
    """A folder, and what a person runs in it."""

    def __init__(self, root: Path, files: Mapping[str, str], *, git: bool = True) -> None:
        self.root = root
        root.mkdir()
        for path, text in files.items():
            self.write(path, text)
        if git:
            self.run("git", "init", "--quiet")
            self.run("git", "add", "--all")
            self.run("git", "commit", "--quiet", "--allow-empty", "--message=as it was")

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def run(self, *command: str, code: int = 0, at: str = ".") -> subprocess.CompletedProcess[str]:
        environment = os.environ | GIT | PLAIN_OUTPUT | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=self.root / at, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def fieldstone(self, *arguments: str, code: int = 0) -> str:
        """Run the command in this process, which is a quarter of a second quicker; gives all that it said."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            patch.chdir(self.root)
            patch.setattr(sys, "argv", ["fieldstone", *arguments])
            for name, value in (GIT | PLAIN_OUTPUT).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        assert ended.value.code == code, f"{arguments} ended with {ended.value.code}:\n{said.getvalue()}"
        return said.getvalue()

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def yaml(self, path: str) -> Any:
        return yaml.safe_load((self.root / path).read_text())

    def digests(self) -> dict[str, str]:
        files = (path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {p.relative_to(self.root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def report(self) -> Path:
        """The file whose `string id = 1;` the tests change."""
        registry = re.compile(r"(registry|released)/.+/\d+\.\d+\.\d+/")
        found = [p for p in self.root.rglob("*.proto") if "string id = 1;" in p.read_text()]
        return next(p for p in found if not registry.search(p.as_posix()) and "attic" not in p.parts)


@pytest.mark.parametrize("shape", ALL)
def test_from_the_first_command_on_breaks_are_refused_and_additions_pass(shape: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", ALL[shape])
    repo.write(
        ".git/config", f'{repo.text(".git/config")}[remote "origin"]\n\turl = git@git.example.com:acme/rain.git\n'
    )
    before = repo.digests()
    first = repo.fieldstone("init")
    assert set(re.findall(r"^wrote +(.+)$", first, re.MULTILINE)) == repo.digests().keys() - before.keys()
    if shape not in {*PLAIN, "empty", "settings-in-pyproject"}:
        assert not [path for path in repo.digests().keys() - before.keys() if path.endswith((".proto", "buf.yaml"))]
    again = repo.fieldstone("init", "--release")
    assert "wrote " not in again
    assert re.search(r"^released \S+ 1\.0\.0$", again, re.MULTILINE)
    assert {path: digest for path, digest in repo.digests().items() if path in before} == before
    if shape in PLAIN:
        listed = [module["path"] for module in repo.yaml("buf.yaml")["modules"]]
        assert listed == PLAIN[shape][1]
        if not (repo.root / KNOWN_STYLE).exists():
            repo.run("buf", "lint")

    sources = repo.report()
    text = sources.read_text()
    sources.write_text(text.replace("string id = 1;", "int32 id = 1;"))
    assert "field-type-changed" in repo.fieldstone("check", "--format", "concise", code=1)
    sources.write_text(text.replace("string id = 1;", "string id = 1;\n  string added = 19;"))
    assert "additive. Allowed as 1.1.0" in repo.fieldstone("check")
    assert "sound" in repo.fieldstone("registry", "verify")


@pytest.mark.parametrize("shape", MODULE_V1)
def test_advice_about_the_registry_works_as_printed(shape: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", MODULE_V1[shape])
    said = repo.fieldstone("init", "--release")
    assert "declared multiple times" in repo.run("buf", "build", code=100).stderr
    section = yaml.safe_load(said.partition("in buf.yaml read\n\n")[2].partition("\n\n")[0])
    config = repo.yaml("buf.yaml")
    if "modules" in section:
        config.pop("name", None)
    repo.write("buf.yaml", yaml.safe_dump(config | section, sort_keys=False))
    repo.run("buf", "build", "-o", os.devnull)
    repo.run("buf", "lint")
    repo.fieldstone("check")
    assert "registry lies inside" not in repo.fieldstone("init")


@pytest.mark.parametrize("shape", [*WORKSPACES, "v2-schemas"])
def test_advice_about_the_vocabulary_works_as_printed(shape: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", ALL[shape])
    said = repo.fieldstone("init", "--storage")
    advice = re.search(r"add `- (path: )?(\S+)` to (\w+) in (\S+)", said)
    assert advice is not None, said
    is_mapping, path, key, name = advice.groups()
    assert path == ("fieldstone-annotations" if shape == "v2-schemas" else "schemas/fieldstone")
    config = repo.yaml(name)
    config[key].append({"path": path} if is_mapping else path)
    repo.write(name, yaml.safe_dump(config, sort_keys=False))
    repo.run("buf", "lint")
    released = repo.fieldstone("init", "--release")
    assert f"released {path.rpartition('/')[2]} 1.0.0" in released
    assert "annotations`" not in released


def test_the_vocabulary_is_a_module_of_its_own_also_beside_one_at_the_root(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "plain", PLAIN["at-the-root"][0])
    repo.fieldstone("init", "--storage", "--release")
    listed = repo.yaml("buf.yaml")["modules"]
    assert [module["path"] for module in listed] == [".", "schemas/fieldstone"]
    assert sorted(path.name for path in (repo.root / "registry").iterdir() if path.is_dir()) == ["acme", "fieldstone"]
    assert not [*(repo.root / "registry/acme").rglob("annotations.proto")]


@pytest.mark.parametrize("shape", ["v1", "v2-root"])
def test_the_vocabulary_is_refused_inside_another_module_with_a_way_out_that_works(shape: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", MODULE_V1[shape])
    before = repo.digests()
    said = repo.fieldstone("init", "--storage", code=2)
    assert "the annotations need a module of their own" in said
    assert ("buf config migrate" in said) == (shape == "v1")
    assert repo.digests() == before
    if shape == "v1":
        repo.run("buf", "config", "migrate")
    config = repo.yaml("buf.yaml")
    first: dict[str, str] = config.get("modules", [{}])[0]
    name = config.pop("name", "") or first.get("name", "")
    around = {"path": ".", "excludes": ["schemas/fieldstone"], **({"name": name} if name else {})}
    (repo.root / "schemas/fieldstone").mkdir(parents=True)
    repo.write("buf.yaml", yaml.safe_dump(config | {"modules": [around, {"path": "schemas/fieldstone"}]}))
    assert "wrote    schemas/fieldstone/fieldstone/v1/annotations.proto" in repo.fieldstone("init", "--storage")


def test_a_module_that_imports_is_released_after_what_it_imports(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", WORKSPACES["v2-workspace"])
    said = repo.fieldstone("init", "--release")
    assert said.index("released common 1.0.0") < said.index("released weather 1.0.0")


def test_a_second_init_has_nothing_to_do_and_asks_for_nothing(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", two_packages("proto/"))
    first = repo.fieldstone("init", "--release")
    assert "next: run `pre-commit install`" in first
    before = repo.digests()
    again = repo.fieldstone("init", "--release")
    assert repo.digests() == before
    assert "wrote" not in again
    assert "released" not in again.replace("what is released", "")
    assert again.count("next:") == 1


def test_hooks_are_those_that_other_repositories_can_name(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", {})
    repo.fieldstone("init")
    assert repo.yaml(".pre-commit-config.yaml") == local_config()
    repo.run("pre-commit", "validate-config")


def test_hooks_are_printed_where_a_configuration_exists_and_install_as_printed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", {".pre-commit-config.yaml": "repos: []\n"})
    said = repo.fieldstone("init")
    printed = said.partition("add the hooks to .pre-commit-config.yaml:\n\n")[2].partition("\n\n")[0]
    assert yaml.safe_load(printed) == local_config()
    assert all(hook["id"] in printed for hook in HOOKS)
    assert (repo.root / ".pre-commit-config.yaml").read_text() == "repos: []\n"


def test_outside_of_git_it_says_git_init_first(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "plain", {}, git=False)
    assert "run `git init`, then `pre-commit install`" in repo.fieldstone("init", "--release")
    repo.fieldstone("check")


def test_in_a_subfolder_of_a_checkout_no_hooks_are_written(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", two_packages("contracts/proto/"))
    said = repo.fieldstone("init", "contracts")
    assert not (repo.root / "contracts/.pre-commit-config.yaml").exists()
    assert f"pre-commit knows only the configuration in {repo.root}" in said
    repo.run("fieldstone", "check", at="contracts")


def test_an_option_leaves_out_hooks(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", two_packages("proto/"))
    repo.fieldstone("init", "--no-hooks")
    assert repo.digests().keys() - two_packages("proto/").keys() == {
        "buf.yaml",
        "fieldstone.toml",
        "registry/.gitattributes",
    }


def test_what_a_package_breaks_today_is_excepted_and_vendored_files_are_ignored(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", PLAIN["vendored"][0] | {"proto/a.proto": proto("acme", "message x {}\n")})
    repo.fieldstone("init")
    lint = repo.yaml("buf.yaml")["lint"]
    assert lint["ignore"] == ["third_party"]
    assert "PACKAGE_VERSION_SUFFIX" in lint["except"]
    assert "MESSAGE_PASCAL_CASE" not in lint["except"]
    assert '[MESSAGE_PASCAL_CASE]\n"proto/a.proto" = 1\n' in (repo.root / KNOWN_STYLE).read_text()
    assert "delete a line once it is fixed" in (repo.root / "buf.yaml").read_text()


def test_old_faults_of_style_do_not_stop_the_first_release_and_new_ones_are_refused(tmp_path: Path) -> None:
    files = {"proto/buf.yaml": "version: v2\n", "proto/a.proto": proto("a", "message a {}\n\nmessage b {}\n")}
    repo = Repo(tmp_path / "clone", files)
    said = repo.fieldstone("init", "--release")
    assert f"wrote    {KNOWN_STYLE}" in said
    assert re.search(r"^released \S+ 1\.0\.0$", said, re.MULTILINE)
    repo.write("proto/a.proto", files["proto/a.proto"] + "\nmessage c {}\n")
    refused = repo.fieldstone("check", "--format", "concise", code=1)
    assert re.findall(r"proto:(\d+):.+MESSAGE_PASCAL_CASE", refused) == ["9"]
    assert f"kept     {KNOWN_STYLE}" in repo.fieldstone("init")


def test_a_registry_folder_that_is_for_something_else_is_left_alone(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", PLAIN["registry-of-others"][0])
    repo.fieldstone("init", "--release")
    assert 'registry = "schema-registry"' in (repo.root / "fieldstone.toml").read_text()
    assert os.listdir(repo.root / "registry") == ["config.yml"]  # noqa: PTH208 - names are all that matters


CYCLE = {
    "api/p/v1/p.proto": proto("p.v1", "message P {\n  q.v1.Q q = 1;\n}\n", "q/v1/q.proto"),
    "api/p/v1/p2.proto": proto("p.v1", "message P2 {}\n"),
    "lib/q/v1/q.proto": proto("q.v1", "message Q {\n  p.v1.P2 p = 1;\n}\n", "p/v1/p2.proto"),
}
REFUSED: dict[str, tuple[dict[str, str], list[str], str]] = {
    "import that is not there": (
        {"proto/acme/day/v1/day.proto": DAY},
        [],
        r"proto/acme/day/v1/day\.proto imports google/type/date\.proto, which no \.proto file in .+ answers; add",
    ),
    "does not compile": (
        {"proto/a/v1/a.proto": "syntax = ;"},
        [],
        r"cannot make a buf\.yaml .+a\.proto:1:10: unexpected",
    ),
    "the same file twice": (
        {"a/p.proto": proto("p", "message P {}\n"), "b/p.proto": proto("p", "message P {}\n")},
        [],
        r"cannot make a buf\.yaml for .+ \(imports seem to start in a, b\)",
    ),
    "several buf configurations": (
        {"a/buf.yaml": V1, "a/x.proto": WEATHER, "b/buf.yaml": V1, "b/x.proto": COMMON},
        [],
        r'several buf configurations below .+: a, b; join them .+ workspace = "a" to fieldstone\.toml',
    ),
    "no such folder": ({}, ["nowhere"], r"there is no folder .+/nowhere"),
    "a folder of a workspace": (
        {"buf.yaml": "version: v2\n", **two_packages()},
        ["acme"],
        r"clone/acme belongs to the buf workspace .+/clone; run `fieldstone init` there",
    ),
    "below a set-up": (
        {"fieldstone.toml": "", "sub/a.proto": COMMON},
        ["sub"],
        r"Fieldstone is set up in .+/clone already; what .+ says holds here too",
    ),
    "buf.yaml of another age": (
        {"buf.yaml": "version: v1beta1\nbuild:\n  roots: [a]\n"},
        [],
        r"buf\.yaml lists a, and there is no such folder",
    ),
    "circle": (CYCLE, ["--release"], r"modules import each other in a circle: p and q; move"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_one_clear_line(case: str, tmp_path: Path) -> None:
    files, arguments, expected = REFUSED[case]
    repo = Repo(tmp_path / "clone", files)
    before = repo.digests()
    said = repo.fieldstone("init", *arguments, code=2).splitlines()
    assert re.search(rf"\Aerror: .*{expected}", said[-1]), said
    if case != "circle":
        assert len(said) == 1
        assert repo.digests() == before


def test_a_workspace_that_the_settings_name_is_taken(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", {"fieldstone.toml": 'workspace = "a"\n', "a/buf.yaml": V1, "b/buf.yaml": V1})
    repo.write("a/acme/common/v1/common.proto", COMMON.replace("string name", "string Name"))
    repo.fieldstone("init")
    assert '[FIELD_LOWER_SNAKE_CASE]\n"a/acme/common/v1/common.proto" = 1\n' in (repo.root / KNOWN_STYLE).read_text()


def test_nothing_is_left_behind_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", {"proto": "a file where a folder should be", "schemas": "too"})
    before = repo.digests()
    said = repo.fieldstone("init", code=2)
    assert re.search(r"cannot write schemas/clone/clone/v1/clone_v1\.proto in .+; nothing was set up", said)
    assert repo.digests() == before


def test_a_broken_link_is_a_file_that_exists(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", two_packages("proto/"))
    (repo.root / ".pre-commit-config.yaml").symlink_to("elsewhere.yaml")
    assert "kept     .pre-commit-config.yaml" in repo.fieldstone("init")
    assert not (repo.root / "elsewhere.yaml").exists()


@pytest.mark.parametrize("name", ["my-schemas", "2024", "fieldstone", "données"])
def test_any_folder_name_gives_a_module_that_passes(name: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / name, {})
    repo.fieldstone("init", "--release")
    repo.run("buf", "lint")


def test_released_bytes_are_kept_from_conversion_of_line_ends(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone", two_packages("proto/"))
    repo.fieldstone("init", "--release")
    repo.run("git", "-c", "core.autocrlf=true", "add", "--all")
    repo.run("git", "commit", "--quiet", "--message=set up")
    repo.run("git", "-c", "core.autocrlf=true", "clone", "--quiet", ".", str(tmp_path / "windows"))
    registry = tmp_path / "windows" / "registry"
    assert b"\r" not in b"".join(p.read_bytes() for p in registry.rglob("*.proto"))
    shutil.rmtree(repo.root / "registry")
    shutil.copytree(registry, repo.root / "registry")
    assert "sound" in repo.fieldstone("registry", "verify")
