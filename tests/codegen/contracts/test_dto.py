"""Contracts packages: importable wherever they lie, typed, and silent about what is the owner's concern."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from fieldstone.codegen.contracts.packages import protobuf_range
from fieldstone.codegen.names import compatible, dto_module, python_version
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.workflows.generate import generate
from fieldstone.workflows.generating.generated_modules import generated_modules
from fieldstone.workspace.checkouts import compile_module
from tests.codegen.shop import FILES, SHOP, USES, Workspace, make_generated, make_workspace

ROUND_TRIP = """
import pickle
from {prefix}shop_contracts import root_pb2
from {prefix}shop_contracts.acme.lambda_.v1 import call_pb2
call = call_pb2.Call(part=dict(name="p"), order=dict(id="7", paid=dict(units=2), total=dict(units=3)))
assert call_pb2.Call.FromString(call.SerializeToString()) == call
assert pickle.loads(pickle.dumps(call)) == call
print(call.order.total.units, type(call).__module__)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_generated(tmp_path_factory.mktemp("shop"))


def test_messages_round_trip_also_when_pickled(shop: Workspace) -> None:
    said = shop.python(ROUND_TRIP.format(prefix=""))
    assert said == "3 shop_contracts.acme.lambda_.v1.call_pb2\n"


def test_a_package_works_below_another_one(shop: Workspace, tmp_path: Path) -> None:
    home = tmp_path / "odd" / "vendored"
    home.mkdir(parents=True)
    (home / "__init__.py").touch()
    shutil.copytree(shop.root / "generated/python/shop-contracts/shop_contracts", home / "shop_contracts")
    path = f"{tmp_path / 'odd'}:{shop.root / 'generated/python/money-contracts'}"
    said = shop.python(ROUND_TRIP.format(prefix="vendored."), path)
    assert said == "3 vendored.shop_contracts.acme.lambda_.v1.call_pb2\n"


def test_a_package_works_from_a_zip_file(shop: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("shop", "money"):
            top = shop.root / f"generated/python/{name}-contracts"
            for path in top.rglob("*.py"):
                archive.write(path, path.relative_to(top))
    assert shop.python(ROUND_TRIP.format(prefix=""), str(tmp_path / "all.zip")).startswith("3 ")


def test_the_pure_python_runtime_reads_it_too(shop: Workspace) -> None:
    assert shop.python(ROUND_TRIP.format(prefix=""), PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python").startswith("3 ")


def test_services_run_blocking_and_awaited_and_pass_strict_mypy(shop: Workspace) -> None:
    (shop.root / "uses.py").write_text(USES)
    ran = shop.run(sys.executable, "uses.py")
    assert ran.returncode == 0, ran.stderr
    packages = [str(path) for path in shop.root.glob("generated/python/*/*_contracts")]
    cache = f"--cache-dir={shop.root / '.mypy_cache'}"
    checked = shop.run(sys.executable, "-m", "mypy", "--strict", cache, "uses.py", *packages)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("stub.Get(empty_pb2.Empty())", 'expected "Order"'),
        ("x: str = stub.Get(ORDER).share", '(expression has type "int"'),
        ("x: int = stub.Get(ORDER)", '(expression has type "Part"'),
    ],
)
def test_types_tell_a_wrong_call(shop: Workspace, wrong: str, said: str) -> None:
    name = f"wrong_{abs(hash(wrong))}.py"
    (shop.root / name).write_text(f"{USES}\n\ndef wrong(stub: shop_pb2_grpc.ShopServiceStub) -> None:\n    {wrong}\n")
    checked = shop.run(sys.executable, "-m", "mypy", "--strict", f"--cache-dir={shop.root / '.mypy_cache'}", name)
    assert said in checked.stdout
    assert checked.stdout.count("error:") == 1


def test_annotations_stay_at_home_and_other_options_and_deprecation_stay(shop: Workspace) -> None:
    modules = (p for p in shop.root.glob("generated/python/*/*/**/*") if p.suffix in {".py", ".pyi"})
    texts = "".join(path.read_text() for path in modules)
    assert "secret-team" not in texts
    assert "import fieldstone" not in texts
    assert "annotations_pb2" in texts  # that of google.api
    said = shop.python(
        "from shop_contracts.acme.shop.v1 import shop_pb2 as s\n"
        "from shop_contracts.acme.part_s.v1 import part_s_pb2 as p\n"
        "order = s.Order.DESCRIPTOR\n"
        "print(order.GetOptions().deprecated, order.fields_by_name['parts'].GetOptions().Extensions[p.mine])\n"
        "print([file.name for file in s.DESCRIPTOR.public_dependencies])\n"
        "import sys; print([name for name in sys.modules if name.startswith('fieldstone')])"
    )
    assert said == "True kept-option\n['acme/part-s/v1/part-s.proto']\n[]\n"


def test_what_others_publish_is_theirs(shop: Workspace) -> None:
    packages = sorted(path.name for path in shop.root.glob("generated/python/*"))
    assert packages == ["money-contracts", "shop-contracts"]  # no annotations, no third_party
    project = tomllib.loads(shop.read("shop-contracts/pyproject.toml"))["project"]
    assert (project["name"], project["version"]) == ("shop-contracts", "1.0.0.dev0")
    common, money, protobuf = project["dependencies"]
    assert common.startswith("googleapis-common-protos>=")
    assert money == "money-contracts>=1.0.0.dev0,<2"
    assert protobuf.startswith("protobuf>=7.")
    assert project["optional-dependencies"]["grpc"] == ["grpcio>=1.85.1,<2"]
    (alone,) = tomllib.loads(shop.read("money-contracts/pyproject.toml"))["project"]["dependencies"]
    assert alone == protobuf


def test_every_text_says_where_it_comes_from_and_none_which_tool_wrote_it(shop: Workspace) -> None:
    for path in (shop.root / "generated").rglob("*"):
        if path.suffix in {".py", ".pyi", ".toml", ".md"}:
            text = path.read_text()
            module = path.relative_to(shop.root / "generated/python").parts[0].removesuffix("-contracts")
            assert f"Generated by fieldstone from {module}. Edit the schema, not this file." in text.splitlines()[0]
            assert str(shop.root) not in text
            assert "0.1.0" not in text


def test_a_package_builds_and_the_wheel_is_typed(shop: Workspace, tmp_path: Path) -> None:
    folder = shop.root / "generated/python/shop-contracts"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"shop_contracts/py.typed", "shop_contracts/acme/lambda_/v1/call_pb2_grpc.pyi"} <= names


def test_files_of_a_module_without_a_package_come_along(tmp_path: Path) -> None:
    settings = {"fieldstone.toml": "[modules.money]\ngenerate = false\n"}
    workspace = make_generated(tmp_path, {**FILES, **settings})
    assert [path.name for path in tmp_path.glob("generated/python/*")] == ["shop-contracts"]
    said = workspace.python("from shop_contracts.acme.money.v1 import money_pb2; print(money_pb2.Money(units=3).units)")
    assert said == "3\n"


def test_a_module_of_options_is_generated_where_the_settings_ask(tmp_path: Path) -> None:
    settings = {"fieldstone.toml": "[modules.annotations]\ngenerate = true\n"}
    workspace = make_generated(tmp_path, {**FILES, **settings})
    said = workspace.python(
        "from annotations_contracts.fieldstone.v1 import annotations_pb2 as a; print(a.entity.number)"
    )
    assert said == "51202\n"


def test_a_contract_that_uses_a_message_of_the_vocabulary_carries_it(tmp_path: Path) -> None:
    used = FILES[SHOP].replace("string from = 8;", "string from = 8;\n  fieldstone.v1.Lifecycle life = 9;")
    workspace = make_generated(tmp_path, {**FILES, SHOP: used})
    said = workspace.python(
        "from shop_contracts.acme.shop.v1 import shop_pb2\n"
        "o = shop_pb2.Order(life={'owner': 'us'}); print(o.life.owner, o.DESCRIPTOR.GetOptions().deprecated)"
    )
    assert said == "us True\n"


def test_proto2_and_editions(tmp_path: Path) -> None:
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: old\n",
        "old/a/v1/a.proto": 'syntax = "proto2"; package a.v1; message A { required string x = 1; '
        "extensions 100 to max; }",
        "old/a/v1/b.proto": 'edition = "2023"; package a.v1; import "a/v1/a.proto"; message B { A a = 1; } '
        "extend A { B b = 100; }",
    }
    workspace = make_generated(tmp_path, files)
    said = workspace.python(
        "from old_contracts.a.v1 import a_pb2, b_pb2\n"
        "a = a_pb2.A(x='1'); a.Extensions[b_pb2.b].a.x = '2'\n"
        "print(a_pb2.A.FromString(a.SerializeToString()).Extensions[b_pb2.b].a.x)"
    )
    assert said == "2\n"


def test_two_packages_may_carry_one_remote_file(tmp_path: Path) -> None:
    """As two modules that import one that is in no package do."""
    message = 'syntax = "proto3"; package {0}.v1; import "lib/v1/lib.proto"; message M {{ lib.v1.Lib lib = 1; }}'
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: one\n  - path: two\n  - path: lib\n",
        "fieldstone.toml": "[modules.lib]\ngenerate = false\n",
        "lib/lib/v1/lib.proto": 'syntax = "proto3"; package lib.v1; message Lib { string x = 1; }',
        "one/one/v1/m.proto": message.format("one"),
        "two/two/v1/m.proto": message.format("two"),
    }
    workspace = make_generated(tmp_path, files)
    said = workspace.python(
        "from one_contracts.one.v1 import m_pb2 as one\nfrom two_contracts.two.v1 import m_pb2 as two\n"
        "print(one.M(lib=two.M(lib={'x': '5'}).lib).lib.x)"
    )
    assert said == "5\n"


def test_names_that_python_cannot_import(tmp_path: Path) -> None:
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: old\n",
        "old/2024/a.proto": 'syntax = "proto3"; message A {}',
    }
    make_workspace(tmp_path, files)
    with pytest.raises(FieldstoneError, match=r"cannot import 2024/a.proto: 2024 is no identifier; rename"):
        generate(Project.at(tmp_path))
    assert not (tmp_path / "generated").exists()


def test_a_message_called_like_a_keyword(tmp_path: Path) -> None:
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: old\n",
        "old/a.proto": """syntax = "proto3"; package old;
            // Nothing.
            message None { int32 int = 1; repeated int32 many = 2; }
            message Outer { .old.None none = 1; enum Kind { False = 0; pass = 1; KIND_ONE = 2; } message class {} }
            service Asked { rpc None(.old.None) returns (Outer.class); rpc Get(Outer) returns (.old.None); }""",
    }
    make_workspace(tmp_path, files)
    generate(Project.at(tmp_path))
    folder = tmp_path / "generated/python/old-contracts"
    script = """if True:
        from old_contracts import a_pb2, a_pb2_grpc
        nothing = getattr(a_pb2, "None")
        assert a_pb2.Outer(none=nothing(int=1)).none.int == 1
        assert nothing.__doc__ == "Nothing." and getattr(a_pb2.Outer, "pass") == 1
        assert getattr(a_pb2_grpc.AskedServicer, "None") and a_pb2_grpc.AskedServicer.Get
        import grpc
        assert getattr(a_pb2_grpc.AskedStub(grpc.insecure_channel("localhost:1")), "None")"""
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "old_contracts"]
    subprocess.run(mypy, cwd=folder, check=True)


def test_two_modules_that_would_be_one_package(tmp_path: Path) -> None:
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: a-b\n  - path: a_b\n",
        "a-b/a.proto": 'syntax = "proto3"; message A {}',
        "a_b/b.proto": 'syntax = "proto3"; message B {}',
    }
    make_workspace(tmp_path, files)
    with pytest.raises(FieldstoneError, match="modules a-b and a_b would both be the package a_b_contracts"):
        generate(Project.at(tmp_path))


def test_descriptors_are_the_same_but_for_the_annotations(tmp_path: Path) -> None:
    """What a module of another team would compile, apart from what is stripped, is what the package registers."""
    workspace = make_generated(tmp_path)
    project = Project.at(tmp_path)
    (money,) = generated_modules(project, ["money"])
    image = compile_module(project.workspace, money)
    said = workspace.python(
        "import pickle, sys\nfrom google.protobuf import descriptor_pb2 as d\n"
        "from money_contracts.acme.money.v1 import money_pb2\n"
        f"image = d.FileDescriptorSet.FromString(pickle.loads({pickle.dumps(image)!r}))\n"
        "(file,) = [f for f in image.file if f.name == money_pb2.DESCRIPTOR.name]\n"
        "print([m.name for m in file.message_type] == list(money_pb2.DESCRIPTOR.message_types_by_name))"
    )
    assert said == "True\n"


@pytest.mark.parametrize(
    ("version", "unreleased", "python"),
    [
        ("1.2.0", False, "1.2.0"),
        ("1.3.0", True, "1.3.0.dev0"),
        ("2.0.0-rc.1", False, "2.0.0rc1"),
        ("2.0.0-alpha", False, "2.0.0a0"),
        ("2.0.0-beta.3", True, "2.0.0b3.dev0"),
        ("2.0.0-nightly.5", False, "2.0.0.dev0"),
    ],
)
def test_versions_as_python_writes_them(version: str, unreleased: bool, python: str) -> None:  # noqa: FBT001
    assert python_version(version, unreleased=unreleased) == python


def test_ranges() -> None:
    assert compatible("1.3.0.dev0") == ">=1.3.0.dev0,<2"
    assert compatible("0.4.1") == ">=0.4.1,<0.5"
    assert protobuf_range("7.35.1") == ">=7.35.1,<9"


def test_keywords_get_an_underscore() -> None:
    assert dto_module("acme/lambda/v1/my-fn.proto") == "acme.lambda_.v1.my_fn_pb2"
