"""The worked example of docs/how-to/existing-class.md: its files are written to disk, generated from, and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from fieldstone.project.project import Project
from fieldstone.workflows.generate import generate
from tests.codegen.cases import ROOT
from tests.schema.files import write_files

_BLOCK = re.compile(r"^```(?:python|proto)\n(?:#|//) (\S+\.(?:py|proto))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = {
    "buf.yaml": "version: v2\nmodules:\n  - path: annotations\n  - path: steps\n",
    "fieldstone.toml": '[generate]\nrecord-paths = ["."]\n',
}


def test_the_existing_class(tmp_path: Path) -> None:
    files = dict(_BLOCK.findall((ROOT / "docs/how-to/existing-class.md").read_text("utf-8")))
    assert sorted(files) == ["lab/codecs.py", "lab/steps.py", "steps/lab/v1/steps_v1.proto", "use.py"]
    annotations = "fieldstone/v1/annotations.proto"
    schema = {f"annotations/{annotations}": (ROOT / "schemas/fieldstone" / annotations).read_text("utf-8")}
    write_files(tmp_path, files | SETTINGS | schema)
    generate(Project.at(tmp_path), ["steps"])
    runtime = ROOT / "packages/fieldstone-runtime/src"
    places = [runtime, tmp_path, *tmp_path.glob("generated/python/*")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "use.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
