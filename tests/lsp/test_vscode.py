"""The extension for VS Code: it is packaged as its README says."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.cli.workspace import HERE

_EXTENSION = HERE / "editors" / "vscode"


@pytest.mark.installs
@pytest.mark.timeout(600)
def test_extension_is_packaged(tmp_path: Path) -> None:
    folder = tmp_path / "vscode"
    shutil.copytree(_EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "*.vsix"))
    for command in (["npm", "ci"], ["npm", "run", "package"], ["node", "--check", "extension.js"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    (packaged,) = folder.glob("*.vsix")
    names = zipfile.ZipFile(packaged).namelist()
    assert "extension/extension.js" in names
    assert "extension/node_modules/vscode-languageclient/lib/node/main.js" in names


def test_extension_starts_our_command() -> None:
    manifest = json.loads((_EXTENSION / "package.json").read_text())
    assert manifest["contributes"]["configuration"]["properties"]["fieldstone.command"]["default"] == [
        "fieldstone",
        "lsp",
    ]
    assert (_EXTENSION / manifest["main"]).is_file()
    assert f"{manifest['name']}-{manifest['version']}.vsix" in (_EXTENSION / "README.md").read_text()
    assert "resolved" not in (_EXTENSION / "package-lock.json").read_text(), "the lock names no registry"
