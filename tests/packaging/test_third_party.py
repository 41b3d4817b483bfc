"""Packages of a module with third-party imports: they install alone, and get along with the packages of these files."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from google.type import money_pb2  # type: ignore[import-untyped]

from fieldstone.toolchain.node import run_npm
from tests.packaging.programs import run

BIN = Path(sys.executable).parent
COMMON = "opentelemetry/proto/common/v1/common.proto"
VALIDATE = "buf/validate/validate.proto"
THIRD_PARTY = {
    "google/type/money.proto": Path(money_pb2.__file__).with_name("money.proto").read_text("utf-8"),
    "grpc/health/v1/health.proto": """\
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
""",
    VALIDATE: """\
syntax = "proto2";
package buf.validate;
import "google/protobuf/descriptor.proto";
message FieldRules { optional bool required = 25; }
extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
""",
    COMMON: """\
syntax = "proto3";
package opentelemetry.proto.common.v1;
message AnyValue { string string_value = 1; bool not_yet_published = 99; }
""",
}
SHOP = """\
syntax = "proto3";
package acme.shop.v1;
import "buf/validate/validate.proto";
import "google/protobuf/timestamp.proto";
import "google/type/money.proto";
import "grpc/health/v1/health.proto";
import "opentelemetry/proto/common/v1/common.proto";
message Order {
  google.type.Money total = 1 [(buf.validate.field).required = true];
  opentelemetry.proto.common.v1.AnyValue note = 2;
  grpc.health.v1.HealthCheckRequest health = 3;
  google.protobuf.Timestamp made = 4;
}
"""
OURS = """
from acme_contracts.acme.shop.v1 import shop_pb2
order = shop_pb2.Order(total={"units": 3}, note={"string_value": "n"}, health={"service": "s"})
order.made.GetCurrentTime()
assert shop_pb2.Order.FromString(order.SerializeToString()) == order
"""
THEIRS = """
from google.type.money_pb2 import Money
from grpc_health.v1 import health_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
AnyValue(string_value="t")
"""
SHARED = """
from google.protobuf.timestamp_pb2 import Timestamp
order = shop_pb2.Order(total=Money(units=3), health=health_pb2.HealthCheckRequest(service="s"), made=Timestamp())
assert order.total.units == 3
"""
PROGRAM = """
import { create, fromBinary, getOption, toBinary } from "@bufbuild/protobuf";
import { field } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { OrderSchema } from "acme-contracts/acme/shop/v1/shop_pb.js";
const bytes = toBinary(OrderSchema, create(OrderSchema, { total: { units: 3n }, note: { stringValue: "n" } }));
const { total, note } = fromBinary(OrderSchema, bytes);
console.log(total.units, note.stringValue, getOption(OrderSchema.fields[0], field).required);
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a release of `acme`, whose imports are all third-party."""
    root = tmp_path_factory.mktemp("shop")
    files = {f"third_party/all/{path}": text for path, text in THIRD_PARTY.items()}
    files["proto/acme/shop/v1/shop.proto"] = SHOP
    files["buf.yaml"] = "version: v2\nmodules:\n  - path: proto\n  - path: third_party/all\nlint:\n  use: [MINIMAL]\n"
    files["fieldstone.toml"] = '[modules.acme]\npath = "proto"\n'
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    fieldstone(root, "release", "acme")
    return root


def fieldstone(root: Path, *arguments: str) -> str:
    return run(BIN / "fieldstone", *arguments, cwd=root, env=dict(os.environ))


def requirements(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    found = {line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")}
    return {line.split("<")[0].split(">")[0] for line in found if ";" not in line}


@pytest.mark.installs
def test_a_wheel_installs_alone_and_gets_along_with_other_copies(shop: Path, tmp_path: Path) -> None:
    fieldstone(shop, "package", "acme", "--out", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    assert requirements(wheel) == {"googleapis-common-protos", "grpcio-health-checking", "protobuf"}
    with zipfile.ZipFile(wheel) as archive:
        bundled = {name for name in archive.namelist() if name.endswith("_pb2.py")}
    assert bundled == {
        "acme_contracts/acme/shop/v1/shop_pb2.py",
        "acme_contracts/buf/validate/validate_pb2.py",
        "acme_contracts/opentelemetry/proto/common/v1/common_pb2.py",
    }
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=tmp_path, env=dict(os.environ))
    python = tmp_path / "venv" / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]

    def said(program: str) -> str:
        done = subprocess.run(
            [python, "-I", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.stderr

    run(*install, wheel, cwd=tmp_path, env=environment)
    alone = THEIRS.replace("from opentelemetry", "#").replace("AnyValue(", "str(").replace("string_value=", "")
    assert said(OURS) == ""
    assert said(OURS + alone + SHARED) == ""
    assert said(alone + OURS + SHARED) == ""
    run(*install, "opentelemetry-proto", cwd=tmp_path, env=environment)
    assert said(OURS + THEIRS) == ""
    assert said(THEIRS + OURS) == ""


@pytest.mark.installs
def test_an_npm_package_installs_alone(shop: Path, tmp_path: Path) -> None:
    fieldstone(shop, "package", "acme", "--lang", "typescript", "--out", str(tmp_path))
    (tarball,) = tmp_path.glob("*.tgz")
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    (tmp_path / "program.js").write_text(PROGRAM)
    run_npm(["install", str(tarball)], cwd=tmp_path)
    assert not (tmp_path / "node_modules/acme-contracts/buf").exists()
    assert run("node", "program.js", cwd=tmp_path, env=dict(os.environ)) == "3n n true\n"
