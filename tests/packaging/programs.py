"""Programs that a team wrote against telemetry 1.0.0, and what is run on them without a change."""

from __future__ import annotations

import subprocess
from pathlib import Path

PYTHON = '''\
"""Writes a step and an episode to a file, or reads them from one."""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path

from google.protobuf import json_format
from telemetry_contracts import release
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryEpisodeV1, TelemetryStepV1


def write(file: Path) -> None:
    step = TelemetryStepV1(run_id="r", step_index=9007199254740993, reward=float("nan"), observation=b"\\x00\\xff")
    step.timestamp.FromJsonString("2026-01-02T03:04:05.000006Z")
    step.episode_seed = 0
    episode = TelemetryEpisodeV1(run_id="r", total_reward=1.5, terminated=True)
    for message in (step, episode):
        fill_what_came_later(message)
    said = {
        type(message).__name__: [b64encode(message.SerializeToString()).decode(), json_format.MessageToJson(message)]
        for message in (step, episode)
    }
    file.write_text(json.dumps(said))


def fill_what_came_later(message: TelemetryStepV1 | TelemetryEpisodeV1) -> None:
    """A newer release has fields that this program does not name: they are written all the same."""
    for field in message.DESCRIPTOR.fields:
        if field.name in {"worker_id", "space_signature"}:
            setattr(message, field.name, b"new" if field.type == field.TYPE_BYTES else "new")


def read(file: Path) -> None:
    said = json.loads(file.read_text())
    for data, text in [said["TelemetryStepV1"]]:
        parsed = json_format.Parse(text, TelemetryStepV1(), ignore_unknown_fields=True)
        for step in (TelemetryStepV1.FromString(b64decode(data)), parsed):
            micros = step.timestamp.ToMicroseconds()
            seed = step.episode_seed if step.HasField("episode_seed") else None
            print(release.VERSION, step.run_id, step.step_index, step.reward, seed, micros, step.observation)
    for data, text in [said["TelemetryEpisodeV1"]]:
        again = json_format.Parse(text, TelemetryEpisodeV1(), ignore_unknown_fields=True)
        for episode in (TelemetryEpisodeV1.FromString(b64decode(data)), again):
            print(episode.run_id, episode.total_reward, episode.terminated)


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]))
'''
READ_BY_PYTHON = r"""{version} r 9007199254740993 nan 0 1767323045000006 b'\x00\xff'
{version} r 9007199254740993 nan 0 1767323045000006 b'\x00\xff'
r 1.5 True
r 1.5 True
"""
TYPESCRIPT = """\
import { create, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { TelemetryStepV1Schema, type TelemetryStepV1 } from "@acme/telemetry-contracts/telemetry/v1/telemetry_v1_pb.js";
import { VERSION } from "@acme/telemetry-contracts";
import { readFileSync, writeFileSync } from "node:fs";

const [verb, file] = process.argv.slice(2);
if (verb === "write") {
  const step: TelemetryStepV1 = create(TelemetryStepV1Schema, {
    runId: "r", episodeId: "e", stepIndex: 9007199254740993n, reward: NaN, terminated: true,
    observation: new Uint8Array([0, 255]), timestamp: { seconds: 7n, nanos: 5 }, episodeSeed: 0n,
  });
  if (TelemetryStepV1Schema.fields.some((field) => field.localName === "workerId")) {
    Object.assign(step, { workerId: "new" });
  }
  const bytes = Buffer.from(toBinary(TelemetryStepV1Schema, step)).toString("base64");
  writeFileSync(file, JSON.stringify({ bytes, json: toJsonString(TelemetryStepV1Schema, step) }));
} else {
  const { bytes, json } = JSON.parse(readFileSync(file, "utf8"));
  const read = [
    fromBinary(TelemetryStepV1Schema, Buffer.from(bytes, "base64")),
    fromJsonString(TelemetryStepV1Schema, json, { ignoreUnknownFields: true }),
  ];
  for (const step of read) {
    const { runId, stepIndex, reward, terminated, episodeSeed, timestamp, observation } = step;
    console.log(VERSION, runId, stepIndex, reward, terminated, episodeSeed, timestamp?.seconds, observation.join());
  }
}
"""
READ_BY_TYPESCRIPT = "{version} r 9007199254740993n NaN true 0n 7n 0,255\n" * 2
TYPES_OF_NODE = """\
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function writeFileSync(path: string, text: string): void;
}
declare const process: { argv: string[] };
declare const Buffer: {
  from(from: Uint8Array): { toString(encoding: "base64"): string };
  from(from: string, encoding: "base64"): Uint8Array;
};
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compile_typescript(folder: Path, tsc: Path) -> None:
    """Compile `TYPESCRIPT` in a folder that has its package, as strictly as tsc knows."""
    (folder / "program.ts").write_text(TYPESCRIPT)
    (folder / "node.d.ts").write_text(TYPES_OF_NODE)
    options = ["--strict", "--module", "nodenext", "--target", "es2022"]
    run("node", tsc, *options, "node.d.ts", "program.ts", cwd=folder)
