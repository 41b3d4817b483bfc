"""Releases that store what they changed, beside older ones that store everything."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib

from fieldstone.toolchain import buf
from tests.cli.workspace import SHOP, Repo, many

STEP = "schemas/telemetry/telemetry/v2/telemetry_v2.proto"


def test_a_new_release_on_top_of_older_layouts(telemetry: Repo) -> None:
    before = telemetry.snapshot()
    telemetry.edit(STEP, "message TelemetryStepV2 {", "message TelemetryStepV2 {\n  string remark = 900;")
    said = telemetry.release("telemetry").out
    version = said.split()[2]
    made = tomllib.loads(telemetry.read(f"registry/telemetry/{version}/release.toml"))
    assert made["layout"] == 2
    assert made["ledgers"][0].endswith(f" in {made['previous']['version']}")
    stored = [path for path, text in made["files"].items() if " in " in text]
    assert "schemas/telemetry/v1/telemetry_v1.proto" in stored
    after = telemetry.snapshot()
    assert {path: after[path] for path in before} == before
    new = sorted(path.removeprefix(f"telemetry/{version}/") for path in after.keys() - before.keys())
    assert new == ["image.binpb.gz", "ledger.json", "release.toml", "schemas/telemetry/v2/telemetry_v2.proto"]
    ledger = json.loads(after[f"telemetry/{version}/ledger.json"])
    assert [*ledger] == ["telemetry.v2.TelemetryStepV2"]
    assert telemetry.run("registry", "verify", "--since", "HEAD").code == 0

    # what the new release does not have itself is judged all the same
    old = "schemas/telemetry/telemetry/v1/telemetry_v1.proto"
    telemetry.edit(old, "message TelemetryStepV1 {", "message TelemetryStepV1 {\n  reserved 900;")
    text = telemetry.read(old)
    field = next(line for line in text.splitlines() if line.endswith(" = 1;"))
    telemetry.write(old, text.replace(field, field.replace("string", "bytes")))
    ran = telemetry.run("check", "telemetry")
    assert ran.code == 1
    home = made["files"]["schemas/telemetry/v1/telemetry_v1.proto"].partition(" in ")[2]
    assert f"::: registry/telemetry/{home}/schemas/telemetry/v1/telemetry_v1.proto:" in ran.out


def test_all_sources_of_a_release(large: Repo) -> None:
    newest = large.root / "registry/schemas/1.0.0"
    assert len([*newest.rglob("*.proto")]) == 1
    assert large.run("registry", "export", "schemas", "1.0.0", "out").out == "Exported schemas 1.0.0 to out\n"
    for number in range(24):
        assert large.read(f"out/{many(number)}") == large.read(many(number))
    assert buf.build("schemas", cwd=large.root / "out").output(what="it does not compile")
    assert "out exists already" in large.run("registry", "export", "schemas", "1.0.0", "out").error
    assert "no release 3.0.0 of schemas" in large.run("registry", "export", "schemas", "3.0.0", "other").error
    assert not (large.root / "other").exists()
    shutil.rmtree(large.root / "out")
    (large.root / "registry/schemas/0.1.0" / many(3)).unlink()
    ran = large.run("registry", "export", "schemas", "1.0.0", "out")
    assert ran.code == 2
    assert not (large.root / "out").exists()
    assert [path.name for path in large.root.iterdir() if path.name.startswith(".out")] == []
    assert "f3.proto is missing" in large.run("registry", "verify").out


def test_a_stock_buf_reads_the_image(grown: Repo) -> None:
    image = "registry/shop/1.2.0/image.binpb.gz"
    command = [buf.find_buf(), "breaking", "schemas/shop", "--against"]
    for against, code in ((image, 0), (image.replace("1.2.0", "1.0.0"), 0)):
        done = subprocess.run([*command, against], cwd=grown.root, check=False, capture_output=True, text=True)
        assert done.returncode == code, done
    grown.edit(SHOP, "string note = 4;", "bytes note = 4;")
    done = subprocess.run([*command, image], cwd=grown.root, check=False, capture_output=True, text=True)
    assert done.returncode == 100
    assert '"note"' in done.stdout
    assert "field-type-changed" in grown.run("check", "shop", "--against", image, "--no-style").out
