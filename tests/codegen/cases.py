"""Golden cases: `tests/cases/<case>` holds the sources of each release, and what is generated from the last.

A case is a folder: `1.0.0/`, `1.1.0/`, ... each with the module's sources as they were released, perhaps
`records/` with the application's classes, and `expected/`, the generated folder. To make or renew
`expected`: `UPDATE_GOLDEN=1 make test PYTEST_ARGS="-k cases"`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import google.type.money_pb2  # type: ignore[import-untyped]
from semver import Version

from fieldstone.project.project import Project
from fieldstone.workflows.release import release

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"


def case_names() -> list[str]:
    """The cases there are."""
    return sorted(folder.name for folder in CASES.iterdir() if (folder / "1.0.0").is_dir())


def build_case(name: str, into: Path, *, newest: str = "") -> Project:
    """A repository in which every version of a case, up to `newest`, was released; the last is in the working tree."""
    case = CASES / name
    paths = ["imports/fieldstone", "imports/google", f"schemas/{name}"]
    listed = "".join(f"  - path: {path}\n" for path in paths)
    into.joinpath("buf.yaml").write_text(f"version: v2\nmodules:\n{listed}lint:\n  ignore:\n    - imports/google\n")
    into.joinpath("fieldstone.toml").write_text('[generate]\nrecord-paths = ["records"]\n')
    shutil.copytree(ROOT / "schemas" / "fieldstone", into / "imports" / "fieldstone")
    common = Path(google.type.money_pb2.__file__).parent
    shutil.copytree(common, into / "imports/google/google/type", ignore=shutil.ignore_patterns("*.py*", "__pycache__"))
    if (case / "records").is_dir():
        shutil.copytree(case / "records", into / "records")
    versions = sorted(Version.parse(folder.name) for folder in case.iterdir() if folder.name[0].isdigit())
    for version in versions[: versions.index(Version.parse(newest)) + 1 if newest else None]:
        shutil.rmtree(into / "schemas" / name, ignore_errors=True)
        shutil.copytree(case / str(version), into / "schemas" / name)
        if version == versions[0]:
            for module in ("fieldstone", "google"):
                release(Project.at(into), module, version="1.0.0")
        outcome = release(Project.at(into), name, version=str(version))
        assert outcome.release is not None, (outcome.refused, outcome.report)
    return Project.at(into)
