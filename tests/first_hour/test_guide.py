"""The guide docs/how-to/adopting.md: its console blocks are run in a repository, in order, and print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.workspace import HERE, Repo, new_repo
from tests.first_hour.shapes import DATE

GUIDE = HERE / "docs" / "how-to" / "adopting.md"
REPORT = "proto/acme/weather/v1/report.proto"
FIELDS = ("string id = 1;", "google.type.Date day = 2;", "string stationName = 3;")
BUF_YAML = """\
version: v2
modules:
  - path: proto
  - path: third_party/googleapis
lint:
  use: [STANDARD]
breaking:
  use: [WIRE_JSON]
"""


def report(fields: int) -> str:
    """The schema with its first fields."""
    lines = "".join(f"  {field}\n" for field in FIELDS[:fields])
    head = 'syntax = "proto3";\n\npackage acme.weather.v1;\n\nimport "google/type/date.proto";\n\n'
    return f"{head}// What a station measured.\nmessage Report {{\n{lines}}}\n"


def weather(root: Path, environment: Mapping[str, str]) -> Repo:
    """The repository of the guide: a module with a fault of style, a copy of googleapis, and two tags."""
    files = {"buf.yaml": BUF_YAML, REPORT: report(2), "third_party/googleapis/google/type/date.proto": DATE}
    repo = new_repo(root, files, environment)
    repo.git("remote", "add", "origin", "https://git.example.com/acme/weather.git")
    repo.git("tag", "v1.0.0")
    repo.write(REPORT, report(3))
    repo.commit("name the station")
    repo.git("tag", "v1.1.0")
    return repo


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The commands of the console blocks with the output that each shows."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            last = next(n for n, line in enumerate(lines) if not line.endswith("\\"))
            yield "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :])


def said(command: str, repo: Repo) -> str:
    """Everything that a command of the guide prints."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{repo.environment['PATH']}"
    environment = {**repo.environment, "PATH": programs, "COLUMNS": "120"}
    done = subprocess.run(  # noqa: S602
        command,
        shell=True,
        cwd=repo.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.replace(str(repo.root.parent), "/home/you")


@pytest.mark.slow
def test_the_guide_shows_what_the_commands_print(tmp_path: Path, environment: Mapping[str, str]) -> None:
    repo = weather(tmp_path / "weather", environment)
    shown = [*blocks(GUIDE.read_text("utf-8"))]
    assert len(shown) > 10
    for command, expected in shown:
        assert said(command, repo).rstrip() == expected.rstrip(), command


def test_a_first_release_can_make_way_for_the_tags(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = weather(tmp_path / "weather", environment)
    repo.capsys = capsys
    monkeypatch.chdir(repo.root)
    ran = repo.run("init", "--release")
    assert ran.code == 0
    assert "can become releases" not in ran.err
    (folder, command) = re.findall(r"without the tags v\*; .* delete (\S+) before .* run `(.*)`", ran.err)[0]
    shutil.rmtree(folder)
    ran = repo.run(*shlex.split(command)[1:])
    assert (ran.code, ran.out) == (0, "v1.0.0  1.0.0  first\nv1.1.0  1.1.0  minor\n")
    assert "begins without" not in repo.run("init").err
