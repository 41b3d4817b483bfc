"""The programs that install from an index, as a user runs them, without anything that the machine sets for them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.index.makers import node_tool

_SETTINGS = ("PIP_", "UV_", "NPM_", "npm_", "POETRY_", "FIELDSTONE_", "PYTHON", "VIRTUAL_ENV", "NETRC")


@dataclass(frozen=True, slots=True)
class Done:
    """What a program came to."""

    code: int
    said: str


def plain_environment(home: Path) -> dict[str, str]:
    """The environment without settings of these programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    pins = {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "NO_COLOR": "1"}
    return {**kept, **pins, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Clients:
    """The programs, in a folder of their own each time.

    Attributes:
        scratch: an empty folder.
    """

    scratch: Path

    def pip(self, index: str, *names: str, into: str = "pip") -> Done:
        """`pip install` into a folder."""
        options: list[str | Path] = [
            "--no-cache-dir",
            "--no-input",
            "--disable-pip-version-check",
            "--index-url",
            index,
        ]
        return self._run(sys.executable, "-m", "pip", "install", *options, "--target", self.scratch / into, *names)

    def uv(self, index: str, *names: str, into: str = "uv", options: tuple[str, ...] = ()) -> Done:
        """`uv pip install` into a folder."""
        where: list[str | Path] = [
            "--no-cache",
            "--default-index",
            index,
            "--python",
            sys.executable,
            "--target",
            self.scratch / into,
        ]
        return self._run(Path(sys.executable).with_name("uv"), "pip", "install", *where, *options, *names)

    def npm(self, npmrc: str, *names: str, environment: Mapping[str, str] | None = None) -> Done:
        """`npm install` into the folder `npm`."""
        folder = self.scratch / "npm"
        folder.mkdir(exist_ok=True)
        folder.joinpath("package.json").write_text('{"name": "consumer", "version": "1.0.0"}')
        folder.joinpath(".npmrc").write_text(npmrc)
        options: list[str | Path] = [
            "--no-fund",
            "--no-update-notifier",
            "--cache",
            self.scratch / "npm-cache",
            "--userconfig",
            os.devnull,
        ]
        return self._run(*node_tool("npm"), "install", *options, *names, cwd=folder, environment=environment)

    def poetry_lock(self, index: str, *requirements: str, environment: Mapping[str, str] | None = None) -> Done:
        """`poetry lock` in the folder `poetry`, with the index as the source `acme`."""
        folder = self.scratch / "poetry"
        folder.mkdir(exist_ok=True)
        folder.joinpath("pyproject.toml").write_text(
            f'[project]\nname = "consumer"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f"dependencies = {list(requirements)}\n[tool.poetry]\npackage-mode = false\n"
            f'[[tool.poetry.source]]\nname = "acme"\nurl = "{index}"\npriority = "primary"\n'
        )
        own = {
            "POETRY_CACHE_DIR": str(self.scratch / "poetry-cache"),
            "POETRY_CONFIG_DIR": str(self.scratch / "poetry-config"),
            "POETRY_KEYRING_ENABLED": "false",
        }
        command = [sys.executable, "-m", "poetry", "lock", "--no-interaction", "--no-ansi"]
        return self._run(*command, cwd=folder, environment={**own, **(environment or {})})

    def python(self, code: str, *, path: str) -> str:
        """What Python prints with what was installed into a folder."""
        done = self._run(sys.executable, "-c", code, environment={"PYTHONPATH": str(self.scratch / path)})
        assert done.code == 0, done.said
        return done.said.strip()

    def node(self, code: str) -> str:
        """What node prints with what npm installed."""
        done = self._run(node_tool("npm")[0], "-e", code, cwd=self.scratch / "npm")
        assert done.code == 0, done.said
        return done.said.strip()

    def _run(self, *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Done:
        done = subprocess.run(
            command,
            cwd=cwd or self.scratch,
            env={**plain_environment(self.scratch), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=100,
        )
        return Done(done.returncode, done.stdout)
