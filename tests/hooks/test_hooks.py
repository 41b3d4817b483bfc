from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.workflows.setup.hooks import FORMAT, GENERATE, HOOKS, local_config, manifest

ROOT = Path(__file__).parents[2]


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_other_repositories_are_offered_the_hooks_that_init_writes() -> None:
    assert _read(".pre-commit-hooks.yaml") == manifest()


def test_this_repository_uses_its_own_hooks_from_its_environment() -> None:
    (mine,) = _read(".pre-commit-config.yaml")["repos"]
    (expected,) = local_config(prefix=".venv/bin/", generated=True)["repos"]
    ours = expected["hooks"]
    assert mine["hooks"][: len(ours)] == ours
    assert [hook["id"] for hook in mine["hooks"][len(ours) :]] == ["ruff-format", "ruff-check"]


@pytest.mark.parametrize("hook", [*HOOKS, GENERATE], ids=lambda hook: str(hook["id"]))
def test_a_hook_is_one_line_that_calls_the_command(hook: dict[str, Any]) -> None:
    assert hook["entry"].startswith("fieldstone ")
    assert hook["pass_filenames"] is (hook["id"] == FORMAT)
    assert hook["require_serial"] is True
    assert hook["stages"] == ["pre-commit"]


def test_what_judges_also_runs_where_files_are_only_deleted() -> None:
    always = {hook["id"] for hook in (*HOOKS, GENERATE) if hook.get("always_run")}
    assert always == {"fieldstone-check", "fieldstone-generate"}
