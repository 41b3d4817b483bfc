"""Go modules of real releases, fetched, compiled and run by Go in module mode: `make test-packages`.

What they require comes from a module proxy in a folder, made of the sources that Debian installs in /usr/share/gocode;
its form is that of https://go.dev/ref/mod#goproxy-protocol.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from telemetry_contracts.telemetry.v1.telemetry_v1_pb2 import TelemetryStepV1

from fieldstone.codegen.client_package import Needed
from fieldstone.codegen.clients.go import go_package
from fieldstone.errors import FieldstoneError
from tests.codegen.clients.releases import REWARD, SUNSET, made, released

DEBIAN = Path("/usr/share/gocode/src")
PREFIX = "example.com/contracts"
TELEMETRY = f"{PREFIX}/telemetry-contracts"
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
PROTOBUF = "google.golang.org/protobuf"
PROGRAM = """\
package main

import (
	"fmt"
	"math"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	telemetrycontracts "example.com/contracts/telemetry-contracts"
	telemetryv1 "example.com/contracts/telemetry-contracts/telemetry/v1"
)

func main() {
	bytes, json := os.Args[2]+".binpb", os.Args[2]+".json"
	if os.Args[1] == "write" {
		step := &telemetryv1.TelemetryStepV1{
			RunId: "r", StepIndex: 9007199254740993, Reward: math.NaN(), Terminated: true, EpisodeSeed: proto.Int64(0),
			Action: []byte("{}"), Timestamp: &timestamppb.Timestamp{Seconds: 7, Nanos: 5},
		}
		message := step.ProtoReflect()
		if added := message.Descriptor().Fields().ByName("time_step"); added != nil {
			message.Set(added, protoreflect.ValueOfInt64(42))
		}
		write(bytes, must(proto.Marshal(step)))
		write(json, must(protojson.Marshal(step)))
		return
	}
	fmt.Println(telemetrycontracts.Name, telemetrycontracts.Version)
	step := &telemetryv1.TelemetryStepV1{}
	check(proto.Unmarshal(must(os.ReadFile(bytes)), step))
	show(step)
	step = &telemetryv1.TelemetryStepV1{}
	check(protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(must(os.ReadFile(json)), step))
	show(step)
}

func show(step *telemetryv1.TelemetryStepV1) {
	fmt.Println(step.RunId, step.StepIndex, step.Reward, step.Terminated, step.EpisodeSeed != nil, string(step.Action),
		step.Timestamp.Nanos)
}

func write(path string, content []byte) { check(os.WriteFile(path, content, 0o600)) }

func must(content []byte, err error) []byte { check(err); return content }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
"""
NARROWED = f"{PREFIX}/telemetry-contracts-for-billing"
DOUBLED = """\
package main

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"

	contracts "example.com/contracts/telemetry-contracts-for-billing"
	telemetryv1 "example.com/contracts/telemetry-contracts-for-billing/telemetry/v1"
)

func main() {
	fmt.Println(contracts.Consumer, contracts.Uses)
	content, _ := os.ReadFile(os.Args[1])
	step := &telemetryv1.TelemetryStepV1{}
	if err := proto.Unmarshal(content, step); err != nil {
		panic(err)
	}
	step.Reward *= 2
	content, _ = proto.Marshal(step)
	_ = os.WriteFile(os.Args[1], content, 0o600)
}
"""
GRPC = "google.golang.org/grpc"
UNDER_GRPC = {
    GRPC: "v1.33.3",
    "github.com/golang/protobuf": "v1.5.9",
    "golang.org/x/net": "v0.7.0",
    "golang.org/x/sys": "v0.5.0",
    "golang.org/x/text": "v0.7.0",
    "google.golang.org/genproto": "v0.0.0-20200526211855-cb27e3aa2013",
}
"""What Debian's grpc is compiled with; the numbers are those that its go.mod and the others' are content with."""

SAID = ["r 9007199254740993 NaN true true {} 5"] * 2


class Proxy:
    """A module proxy in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.publish(PROTOBUF, "v1.28.1", debian(PROTOBUF))
        for module, version in (("github.com/golang/protobuf", "v1.5.0"), ("github.com/google/go-cmp", "v0.5.5")):
            self.publish(module, version, {"go.mod": f"module {module}\n".encode()})  # named, and not compiled

    def publish(self, module: str, version: str, tree: Mapping[str, bytes]) -> None:
        versions = self.folder / module / "@v"
        versions.mkdir(parents=True, exist_ok=True)
        (versions / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2026-01-01T00:00:00Z"}))
        (versions / f"{version}.mod").write_bytes(tree["go.mod"])
        with (versions / "list").open("a") as known:
            known.write(f"{version}\n")
        with zipfile.ZipFile(versions / f"{version}.zip", "w") as packed:
            for path, content in tree.items():
                packed.writestr(f"{module}@{version}/{path}", content)


class Go:
    """The go command with a proxy, and caches of its own."""

    def __init__(self, proxy: Proxy, scratch: Path) -> None:
        self.proxy = proxy
        self.environment = {
            **os.environ,
            "GOPATH": str(scratch / "path"),
            "GOCACHE": str(scratch / "cache"),
            "GOPROXY": f"file://{proxy.folder}",
            "GOSUMDB": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod -modcacherw",
        }

    def run(self, *arguments: str, cwd: Path) -> str:
        done = self.start(*arguments, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["go", *arguments], cwd=cwd, env=self.environment, capture_output=True, text=True, check=False
        )


def debian(module: str) -> dict[str, bytes]:
    """A module's sources without its tests, which would require more."""
    tests = {"test", "testdata"}
    found = (path for path in (DEBIAN / module).rglob("*") if path.is_file() and not path.name.endswith("_test.go"))
    kept = {path.relative_to(DEBIAN / module): path for path in found}
    return {short.as_posix(): path.read_bytes() for short, path in kept.items() if not tests & set(short.parts)}


def write(folder: Path, tree: Mapping[str, bytes]) -> Path:
    for path, content in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Go:
    proxy = Proxy(tmp_path_factory.mktemp("proxy"))
    for version in VERSIONS:
        proxy.publish(TELEMETRY, f"v{version}", go_package(released("telemetry", version), prefix=PREFIX))
    return Go(proxy, tmp_path_factory.mktemp("go"))


def test_a_program_for_1_0_0_runs_with_every_release(go: Go, tmp_path: Path) -> None:
    for version in VERSIONS:
        folder = write(tmp_path / version, {"main.go": PROGRAM.encode(), "go.mod": b"module example.com/program\n"})
        go.run("get", f"{TELEMETRY}@v{version}", cwd=folder)
        go.run("mod", "tidy", cwd=folder)
        go.run("build", "-o", str(tmp_path / f"program-{version}"), ".", cwd=folder)
        assert f"{TELEMETRY} v{version}" in (folder / "go.mod").read_text()
    for writer in VERSIONS:
        call(tmp_path / f"program-{writer}", "write", writer)
        for reader in VERSIONS:
            said = call(tmp_path / f"program-{reader}", "read", writer)
            assert said.splitlines() == [f"telemetry {reader}", *SAID], (writer, reader)


def call(program: Path, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], cwd=program.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_published_is_formatted_vetted_and_tidy(go: Go, tmp_path: Path) -> None:
    folder = write(tmp_path / "module", go_package(released("telemetry", "1.2.0"), prefix=PREFIX))
    before = (folder / "go.mod").read_bytes()
    go.run("mod", "tidy", cwd=folder)
    assert (folder / "go.mod").read_bytes() == before
    go.run("vet", "./...", cwd=folder)
    assert subprocess.run(["gofmt", "-l", "."], cwd=folder, capture_output=True, text=True, check=True).stdout == ""


def test_a_narrowed_module_refuses_undeclared_fields_and_keeps_their_bytes(go: Go, tmp_path: Path) -> None:
    go.proxy.publish(NARROWED, "v1.2.0", go_package(released("telemetry", "1.2.0", uses=REWARD), prefix=PREFIX))
    folder = write(tmp_path / "program", {"main.go": DOUBLED.encode(), "go.mod": b"module example.com/program\n"})
    go.run("get", f"{NARROWED}@v1.2.0", cwd=folder)
    go.run("mod", "tidy", cwd=folder)
    go.run("build", "-o", "program", ".", cwd=folder)
    (folder / "step.binpb").write_bytes(TelemetryStepV1(run_id="r", reward=1.5).SerializeToString())
    said = call(folder / "program", "step.binpb")
    write(folder, {"main.go": DOUBLED.replace("step.Reward *= 2", 'step.RunId = ""').encode()})
    wrong = go.start("build", ".", cwd=folder)

    assert said.startswith("billing sha256:")
    assert TelemetryStepV1.FromString((folder / "step.binpb").read_bytes()) == TelemetryStepV1(run_id="r", reward=3)
    assert "step.RunId undefined" in wrong.stderr


def test_comments_and_deprecation_are_in_its_documentation(go: Go, tmp_path: Path) -> None:
    folder = write(tmp_path / "module", go_package(released("telemetry", "1.2.0"), prefix=PREFIX))
    said = go.run("doc", "./telemetry/v1", "TelemetryStepV1", cwd=folder)
    assert SUNSET in said
    assert "Deprecated: " in said
    assert "The position of the step in its episode, from 0." in said
    assert "says which release of telemetry" in go.run("doc", ".", cwd=folder)


def test_go_takes_its_code_for_generated(go: Go) -> None:
    tree = go_package(released("telemetry", "1.4.0"), prefix=PREFIX)
    for path, content in tree.items():
        if path.endswith(".pb.go"):
            marked = [line for line in content.decode().splitlines() if line.startswith("// Code generated ")]
            assert marked
            assert marked[0].endswith(" DO NOT EDIT."), path


def test_services_compile(go: Go, tmp_path: Path) -> None:
    oldest = {"go.mod": f"module {GRPC}\n".encode()}
    go.proxy.publish(GRPC, "v1.32.0", oldest)  # which the package asks for; Debian has a newer one
    for module, version in UNDER_GRPC.items():
        go.proxy.publish(module, version, {**debian(module), "go.mod": f"module {module}\n\ngo 1.17\n".encode()})
    folder = write(tmp_path / "module", go_package(released("telemetry", "1.4.0"), prefix=PREFIX))
    assert f"{GRPC} v1.32.0" in (folder / "go.mod").read_text()
    go.run("get", *(f"{module}@{version}" for module, version in UNDER_GRPC.items()), cwd=folder)
    go.run("build", "./...", cwd=folder)
    said = go.run("doc", "./telemetry/v1", "TelemetryQueryServiceClient", cwd=folder)
    assert "Gives one step; NOT_FOUND where there is none." in said


def test_a_needed_module_is_imported_from_its_own_go_module(go: Go, tmp_path: Path) -> None:
    text = 'syntax = "proto3"; package acme.{0}; {1} message {2} {{ {3} }}'
    money_file, lib_file, shop_file = "acme/money/v1/money.proto", "acme/lib/lib.proto", "acme/shop/v2/shop.proto"
    library = {lib_file: text.format("lib", "", "Lib", "string name = 1;")}
    imports = f'import "{lib_file}";'
    files = {**library, money_file: text.format("money.v1", imports, "Money", "acme.lib.Lib lib = 1;")}
    money = made(tmp_path, files, module="money", version="2.1.0", library=library)
    imports += f'import "{money_file}";'
    members = "acme.lib.Lib lib = 1;\n// Ends: */\nacme.money.v1.Money total = 2; optional bool x = 3;"
    files[shop_file] = text.format("shop.v2", imports, "Order", members)
    needed = Needed(module="money", version="2.1.0", files=(money_file,))
    shop = made(tmp_path, files, version="0.2.0", library=library, needs=(needed,))
    go.proxy.publish(f"{PREFIX}/money-contracts/v2", "v2.1.0", go_package(money, prefix=PREFIX))
    go.proxy.publish(f"{PREFIX}/shop-contracts", "v0.2.0", go_package(shop, prefix=PREFIX))
    program = """\
package main

import (
	"fmt"

	"example.com/contracts/money-contracts/v2/acme/lib"
	moneyv1 "example.com/contracts/money-contracts/v2/acme/money/v1"
	shopv2 "example.com/contracts/shop-contracts/acme/shop/v2"
)

func main() {
	order := &shopv2.Order{Lib: &lib.Lib{Name: "n"}, Total: &moneyv1.Money{Lib: &lib.Lib{Name: "m"}}}
	fmt.Println(order.Lib.Name, order.Total.Lib.Name)
}
"""
    tree = {"main.go": program.encode(), "go.mod": b"module example.com/program\n"}
    folder = write(tmp_path / "program", tree)
    go.run("get", f"{PREFIX}/shop-contracts@v0.2.0", cwd=folder)
    go.run("mod", "tidy", cwd=folder)
    assert go.run("run", ".", cwd=folder) == "n m\n"


def test_an_edition_is_for_plugins_that_know_it(tmp_path: Path) -> None:
    client = made(tmp_path, {"a/v1/a.proto": 'edition = "2023"; package a.v1; message A { string x = 1; }'})
    with pytest.raises(FieldstoneError, match=r"protoc-gen-go .*a/v1/a\.proto.*editions") as refused:
        go_package(client, prefix=PREFIX)
    assert refused.value.fix == "install a newer protoc-gen-go, which knows editions"
