"""A scan of TypeScript code: every typed use with its line, and what no type tells as not seen."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from fieldstone.errors import Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.scanning.typescript import scan
from fieldstone.toolchain.node import node_tools
from fieldstone.workflows.package import package
from tests.cli.workspace import HERE

STEP = "telemetry.v1.TelemetryStepV1"
CODE = """\
import { clone, create, equals, isFieldSet, toBinary, toJson } from "@bufbuild/protobuf";
import { TelemetryStepV1Schema, type TelemetryStepV1 } from "telemetry-contracts/telemetry/v1/telemetry_v1_pb.js";

export function total(steps: TelemetryStepV1[]): number {
  return steps.reduce((sum, s) => sum + s.reward, 0); // read reward
}
export function made(): TelemetryStepV1 {
  const runId = "a";
  const step = create(TelemetryStepV1Schema, { runId, stepIndex: 3n }); // write run_id, write step_index
  step.agentId = "x"; // write agent_id
  step.timeStep! += 1n; // read time_step, write time_step
  delete step.gameId; // write game_id
  return step;
}
export function parts({ workerId: w, ...rest }: TelemetryStepV1): unknown { // read worker_id, whole
  const { seqId } = rest; // read seq_id
  return [w, seqId];
}
export function out(s: TelemetryStepV1): void {
  JSON.stringify({ ...s }); // whole
  console.log(s); // whole
  toJson(TelemetryStepV1Schema, s); // whole
  toBinary(TelemetryStepV1Schema, s);
  `${s}`; // whole
  equals(TelemetryStepV1Schema, s, s); // whole
  Object.keys(s); // whole
  clone(TelemetryStepV1Schema, s);
  if (isFieldSet(s, TelemetryStepV1Schema.field.episodeSeed)) return; // read episode_seed
  s["truncated"]; // read truncated
}
export function hidden(x: any, s: TelemetryStepV1, key: keyof TelemetryStepV1, more: object): void {
  x.terminated; // unseen
  x.unrelated;
  s[key]; // unseen
  (s as any).frameRef; // whole, unseen
  create(TelemetryStepV1Schema, { ...more }); // unseen
}
export function lookalike(s: { reward: number }): number {
  return s.reward;
}
"""
OPTIONS = {"strict": True, "module": "nodenext", "target": "es2022", "noEmit": True, "skipLibCheck": True, "types": []}
pytestmark = pytest.mark.installs


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A consumer of telemetry with TypeScript, protobuf and the package in its node_modules."""
    folder = tmp_path_factory.mktemp("consumer")
    built = tmp_path_factory.mktemp("built")
    package(Project.at(HERE), "telemetry@1.5.0", out=built, language="typescript")
    with node_tools() as tools:
        shutil.copytree(tools, folder / "node_modules", symlinks=True)
    subprocess.run(["tar", "xzf", str(next(built.glob("*.tgz")))], cwd=folder, check=True)
    (folder / "package").rename(folder / "node_modules" / "telemetry-contracts")
    (folder / "package.json").write_text(json.dumps({"name": "consumer", "type": "module"}), "utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["src"]}), "utf-8")
    (folder / "src").mkdir()
    (folder / "src" / "main.ts").write_text(CODE, "utf-8")
    return folder


def test_every_line_is_what_its_comment_says(root: Path) -> None:
    found = scan(root, "tsconfig.json")
    seen: dict[int, set[str]] = defaultdict(set)
    for use in found.uses:
        seen[use.line].add(f"{use.how.value} {use.name.removeprefix(STEP).removeprefix('.')}".strip())
    for one in found.unseen:
        seen[one.line].add("unseen")
    expected = {number: line.partition(" // ")[2].split(", ") for number, line in enumerate(CODE.splitlines(), 1)}

    assert (found.files, found.releases) == (1, {"telemetry": "1.5.0"})
    assert seen == {number: {*words} for number, words in expected.items() if words != [""]}


def test_code_that_does_not_parse_is_refused(root: Path) -> None:
    (root / "broken").mkdir()
    (root / "broken" / "main.ts").write_text("const = 1;\n", "utf-8")
    (root / "broken.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["broken"]}), "utf-8")

    with pytest.raises(Invalid, match=r"broken/main\.ts:1"):
        scan(root, "broken.json")


def test_a_folder_without_a_project_or_typescript_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no tsconfig\.json"):
        scan(tmp_path, "tsconfig.json")
    (tmp_path / "tsconfig.json").write_text("{}", "utf-8")
    with pytest.raises(NotFound, match="has no typescript"):
        scan(tmp_path, "tsconfig.json")
