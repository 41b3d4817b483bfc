"""A repository of another team, and Fieldstone's own as the source of its hooks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
REV = "v0.1.0"
SCHEMA = "proto/acme/weather/v1/weather.proto"
NAME = "acme-weather"
"""The module's name, from its package."""
_SOURCES = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "src", "schemas")
_PLACES = 'syntax = "proto3";\n\npackage acme.weather.v1;\n\nmessage Place {\n  string name = 1;\n}\n'
_WEATHER = """\
syntax = "proto3";

package acme.weather.v1;

// What a station saw.
message Report {
  string id = 1;
  double temperature = 2;
}
"""


@dataclass(frozen=True)
class Consumer:
    """A git repository with released schemas and hooks installed.

    Attributes:
        root: its folder.
        environment: what every command in it runs under.
    """

    root: Path
    environment: dict[str, str]

    def run(self, *command: str, code: int | None = 0) -> str:
        """Run a command and give all that it said; `code` None is any."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert code in {None, done.returncode}, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def commit(self, message: str, *, code: int = 0) -> str:
        """Stage everything and commit, hooks and all."""
        self.run("git", "add", "--all")
        return self.run("git", "commit", "--message", message, code=code)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that is there."""
        text = (self.root / path).read_text()
        assert old in text
        (self.root / path).write_text(text.replace(old, new))

    def commits(self) -> list[str]:
        """The subjects of all commits, newest first."""
        return self.run("git", "log", "--format=%s").splitlines()


def environment(cache: Path, *, with_fieldstone: bool) -> dict[str, str]:
    """The environment of a person who has git and pre-commit, and Fieldstone where a hook asks for it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "COV_"))}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}" if with_fieldstone else os.environ["PATH"]
    person = {f"GIT_{who}_{what}": f"someone@{who}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GITHUB_ACTIONS": "", "PRE_COMMIT_COLOR": "never", "NO_COLOR": "1"}
    return clean | person | plain | {"PATH": path, "PRE_COMMIT_HOME": str(cache)}


def make_hook_source(root: Path, environment: dict[str, str]) -> None:
    """A git repository with what Fieldstone's wheel is built from, tagged as a release."""
    root.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy(ROOT / name, root)
    source = Consumer(root, environment)
    source.run("git", "init", "--quiet")
    source.run("git", "add", "--all")
    source.run("git", "commit", "--quiet", "--message", "release")
    source.run("git", "tag", REV)


def make_consumer(root: Path, config: str, environment: dict[str, str]) -> Consumer:
    """A repository that adopted Fieldstone, released its schemas and installed its hooks.

    Args:
        root: its folder.
        config: the .pre-commit-config.yaml; empty for the one that `fieldstone init` writes.
        environment: what its commands run under.
    """
    consumer = Consumer(root, environment)
    (root / SCHEMA).parent.mkdir(parents=True)
    (root / SCHEMA).write_text(_WEATHER)
    (root / SCHEMA).with_name("place.proto").write_text(_PLACES)
    if config:
        (root / ".pre-commit-config.yaml").write_text(config)
    consumer.run("git", "init", "--quiet")
    consumer.run(str(BIN / "fieldstone"), "init", "--release")
    consumer.run(str(BIN / "pre-commit"), "install")
    said = consumer.commit("adopt Fieldstone")
    assert said.count("Passed") == 2, said
    return consumer
