"""The command line as an admin of a registry calls it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldstone.cli import main
from tests.server.running import Ran, Serving

Admin = Callable[..., Ran]


@pytest.fixture
def admin(
    registry: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Admin:
    """`fieldstone registry ...` with a token in FIELDSTONE_TOKEN, the admin's unless another one is given."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, at: str = "", token: str | None = None, option: bool = True) -> Ran:
        monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token if token is None else token)
        where = ["--registry", at or registry.url] if option else []
        monkeypatch.setattr(sys, "argv", ["fieldstone", "registry", *arguments, *where])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    return run
