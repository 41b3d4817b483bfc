"""People who release to a registry whose servers come and go: each tries again until it was acknowledged."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.running import LONGEST, Buf, Ran, Serving

_ATTEMPTS = 60
_PASSING = re.compile(
    r"unavailable|does not answer|answered 50\d|EOF|connection re(set|fused)|server closed|was faster"
    r"|was released meanwhile|exists already|broken pipe|[Dd]isconnected|not judged within|aborted",
)
"""What a program says if a server or the database went away, or if another writer was faster."""
_NOTHING_YET = re.compile(r"in this registry|has no commits|no release")
"""What `buf export` says before the first release."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A release that a writer was told of.

    Attributes:
        module: the module.
        field: the name of the field that it added.
        commit: its commit, if the program names one.
    """

    module: str
    field: str
    commit: str = ""


@dataclass
class Writer(ABC):
    """Adds one field after the other to a file of its own, and releases each.

    Attributes:
        name: its name, and that of its file.
        module: the module that it releases, perhaps with others.
        buf: its stock buf, signed in, with a folder of its own.
        interrupted: the attempts that failed because somebody or something else was in the way.
    """

    name: str
    module: str
    buf: Buf
    interrupted: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.buf.module(self.module, {})

    def release(self) -> Acknowledged:
        """Add a field, and release it."""
        self.fields.append(f"{self.name}_{len(self.fields) + 1}")
        for _ in range(_ATTEMPTS):
            problem = self._prepared() or self._sent()
            if isinstance(problem, Acknowledged):
                return problem
            self.interrupted.append(problem)
            time.sleep(0.1)
        raise AssertionError(f"{self.name} was not acknowledged: {self.interrupted[-3:]}")

    @property
    def folder(self) -> Path:
        """The folder of the module."""
        return self.buf.home / self.module

    def _prepared(self) -> str:
        """Take over what others released, and write the own file; the problem, if it cannot be done now."""
        if found := self._others():
            return found
        target = self.folder / f"acme/{self.module}/v1/{self.name}.proto"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source(self.module, self.name, self.fields), "utf-8")
        return ""

    def _others(self) -> str:
        """Export the newest release, if there is one; the problem, if it cannot be done now."""
        got = self.buf("export", f"{self.buf.registry.host}/acme/{self.module}", "-o", self.module)
        return "" if got.code == 0 or _NOTHING_YET.search(got.err) else passing(got)

    @abstractmethod
    def _sent(self) -> Acknowledged | str:
        """Release the module; what was acknowledged, or the problem."""


class BufWriter(Writer):
    """With `buf push`."""

    def _sent(self) -> Acknowledged | str:
        pushed = self.buf("push", "--create", cwd=self.module)
        if pushed.code == 0:
            return Acknowledged(self.module, self.fields[-1], pushed.out.strip().rpartition(":")[2])
        return "others were faster" if self._lacks_others(pushed) else passing(pushed)

    def _lacks_others(self, pushed: Ran) -> bool:
        """Whether the push would remove what another writer released meanwhile."""
        removed = re.findall(r"error\[[a-z-]+\]: (.*)", pushed.err)
        return bool(removed) and not any(f"`{self.name}" in line for line in removed)


class FieldstoneWriter(Writer):
    """With `fieldstone release`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        (self.folder / "fieldstone.toml").write_text(f'registry = "{self.buf.registry.url}"\n', "utf-8")
        subprocess.run(["git", "init", "--quiet", "."], cwd=self.folder, check=True)

    def _sent(self) -> Acknowledged | str:
        released = fieldstone(self.buf.registry, self.folder, "release", self.module, "--no-cache")
        if released.code == 0:
            return Acknowledged(self.module, self.fields[-1])
        return "others were faster" if released.code == 1 else passing(released)


def source(module: str, name: str, fields: list[str]) -> str:
    """A file with a message of these fields."""
    lines = "".join(f"  string {field} = {number};\n" for number, field in enumerate(fields, 1))
    return f'syntax = "proto3";\n\npackage acme.{module}.v1;\n\nmessage {name.capitalize()} {{\n{lines}}}\n'


def fieldstone(served: Serving, folder: Path, *arguments: str, seconds: float = 5 * LONGEST) -> Ran:
    """Run Fieldstone as the admin, for so many seconds at most."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("fieldstone")), *arguments],
        cwd=folder,
        env={**os.environ, "FIELDSTONE_TOKEN": served.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def passing(ran: Ran) -> str:
    """The error of a program, which must be one that passes."""
    assert _PASSING.search(ran.err), ran
    return ran.err.strip()
