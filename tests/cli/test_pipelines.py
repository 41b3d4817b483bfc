"""The action, the GitLab component and the image: their commands run here; the rest is held to schemas and a linter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.workspace import HERE, SHOP, Repo, copy_repo

BIN = Path(sys.executable).parent
COMPONENT = HERE / "templates/check.yml"
SOURCE = "fieldstone @ git+https://git.example.com/acme/fieldstone@v0.1.0"
PULL = {"GITHUB_ACTIONS": "true", "EVENT": "pull_request", "BEFORE": "", "ARGUMENTS": ""}


def program(name: str) -> str:
    """A linter of the development environment."""
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is not installed: make setup"
    return found


def lint(*command: str | Path) -> None:
    done = subprocess.run([program(str(command[0])), *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def steps() -> dict[str, dict[str, Any]]:
    """The steps of the action that run commands, by name."""
    found = yaml.safe_load((HERE / "action.yml").read_text())["runs"]["steps"]
    return {step["name"]: step for step in found if "run" in step}


def bash(script: str, repo: Repo, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repo.root,
        env={**repo.environment, "PATH": f"{BIN}{os.pathsep}{repo.environment['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def clone(released: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """A clone whose branch `change` has a break, as a pipeline has it."""
    cloned = copy_repo(released, tmp_path / "clone", capsys)
    cloned.git("remote", "add", "origin", str(released.root))
    cloned.git("fetch", "--quiet", "origin")
    cloned.git("checkout", "--quiet", "-b", "change")
    cloned.edit(SHOP, "  string id = 1;", "  bytes id = 1;")
    cloned.commit("break")
    return cloned


def test_the_action_judges_pull_requests_and_pushes(clone: Repo) -> None:
    check = steps()["Check the schemas"]
    assert check["env"].keys() == {"ARGUMENTS", "EVENT", "BEFORE"}
    before = clone.git("rev-parse", "HEAD~1").strip()
    for environment, code in (
        ({**PULL, "GITHUB_BASE_REF": "main"}, 1),
        ({**PULL, "GITHUB_BASE_REF": "main", "ARGUMENTS": "money --no-second-opinion --no-witness"}, 0),
        ({**PULL, "EVENT": "merge_group", "BEFORE": before, "ARGUMENTS": "--format concise"}, 1),
        ({**PULL, "EVENT": "push", "BEFORE": "0" * 40}, 1),
    ):
        done = bash(check["run"], clone, **environment)
        assert done.returncode == code, (environment, done.stdout, done.stderr)
        is_annotated = "ARGUMENTS" in environment and not environment["ARGUMENTS"] and code
        assert done.stdout.startswith("::error ") or not is_annotated, done.stdout
        assert ("policy" in done.stderr.lower()) == bool(
            environment["BEFORE"].strip("0") or "GITHUB_BASE_REF" in environment
        )


def test_no_input_of_a_caller_is_part_of_a_script() -> None:
    assert all("${{" not in step["run"] for step in steps().values())


def component() -> Mapping[str, Any]:
    """The job of the component, with its inputs at their defaults."""
    spec, job = COMPONENT.read_text().split("\n---\n")
    inputs = yaml.safe_load(spec)["spec"]["inputs"]
    filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: str(inputs[found[1]].get("default", SOURCE)), job)
    found: Mapping[str, Any] = yaml.safe_load(filled)["fieldstone-check"]
    return found


def test_the_component_writes_the_report_that_it_names(clone: Repo) -> None:
    install, *commands = component()["script"]
    assert install.startswith("python -m pip install ")
    base = clone.git("rev-parse", "origin/main").strip()
    done = bash("\n".join(commands), clone, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 1, done.stderr
    assert "field-type-changed" in clone.read(component()["artifacts"]["reports"]["junit"])


def test_schemas_and_linters_pass(tmp_path: Path) -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", HERE / "action.yml")
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", HERE / ".github/workflows/ci.yml")
    job = tmp_path / "job.yml"
    job.write_text(yaml.safe_dump({"fieldstone-check": component()}))
    lint("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", job)
    lint("hadolint", HERE / "Dockerfile")


def test_the_image_copies_all_that_its_wheel_takes(tmp_path: Path) -> None:
    context = tmp_path / "context"
    for line in re.findall(r"^COPY (.*)$", (HERE / "Dockerfile").read_text(), re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            to = context / (source if target == "./" else target)
            to.parent.mkdir(parents=True, exist_ok=True)
            if (HERE / source).is_dir():
                shutil.copytree(HERE / source, to, symlinks=True)
            else:
                shutil.copy(HERE / source, to)
    built = [_wheel(folder, tmp_path / name) for folder, name in ((context, "copied"), (HERE, "whole"))]
    assert built[0] == built[1]
    assert any(name.endswith(".data/scripts/buf-plugin-fieldstone") for name in built[0])


def _wheel(folder: Path, out: Path) -> list[str]:
    """The names in the wheel of a folder, without what Python leaves beside sources."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("*.whl")
    return sorted(name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" not in name)


@pytest.mark.installs
@pytest.mark.timeout(300)
def test_the_action_installs_the_version_of_the_action(released: Repo, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    path = f"{tmp_path / 'venv/bin'}{os.pathsep}{os.environ['PATH']}"
    done = bash(steps()["Install Fieldstone"]["run"], released, SOURCE=str(HERE), PATH=path, PYTHONPATH="")
    assert done.returncode == 0, done.stderr
    done = bash("fieldstone check && buf-plugin-fieldstone --protocol", released, PATH=path, PYTHONPATH="")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    done = bash("fieldstone generate", released, PATH=path, PYTHONPATH="")
    assert f"install it: `pip install '{HERE}[generate]'`" in done.stderr
