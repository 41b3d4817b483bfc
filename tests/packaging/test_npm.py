"""npm packages of real releases, built, installed and used with the real npm."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.codegen.client_package import ClientPackage, Needed
from fieldstone.codegen.clients.typescript import npm_name, npm_range, runtime_range, typescript_package
from fieldstone.codegen.signed_release import find_signed
from fieldstone.errors import FieldstoneError
from fieldstone.packaging.contents import files_of
from fieldstone.packaging.npm import Checked, build, check
from fieldstone.toolchain.node import node_tools, run_npm
from tests.codegen.clients.releases import HERE, SUNSET, made, released

LIBRARY = {"lib/v1/lib.proto": 'syntax = "proto3"; package lib.v1; message Lib { string name = 1; }'}
MONEY = {
    "acme/money/v1/money.proto": 'syntax = "proto3"; package acme.money.v1; import "lib/v1/lib.proto"; '
    "message Money { int64 units = 1; lib.v1.Lib lib = 2; }"
}
SHOP = """\
syntax = "proto3";
package acme.shop.v1;
import "acme/money/v1/money.proto";
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "lib/v1/lib.proto";
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = -1; }
// Ends a comment: */
message Order {
  message Line { repeated acme.money.v1.Money prices = 1; Order of = 2; }
  acme.money.v1.Money total = 1;
  lib.v1.Lib lib = 2;
  repeated Line lines = 3;
  map<int64, Line> by_number = 4;
  map<bool, bytes> blobs = 5;
  oneof choice { Color color = 6; google.protobuf.Struct info = 7; }
  google.protobuf.Any any = 8;
  google.protobuf.UInt64Value many = 9;
  google.protobuf.Value value = 10;
  repeated fixed64 all = 11;
  optional float share = 12;
}
service ShopService { rpc Get(Order) returns (acme.money.v1.Money); }
"""
OLD = """\
syntax = "proto2";
package acme.shop.v1;
message Required {
  required Deeper first = 1;
  repeated group Part = 2 { optional sint32 a = 1; }
  extensions 100 to 200;
}
message Deeper { required Deepest next = 1; }
message Deepest { required sint64 value = 1; enum E { X = 1; Y = -2; } optional E e = 2 [default = Y]; }
extend Required { optional string more = 100; }
// Names that JavaScript, or the code itself, has for something else.
message Object { optional string constructor = 1; optional int64 as_text = 2 [jstype = JS_STRING]; }
message class { enum default { A = 0; } optional default d = 1; message Schema {} optional Schema s = 2; }
message classSchema { optional Message m = 1; }
message Message { optional int32 v = 1; }
"""
NEW = """\
edition = "2023";
package acme.shop.v1;
message Edition {
  string x = 1 [features.field_presence = IMPLICIT];
  Edition inner = 2 [features.message_encoding = DELIMITED];
}
"""


@dataclass(frozen=True)
class Published:
    files: dict[str, bytes]
    tarball: Path


def publish(client: ClientPackage, out: Path, *, scope: str = "") -> Published:
    files = typescript_package(client, scope=scope)
    return Published(files, build(files, out))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish(released("telemetry", "1.0.0"), tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish(released("telemetry", "1.2.0"), tmp_path_factory.mktemp("new"))


@pytest.mark.installs
def test_a_release_installs_and_all_its_messages_work(new: Published) -> None:
    assert check(new.tarball) == Checked(modules=2, messages=8)


def install(folder: Path, *tarballs: Path) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    run_npm(["install", *map(str, tarballs)], cwd=folder)
    return folder


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_deprecated_says_so_and_until_when(new: Published) -> None:
    comment = new.files["telemetry/v1/telemetry_v1_pb.d.ts"].decode().partition("export declare type")[0]
    assert f" * {SUNSET}\n" in comment
    assert " * @deprecated\n" in comment


def test_the_manifest(new: Published) -> None:
    manifest = json.loads(new.files["package.json"])
    assert (manifest["name"], manifest["version"]) == ("telemetry-contracts", "1.2.0")
    assert (manifest["type"], manifest["sideEffects"]) == ("module", False)
    assert manifest["license"] == "SEE LICENSE IN LICENSE"
    assert manifest["dependencies"] == {"@bufbuild/protobuf": "^2.13.0"}
    assert manifest["fieldstone"]["module"] == "telemetry"
    assert manifest["fieldstone"]["digest"].startswith("b5:")
    assert list(manifest["exports"]) == [
        ".",
        "./telemetry/v1/telemetry_v1_pb.js",
        "./telemetry/v2/telemetry_v2_pb.js",
        "./package.json",
    ]


def test_all_of_the_tree_is_packed_and_says_where_it_comes_from(new: Published) -> None:
    with tarfile.open(new.tarball) as packed:
        names = {member.name.removeprefix("package/") for member in packed}
    assert names == set(new.files)
    assert new.tarball.name == "telemetry-contracts-1.2.0.tgz"
    assert new.files["LICENSE"] == (HERE / "registry/telemetry/1.2.0/schemas/LICENSE").read_bytes()
    header = b"Generated by fieldstone from telemetry 1.2.0. Edit the schema, not this file."
    without = {"LICENSE", "package.json"}
    assert all(header in content.splitlines()[0] for path, content in new.files.items() if path not in without)
    assert not [path for path, content in new.files.items() if str(HERE).encode() in content]


def test_a_signed_release_is_packed(tmp_path: Path) -> None:
    signed = {"release.toml": b"name\n", "image.binpb": b"\n"}
    packed = publish(replace(released("telemetry", "1.0.0"), signed=signed), tmp_path).tarball
    assert find_signed(files_of(packed)) == signed


def test_the_same_tree_gives_the_same_bytes_whatever_the_umask(new: Published, tmp_path: Path) -> None:
    shuffled = dict(sorted(new.files.items(), reverse=True))
    before = os.umask(0o077)
    try:
        again = build(shuffled, tmp_path)
    finally:
        os.umask(before)
    assert digest(again) == digest(new.tarball)
    with tarfile.open(again) as packed:
        assert {(member.mode, member.mtime, member.uid) for member in packed} == {(0o644, 499162500, 0)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.installs
def test_a_needed_module_is_imported_from_its_own_package(tmp_path: Path) -> None:
    """And the library's file from that one as well, whose package has it already."""
    money = made(tmp_path, {**MONEY, **LIBRARY}, module="money", version="0.3.1", library=LIBRARY)
    needed = Needed(module="money", version="0.3.1", files=money.files)
    files = {f"acme/shop/v1/{name}.proto": text for name, text in {"new": NEW, "old": OLD, "shop": SHOP}.items()}
    files |= {**MONEY, **LIBRARY}
    shop = made(tmp_path, files, version="2.0.0", library=LIBRARY, needs=(needed,))
    first, second = (publish(client, tmp_path / "out", scope="@acme") for client in (money, shop))
    manifest = json.loads(second.files["package.json"])
    assert manifest["name"] == "@acme/shop-contracts-v2"
    assert manifest["license"] == "UNLICENSED"
    assert manifest["dependencies"] == {"@acme/money-contracts": "~0.3.1", "@bufbuild/protobuf": "^2.13.0"}
    modules = [path.removeprefix("acme/shop/v1/") for path in second.files if path.endswith(".js")]
    assert modules == ["new_pb.js", "old_pb.js", "shop_pb.js", "index.js"]
    code = second.files["acme/shop/v1/shop_pb.d.ts"].decode()
    assert 'from "@acme/money-contracts/acme/money/v1/money_pb.js"' in code
    assert 'from "@acme/money-contracts/lib/v1/lib_pb.js"' in code
    assert 'from "@bufbuild/protobuf/wkt"' in code
    assert check(second.tarball, [first.tarball]) == Checked(modules=3, messages=12)


@pytest.mark.installs
def test_a_package_that_does_not_work_is_told(old: Published, tmp_path: Path) -> None:
    broken = {**old.files, "telemetry/v1/telemetry_v1_pb.js": b"export const TelemetryStepV1Schema = ;\n"}
    with pytest.raises(FieldstoneError, match=r"telemetry-contracts-1\.0\.0\.tgz does not work .*: SyntaxError"):
        check(build(broken, tmp_path))


def test_npm_refuses_a_tree(tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError, match="npm pack failed: Invalid package, must have name and version"):
        build({"package.json": b"{}"}, tmp_path)


def test_npm_has_no_number_for_a_second_package_of_a_release(tmp_path: Path) -> None:
    """What the refusal says of npm, asked of npm."""
    (tmp_path / "package.json").write_text('{"name": "probe", "version": "1.2.0+1"}')
    run_npm(["pkg", "fix"], cwd=tmp_path)
    assert json.loads((tmp_path / "package.json").read_text())["version"] == "1.2.0"
    with pytest.raises(FieldstoneError, match="cannot be numbered a second time") as refused:
        typescript_package(released("telemetry", "1.2.0", post=1))
    assert refused.value.fix == "release a patch version: `fieldstone release telemetry`"


@pytest.mark.parametrize("missing", ["npm", "node"])
def test_without_npm_or_node(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing == "node":
        (tmp_path / "npm").write_text("#!/bin/sh\n")
        (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FieldstoneError, match=f"need node and npm, and there is no {missing} on PATH") as refused:
        build({"package.json": b"{}"}, tmp_path)
    assert refused.value.fix.startswith("install Node.js 20 or newer")


def test_with_an_old_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.19.1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    with pytest.raises(FieldstoneError, match=r"need Node\.js 20 or newer, and .* is v18\.19\.1"):
        build({"package.json": b"{}"}, tmp_path)


def test_npm_cannot_reach_its_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(FieldstoneError, match="npm cannot reach its registry: ECONNREFUSED"), node_tools():
        pass


@pytest.mark.parametrize(
    ("version", "scope", "name"),
    [
        ("0.9.0", "", "a-b-contracts"),
        ("1.2.0", "acme", "@acme/a-b-contracts"),
        ("2.0.0-rc.1", "@acme", "@acme/a-b-contracts-v2"),
    ],
)
def test_names(version: str, scope: str, name: str) -> None:
    assert npm_name("a.b", version, scope) == name


@pytest.mark.parametrize("scope", ["@", "Acme", "a/b", "@a@b"])
def test_no_scope_of_npm(scope: str) -> None:
    with pytest.raises(FieldstoneError, match=f"{scope} is no scope of npm"):
        npm_name("a", "1.0.0", scope)


@pytest.mark.parametrize(("version", "written"), [("1.2.3", "^1.2.3"), ("0.3.1", "~0.3.1"), ("0.0.1", "~0.0.1")])
def test_ranges(version: str, written: str) -> None:
    assert npm_range(version) == written


def test_code_without_a_version_gets_no_runtime() -> None:
    with pytest.raises(FieldstoneError, match="wrote no version into its code"):
        runtime_range(["// @generated by protoc-gen-es"])


def test_the_lock_names_no_registry() -> None:
    text = (HERE / "src/fieldstone/toolchain/node/package-lock.json").read_text()
    assert "http" not in text
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for path, entry in packages.items() if path)


def test_what_npm_takes_is_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    run(*command, cwd=HERE)
    (wheel,) = tmp_path.glob("fieldstone-*.whl")
    names = run(sys.executable, "-m", "zipfile", "-l", str(wheel), cwd=tmp_path)
    for name in ("node/package.json", "node/package-lock.json", "packaging/check.mjs", "templates/java/pom.xml.j2"):
        assert name in names
