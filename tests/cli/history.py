"""A repository with tags, whose commits have dates of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.cli.workspace import Repo

PROTO = "proto/acme/v1/a.proto"
CONFIG = "version: v2\nmodules:\n  - path: proto\n    name: buf.build/acme/pets\nlint:\n  use: [MINIMAL]\n"


def proto(*fields: str, package: str = "acme.v1", imports: str = "") -> str:
    """A file with one message of these fields."""
    lines = "".join(f"  {field};\n" for field in fields)
    return f'syntax = "proto3";\n\npackage {package};\n\n{imported(imports)}message Pet {{\n{lines}}}\n'


def imported(path: str) -> str:
    """The import of a file, if one is named."""
    return f'import "{path}";\n\n' if path else ""


@dataclass
class History:
    """A repository in which each commit is made a day after the one before, and tagged."""

    repo: Repo
    day: int = 0

    def commit(self, tag: str, files: Mapping[str, str] | None = None, *, day: int = 0) -> None:
        """Commit the files as they are, with further ones by path, and tag the commit."""
        self.day = day or self.day + 1
        for path, text in (files or {}).items():
            self.repo.write(path, text)
        date = f"2025-01-{self.day:02}T12:00:00+0500"
        dated = replace(self.repo, environment={**self.repo.environment, "GIT_COMMITTER_DATE": date})
        dated.git("add", "--all")
        dated.git("commit", "--quiet", "--allow-empty", "--message", "change")
        dated.git("tag", tag)

    def tagged(self, tag: str, text: str, path: str = PROTO) -> None:
        """Commit a text as a file, and tag the commit."""
        self.commit(tag, {path: text})


def new_history(root: Path, environment: dict[str, str]) -> History:
    """A history without a commit."""
    root.mkdir(parents=True)
    repo = Repo(root, environment)
    repo.git("init", "--quiet", "--template=", "--initial-branch=main")
    repo.git("config", "maintenance.auto", "false")
    return History(repo)
