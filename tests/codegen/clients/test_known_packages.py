"""Third-party files whose code other packages have: the table, its extension, and each language that follows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.clients.go import go_package
from fieldstone.codegen.clients.java import java_package
from fieldstone.codegen.clients.python import python_package
from fieldstone.codegen.clients.typescript import typescript_package
from fieldstone.codegen.contracts.protoc import run_protoc
from fieldstone.codegen.known_packages import KNOWN, KnownPackage
from fieldstone.errors import FieldstoneError
from tests.codegen.clients.fakes import make_plugin, make_program
from tests.codegen.clients.releases import made

LIBRARY = {
    "acme/common/v1/c.proto": 'syntax = "proto3"; package acme.common.v1; import "acme/base/b.proto"; '
    "message C { acme.base.B b = 1; }",
    "acme/base/b.proto": 'syntax = "proto3"; package acme.base; message B {}',
    "grpc/health/v1/health.proto": 'syntax = "proto3"; package grpc.health.v1; message Health {}',
    "other/o.proto": 'syntax = "proto3"; package other; message O {}',
}
SHOP = """\
syntax = "proto3"; package acme.shop.v1;
import "acme/common/v1/c.proto"; import "grpc/health/v1/health.proto"; import "other/o.proto";
message Order { acme.common.v1.C c = 1; grpc.health.v1.Health health = 2; other.O o = 3; }
"""
MORE = {
    "acme/common/": {
        "python": "acme-protos>=1,<2",
        "python-import": "acme_protos.common",
        "npm": "@acme/protos@^1.2.0",
        "npm-import": "@acme/protos/gen/common",
        "go": "example.com/protos@v1.2.0",
        "go-import": "example.com/protos/common",
        "maven": "com.acme:protos:1.2.0",
    }
}
WRITES_GO = """
for name in request.file_to_generate:
    text = '// protoc-gen-go v1.28.1\\n// ' + request.parameter
    response.file.add(name=name + '.pb.go', content=text)
"""
WRITES_JAVA = """
import pathlib, sys
if sys.argv[1:] == ["--version"]:
    print("libprotoc 3.21.12")
else:
    out = next(argument for argument in sys.argv if argument.startswith("--java_out=")).partition("=")[2]
    pathlib.Path(out, "Said.java").write_text(" ".join(a for a in sys.argv if a.endswith(".proto")))
"""


@pytest.fixture
def shop(tmp_path: Path) -> ClientPackage:
    client = made(tmp_path, {**LIBRARY, "acme/shop/v1/shop.proto": SHOP}, library=LIBRARY)
    return replace(client, known=KNOWN.extended(MORE), annotated=client.image.SerializeToString())


def test_the_innermost_folder_decides() -> None:
    known = KNOWN.extended({"a/": {"npm": "a@1"}, "a/b/": {"npm": "b@1"}, "a/b/c/": {"go": "c@v1.0.0"}})
    found = known.find("a/b/c/d.proto", "npm")
    assert found is not None
    assert (found.folder, found.package.npm_name, found.package.npm_range) == ("a/b/", "b", "1")
    assert known.find("a/b/c/d.proto", "maven") is None
    assert known.find("ab/c.proto", "npm") is None
    common = KNOWN.find("google/type/money.proto", "python")
    assert common is not None
    assert common.package.python.startswith("googleapis-common-protos")
    assert KNOWN.find("google/type/not_there.proto", "python") is None
    assert KNOWN.extended({"x/": {"npm-import": "y"}}).table["x/"] == KnownPackage(npm_import="y")


def test_python_imports_what_others_have(shop: ClientPackage) -> None:
    tree = {path: content.decode() for path, content in python_package(shop, "").items()}
    module = tree["shop_contracts/acme/shop/v1/shop_pb2.py"]
    assert [path for path in tree if path.endswith("_pb2.py")] == [
        "shop_contracts/acme/shop/v1/shop_pb2.py",
        "shop_contracts/other/o_pb2.py",
    ]
    assert "from acme_protos.common.v1 import c_pb2 as" in module
    assert "from grpc_health.v1 import health_pb2 as" in module
    for requirement in ("acme-protos>=1,<2", "grpcio-health-checking>=1.62,<2"):
        assert f'"{requirement}"' in tree["pyproject.toml"]
    assert '"other.o_pb2"' in tree["shop_contracts/_descriptors.py"]


OURS = """
from shop_contracts import _descriptors
from shop_contracts.acme.shop.v1 import shop_pb2
order = shop_pb2.Order(o={})
order.at.GetCurrentTime()
assert shop_pb2.Order.FromString(order.SerializeToString()) == order
"""
THEIRS = "from other import o_pb2; o_pb2.O()\n"
STATES = (
    "from google.protobuf import descriptor_pool; print(_descriptors.POOL == descriptor_pool.Default(), "
    "'other.o_pb2' in __import__('sys').modules)"
)


@pytest.mark.parametrize(("more", "shared"), [("", "True"), ("string more = 1;", "False")])
def test_a_bundled_file_and_another_copy_of_it_work_in_one_process(more: str, shared: str, tmp_path: Path) -> None:
    other = 'syntax = "proto3"; package other; message O {{{}}}'
    order = (
        'syntax = "proto3"; package acme.shop.v1; import "google/protobuf/timestamp.proto"; import "other/o.proto"; '
        "message Order { other.O o = 1; google.protobuf.Timestamp at = 2; }"
    )
    files = {"other/o.proto": other.format(""), "acme/shop/v1/shop.proto": order}
    client = made(tmp_path / "ours", files, library=["other/o.proto"])
    for path, content in python_package(replace(client, annotated=client.image.SerializeToString()), "").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    def said(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said(OURS + STATES) == "True False\n"  # nothing else is installed
    theirs = made(tmp_path / "theirs", {"other/o.proto": other.format(more)})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "o_pb2.py").write_text(run_protoc(theirs.image, ["other/o.proto"], [])["other/o_pb2.py"])
    assert said(OURS + THEIRS + STATES) == f"{shared} True\n"
    assert said(THEIRS + OURS + STATES) == f"{shared} True\n"


def test_npm_imports_what_others_have(shop: ClientPackage) -> None:
    tree = typescript_package(shop, scope="acme")
    assert 'from "@acme/protos/gen/common/v1/c_pb.js"' in tree["acme/shop/v1/shop_pb.js"].decode()
    assert json.loads(tree["package.json"])["dependencies"]["@acme/protos"] == "^1.2.0"
    assert [path for path in tree if path.endswith("_pb.js")] == [
        "acme/shop/v1/shop_pb.js",
        "grpc/health/v1/health_pb.js",
        "other/o_pb.js",
    ]


def test_java_depends_on_what_others_have(shop: ClientPackage, tmp_path: Path) -> None:
    protoc = make_program(tmp_path, "protoc", f"#!{sys.executable}\n{WRITES_JAVA}")
    tree = java_package(shop, group="com.example", protoc=str(protoc))
    said = tree["src/main/java/Said.java"].decode().splitlines()[-1]
    assert said.split() == ["acme/shop/v1/shop.proto", "other/o.proto"]
    pom = "".join(tree["pom.xml"].decode().split())
    assert "<groupId>com.acme</groupId><artifactId>protos</artifactId><version>1.2.0</version>" in pom
    assert "<artifactId>grpc-services</artifactId>" in pom


def test_go_requires_what_others_have(shop: ClientPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_plugin(tmp_path, "protoc-gen-go", WRITES_GO)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    tree = go_package(shop, prefix="example.com/contracts")
    written = ["acme/shop/v1/shop.proto.pb.go", "other/o.proto.pb.go"]
    assert [path for path in tree if path.endswith(".pb.go")] == written
    said = tree["acme/shop/v1/shop.proto.pb.go"].decode()
    assert "Macme/common/v1/c.proto=example.com/protos/common/v1," in said
    assert "Mgrpc/health/v1/health.proto=google.golang.org/grpc/health/grpc_health_v1," in said
    required = tree["go.mod"].decode()
    assert "\texample.com/protos v1.2.0\n" in required
    assert "\tgoogle.golang.org/grpc v1.64.0\n" in required
    nowhere = KNOWN.extended({"acme/common/": {"go": "example.com/protos@v1.2.0"}})
    with pytest.raises(FieldstoneError, match=r"acme/common/v1/c\.proto has no go_package"):
        go_package(replace(shop, known=nowhere), prefix="example.com/contracts")
