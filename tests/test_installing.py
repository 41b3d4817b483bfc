"""The install commands in messages, for each way in which Fieldstone may have been installed."""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fieldstone import installing

ROOT = Path(__file__).resolve().parent.parent
GIT = {
    "url": "https://git.example.com/acme/fieldstone",
    "vcs_info": {"vcs": "git", "requested_revision": "v0.1.0", "commit_id": "0" * 40},
}
FIELD = "/home/ada/field stone"
FOLDER = {"url": "file:///home/ada/field%20stone", "dir_info": {}}
EDITABLE = {"url": "file:///home/ada/fieldstone", "dir_info": {"editable": True}}
ARCHIVE = {"url": "https://example.com/fieldstone-0.1.0.tar.gz", "archive_info": {}}
BELOW = "#subdirectory=packages/fieldstone-runtime"
FROM_GIT = "@ git+https://git.example.com/acme/fieldstone@v0.1.0"


@pytest.mark.parametrize(
    ("marker", "origin", "commands"),
    [
        (
            "",
            None,
            (
                "pip install 'fieldstone[serve]'",
                "pip install buf-bin",
                "pip install 'fieldstone-runtime[kafka]'",
            ),
        ),
        (
            "",
            GIT,
            (
                f"pip install 'fieldstone[serve] {FROM_GIT}'",
                "pip install buf-bin",
                f"pip install 'fieldstone-runtime[kafka] {FROM_GIT}{BELOW}'",
            ),
        ),
        (
            "pipx_metadata.json",
            GIT,
            (
                f"pipx install --force 'fieldstone[serve] {FROM_GIT}'",
                "pipx inject fieldstone buf-bin",
                f"pipx inject fieldstone 'fieldstone-runtime[kafka] {FROM_GIT}{BELOW}'",
            ),
        ),
        (
            "uv-receipt.toml",
            FOLDER,
            (
                "uv tool install --force '/home/ada/field stone[serve]'",
                "uv tool install --force --with buf-bin '/home/ada/field stone'",
                f"uv tool install --force --with '{FIELD}/packages/fieldstone-runtime[kafka]' '{FIELD}'",
            ),
        ),
        (
            "",
            EDITABLE,
            (
                "pip install -e '/home/ada/fieldstone[serve]'",
                "pip install buf-bin",
                "pip install -e '/home/ada/fieldstone/packages/fieldstone-runtime[kafka]'",
            ),
        ),
        (
            "pipx_metadata.json",
            ARCHIVE,
            (
                "pipx install --force 'fieldstone[serve] @ https://example.com/fieldstone-0.1.0.tar.gz'",
                "pipx inject fieldstone buf-bin",
                "pipx inject fieldstone 'fieldstone-runtime[kafka]'",
            ),
        ),
    ],
)
def test_the_command_is_that_of_the_installer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    marker: str,
    origin: dict[str, Any] | None,
    commands: tuple[str, str, str],
) -> None:
    if marker:
        (tmp_path / marker).touch()
    recorded = SimpleNamespace(read_text=lambda _name: json.dumps(origin) if origin else None)
    monkeypatch.setattr(metadata, "distribution", lambda _name: recorded)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(installing, "find_spec", lambda _name: object())
    given = installing.with_extra("serve"), installing.beside("buf-bin")
    assert (*given, installing.beside("fieldstone-runtime", "kafka")) == commands
    if not marker:
        monkeypatch.setattr(installing, "find_spec", lambda _name: None)
        assert installing.with_extra("serve").startswith(f"uv pip install --python {sys.executable} ")


def test_no_page_installs_a_name_that_nobody_registered() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "action.yml", *ROOT.glob("docs/**/*.md")]
    pages += [*ROOT.glob("editors/*/*.md"), *ROOT.glob("editors/*/*.js")]
    pages += [*ROOT.glob("templates/*.yml"), ROOT / "Dockerfile", *ROOT.glob("src/fieldstone/workflows/setup/*.py")]
    bare = re.compile(
        r"(?:pip|pipx|uv tool|uv pip) install (?:-\S+ )*[\"']?fieldstone(?:-runtime)?+(?:\[[\w,]+\])?+(?! @)"
    )
    found = [f"{page.name}: {line}" for page in pages for line in page.read_text().splitlines() if bare.search(line)]
    assert found == []
