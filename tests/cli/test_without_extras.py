"""Commands for everybody work where Fieldstone is installed without its extras, as pre-commit does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.test_consumers import TOTAL, declare
from tests.cli.workspace import Repo

ALONE = """
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"hatchling", "jinja2", "joserfc", "lsprotocol", "mypy", "prometheus_client",
                                      "psycopg", "pygls", "sqlalchemy", "starlette", "uvicorn"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NotInstalled())
from fieldstone.cli import main
main()
"""
"""The command line of an environment that has the required dependencies alone."""

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("check", "unchanged since 1.0.0"),
        ("check --since HEAD", "unchanged since 1.0.0"),
        ("check --full --format json", '"modules"'),
        ("registry verify", "sound"),
        ("impact", "breaks no known consumer"),
        (f"can-i-remove {TOTAL}", "blocked"),
        ("can-i-deploy billing@1.0 --env production", "unknown"),
        ("uses deployed billing@1.0 --env production", "billing 1.0"),
        ("propose shop", "in a folder, the pull request is the proposal"),
        (f"proposal list --registry {NOWHERE}", "does not answer"),
        ("diff shop 1.0.0", "shop"),
        (
            "waive field-removed acme.shop.v1.Order.total --owner x@example.com --reason x --until 2999-01-01",
            "field-removed",
        ),
        ("explain field-removed", "field-removed"),
    ],
)
def test_a_command(released: Repo, command: str, said: str) -> None:
    declare(released, "billing", TOTAL)
    released.commit("consumer")
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *command.split()],
        cwd=released.root,
        env=released.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout + done.stderr
    assert "ModuleNotFoundError" not in done.stderr
