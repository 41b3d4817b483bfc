"""Repositories for the tests that hold a check of what changed against one of everything."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from fieldstone.checking.options import CheckOptions
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.report import render
from fieldstone.workflows.check import check
from fieldstone.workflows.release import release
from tests.cli.workspace import Repo, as_template, new_repo, pinned_environment


def released(root: Path, files: Mapping[str, str], *modules: str, rule: str = "SYNTAX_SPECIFIED") -> Repo:
    """A repository of these modules, each released, with one rule of style."""
    listed = "".join(f"  - path: {name}\n" for name in modules)
    buf_yaml = f"version: v2\nmodules:\n{listed}lint:\n  use: [{rule}]\n"
    template = _template(root.parent, modules, tuple({"buf.yaml": buf_yaml, **files}.items()))
    shutil.copytree(template.root, root / "repo")
    return Repo(root / "repo", pinned_environment(root))


@cache
def _template(base: Path, modules: tuple[str, ...], files: tuple[tuple[str, str], ...]) -> Repo:
    """The repository that all tests with these files copy."""
    root = Path(tempfile.mkdtemp(prefix="released", dir=base))
    made = new_repo(root / "repo", dict(files), pinned_environment(root))
    for name in modules:
        assert release(Project.at(made.root), name).release
    return as_template(made)


def judged(root: Path, *names: str, full: bool, second_opinion: bool = True) -> str:
    """What a check says; how it failed where it could not be done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        try:
            options = CheckOptions(second_opinion=second_opinion)
            report = check(Project.at(root), names, full=full, options=options).report
        except FieldstoneError as error:
            return f"error: {error}"
        return render(report, "json", read=lambda _: []) + repr(report)


def told(report: str) -> str:
    """A report to compare: how much more does not compile, and one of several names or cycles, buf tells at random."""
    if report.startswith("{") and '"judged": false' in report:
        return "\n".join(re.findall(r'"(?:module|judged)": .+', report))
    if not report.startswith("error: "):
        return re.sub(r"(Package import cycle): [\w.> -]+", r"\1", report)
    said = report.partition(" does not compile: ")[0]
    return re.sub(r'file "\S+" has a name conflict over \S+', "a name conflict", said)
