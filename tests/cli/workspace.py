"""A small buf workspace in a git repository, and the command in it as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldstone.cli import main
from fieldstone.project.project import Project
from fieldstone.workflows.release import release

HERE = Path(__file__).resolve().parents[2]
"""The root of Fieldstone's own repository."""

BUF_YAML = """\
version: v2
modules:
  - path: schemas/money
  - path: schemas/shop
lint:
  use:
    - STANDARD
"""
MONEY = "schemas/money/acme/money/v1/money.proto"
SHOP = "schemas/shop/acme/shop/v1/shop.proto"
SOURCES = {
    "buf.yaml": BUF_YAML,
    MONEY: """\
syntax = "proto3";

package acme.money.v1;

// An amount of money.
message Money {
  // ISO 4217.
  string currency = 1;
  int64 units = 2;
}
""",
    SHOP: """\
syntax = "proto3";

package acme.shop.v1;

import "acme/money/v1/money.proto";

// What somebody ordered.
message Order {
  string id = 1;
  acme.money.v1.Money total = 2;
  Status status = 3;
}

// How far an order is.
enum Status {
  STATUS_UNSPECIFIED = 0;
  STATUS_PAID = 1;
}
""",
}

MANY = 24
"""How many files `many_sources` has: enough for a check to cut out what changed."""
_IMPORTERS = 7


def many(number: int) -> str:
    """The path of a file of `many_sources`."""
    return f"schemas/acme/many/v1/f{number}.proto"


def many_sources() -> dict[str, str]:
    """A module of many files; some have a field of a type of the first, and most of these import it by the second."""
    head = 'syntax = "proto3";\n\npackage acme.many.v1;\n\n'
    files = {many(0): f"{head}message Shared {{\n  string id = 1;\n  int32 old = 9;\n}}\n"}
    for number in range(1, MANY):
        imported = 'import "acme/many/v1/f1.proto";\n\n' if number < _IMPORTERS else ""
        if number == 1:
            imported = 'import public "acme/many/v1/f0.proto";\n\n'
        shared = "  Shared shared = 2;\n" if imported else ""
        files[many(number)] = f"{head}{imported}message M{number} {{\n  string id = 1;\n{shared}}}\n"
    return {"buf.yaml": "version: v2\nmodules:\n  - path: schemas\nlint:\n  use: [MINIMAL]\n", **files}


def waiver(rule: str, subject: str, header: str = "[[waivers]]", **terms: str) -> str:
    """What permits a finding in fieldstone.toml; further keys, or others than by default, as text."""
    given = {"reason": "an old habit", "owner": "ada@example.com", "until": "2999-12-31", **terms}
    keys = {"rule": rule, "subject": subject, **given}
    return f"{header}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.out + self.err
        assert "Fieldstone failed" not in self.err

    @property
    def error(self) -> str:
        """The one line of a job that could not be done."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        return self.err.rstrip("\n")


def pinned_environment(home: Path) -> dict[str, str]:
    """The environment without what a machine or a CI adds to it, and with a git that is nobody's."""
    left_out = ("GIT_", "GITHUB_", "CI_", "FIELDSTONE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "COVERAGE_PROCESS_START"):
        kept.pop(name, None)
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _PERSON.items()}
    pins = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return kept | who | pins | FORGETFUL


FORGETFUL = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsync", "GIT_CONFIG_VALUE_0": "none"}
"""git writes each object to the disk before it goes on; no test outlives a crash of its machine."""

_PERSON = {"NAME": "Ada", "EMAIL": "ada@example.com", "DATE": "2026-01-01T00:00:00Z"}


@dataclass
class Repo:
    """A throw-away git repository, and the command run in it."""

    root: Path
    environment: Mapping[str, str]
    capsys: pytest.CaptureFixture[str] | None = field(default=None, repr=False)

    @property
    def without_bytecode(self) -> dict[str, str]:
        """The environment for a process that may not write as it likes: Python itself would leave half of a file."""
        return {**self.environment, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *args: str, cwd: str | Path = ".", env: Mapping[str, str] | None = None) -> Ran:
        """Call the command in this process."""
        assert self.capsys is not None
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root / cwd)
            patch.setattr(sys, "argv", ["fieldstone", *args])
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    def spawn(self, *args: str, cwd: str | Path = ".", env: Mapping[str, str] | None = None) -> Ran:
        """Run the installed command in a process of its own."""
        process = self.start(*args, cwd=cwd, env=env)
        out, err = process.communicate()
        return Ran(process.returncode, out, err)

    def start(
        self, *args: str, cwd: str | Path = ".", env: Mapping[str, str] | None = None, stdin: int | None = None
    ) -> subprocess.Popen[str]:
        """Start the installed command in a process of its own."""
        command = Path(sys.executable).with_name("fieldstone")
        return subprocess.Popen(
            [command, *args],
            cwd=self.root / cwd,
            env={**self.environment, **(env or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def git(self, *args: str, stdin: str | None = None) -> str:
        """Run git in the repository."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            input=stdin,
        )
        return done.stdout

    def commit(self, message: str = "change") -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.root / path).read_text("utf-8")

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file, its folder with it."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that stands once in a file."""
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def settings(self, text: str) -> None:
        """Write fieldstone.toml."""
        self.write("fieldstone.toml", text)

    def release(self, module: str, *args: str) -> Ran:
        """Release a module, and see that it was."""
        ran = self.run("release", module, *args)
        assert ran.code == 0, ran
        assert f"Released {module} " in ran.out, ran
        return ran

    def snapshot(self, folder: str = "registry") -> dict[str, bytes]:
        """Every file below a folder, temporary ones too, but not the cache."""
        top = self.root / folder
        files = (path for path in top.rglob("*") if path.is_file() and ".fieldstone" not in path.parts)
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in files}


def release_on(repo: Repo, days: int, name: str = "shop") -> str:
    """Release a module as on a day so many days from today, and commit that; the version."""
    at = datetime.combine(datetime.now(UTC).date() + timedelta(days), datetime.min.time(), UTC)
    outcome = release(Project.at(repo.root), name, now=at)
    assert outcome.release is not None, outcome
    repo.commit(f"release {name}")
    return outcome.release.version


def new_repo(root: Path, files: Mapping[str, str], environment: Mapping[str, str]) -> Repo:
    """A git repository of these files, with one commit."""
    repo = Repo(root, environment)
    for path, text in files.items():
        repo.write(path, text)
    repo.git("init", "--quiet", "--template=", "--initial-branch=main")
    repo.git("config", "maintenance.auto", "false")
    repo.commit("schemas")
    return repo


def as_template(repo: Repo) -> Repo:
    """The same repository with its git objects in one file, so that copying it takes little."""
    repo.git("gc", "--quiet", "--prune=now")
    return repo


def copy_repo(template: Repo, to: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """The same repository in another place."""
    shutil.copytree(template.root, to, symlinks=True)
    return Repo(to, template.environment, capsys)
