"""A narrowed npm package, compiled with by TypeScript, run by node, and found by a scan."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import date
from pathlib import Path

import pytest
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

from fieldstone.consumers.enforced import check_enforced
from fieldstone.consumers.uses import Rank, to_toml
from fieldstone.project.project import Project
from fieldstone.scanning.typescript import scan
from fieldstone.toolchain.node import node_tools
from fieldstone.workflows.package import package
from tests.codegen.clients.releases import HERE, REWARD
from tests.packaging.programs import TYPES_OF_NODE, run

REWARD_FIELD = "telemetry.v1.TelemetryStepV1.reward"
CODE = """\
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetryStepV1Schema } from "telemetry-contracts-for-billing/telemetry/v1/telemetry_v1_pb.js";
import { CONSUMER } from "telemetry-contracts-for-billing";
import { readFileSync, writeFileSync } from "node:fs";

const file = process.argv[2]!;
const step = fromBinary(TelemetryStepV1Schema, Buffer.from(readFileSync(file, "utf8"), "base64") as Uint8Array);
step.reward *= 2;
writeFileSync(file, Buffer.from(toBinary(TelemetryStepV1Schema, step)).toString("base64"));
console.log(CONSUMER, step);
"""
WRONG = CODE.replace("step.reward *= 2", "step.runId")
OPTIONS = {"strict": True, "module": "nodenext", "target": "es2022", "skipLibCheck": True, "types": []}
pytestmark = pytest.mark.installs


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A consumer with TypeScript, protobuf and the narrowed package in its node_modules."""
    folder, built = tmp_path_factory.mktemp("consumer"), tmp_path_factory.mktemp("built")
    package(Project.at(HERE), "telemetry@1.2.0", out=built, language="typescript", uses=REWARD)
    with node_tools() as tools:
        shutil.copytree(tools, folder / "node_modules", symlinks=True)
    run("tar", "xzf", next(built.glob("*.tgz")), cwd=folder)
    (folder / "package").rename(folder / "node_modules" / "telemetry-contracts-for-billing")
    (folder / "package.json").write_text(json.dumps({"name": "consumer", "type": "module"}), "utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["src"]}), "utf-8")
    (folder / "src").mkdir()
    (folder / "src" / "node.d.ts").write_text(TYPES_OF_NODE, "utf-8")
    return folder


def compiled(root: Path, code: str) -> subprocess.CompletedProcess[str]:
    (root / "src" / "main.ts").write_text(code, "utf-8")
    return subprocess.run(
        ["node", "node_modules/typescript/bin/tsc"], cwd=root, capture_output=True, text=True, check=False
    )


def test_undeclared_fields_do_not_compile_and_their_bytes_are_kept(root: Path) -> None:
    wrong = compiled(root, WRONG)
    right = compiled(root, CODE)
    file = root / "step.b64"
    file.write_bytes(b64encode(TelemetryStepV1(run_id="r", reward=1.5).SerializeToString()))
    said = run("node", "src/main.js", file, cwd=root)

    assert "Property 'runId' does not exist" in wrong.stdout
    assert right.returncode == 0, right.stdout
    assert said.startswith("billing ")
    assert TelemetryStepV1.FromString(b64decode(file.read_bytes())) == TelemetryStepV1(run_id="r", reward=3)


def test_a_scan_finds_that_it_is_enforced(root: Path) -> None:
    compiled(root, CODE)
    found = scan(root, "tsconfig.json")
    enforced = found.enforced("telemetry", "typescript", date(2026, 11, 29))
    (scanned,) = found.evidence("typescript", date(2026, 11, 29))

    assert enforced is not None
    check_enforced(enforced)
    assert (enforced.rank, {*enforced.read}, enforced.day) == (Rank.ENFORCED, {REWARD_FIELD}, date(2026, 11, 29))
    assert {*scanned.read[REWARD_FIELD]} == {"src/main.ts:8", "src/main.ts:10"}  # printed, as far as it has fields
    assert not scanned.whole
    assert [(one.path, one.line, one.words) for one in found.partial] == [
        ("src/main.ts", 10, "telemetry.v1.TelemetryStepV1")
    ]


def test_the_carried_file_is_the_one_that_is_scanned(root: Path) -> None:
    folder = root / "node_modules" / "telemetry-contracts-for-billing"
    said = json.loads((folder / "package.json").read_text("utf-8"))
    carried = (folder / "fieldstone.uses.toml").read_text("utf-8")

    assert said["fieldstone"]["consumer"] == "billing"
    assert said["fieldstone"]["uses"] in carried
    assert carried.startswith(to_toml(REWARD).partition("[[")[0])
