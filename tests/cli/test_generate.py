"""`fieldstone generate`: what it writes, leaves alone, removes and refuses."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fieldstone import atomic_files as staged_files
from fieldstone.installing import with_extra
from tests.cli.workspace import MONEY, SHOP, Repo

PB2 = "generated/python/shop-contracts/shop_contracts/acme/shop/v1/shop_pb2.py"
ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")


def _generated(repo: Repo) -> dict[str, bytes]:
    return repo.snapshot("generated")


def test_it_writes_once_and_then_nothing(grown: Repo) -> None:
    ran = grown.run("generate")
    assert (ran.code, ran.out) == (0, "")
    files = _generated(grown)
    assert ran.err == f"generated: {len(files)} of {len(files)} files written, 0 removed (money 1.0.0, shop 1.2.0).\n"
    stamp = (grown.root / PB2).stat().st_mtime_ns
    again = grown.run("generate")
    assert again.err == f"generated: {len(files)} files, up to date (money 1.0.0, shop 1.2.0).\n"
    assert (grown.root / PB2).stat().st_mtime_ns == stamp
    assert _generated(grown) == files
    checked = grown.run("generate", "--check")
    assert (checked.code, checked.out) == (0, "")
    assert checked.err == f"generated: {len(files)} files, up to date.\n"


def test_the_same_bytes_in_another_place_and_process(grown: Repo, tmp_path: Path) -> None:
    grown.run("generate")
    elsewhere = tmp_path / "elsewhere" / "copy"
    shutil.copytree(grown.root, elsewhere)
    shutil.rmtree(elsewhere / "generated")
    ran = Repo(elsewhere, grown.environment).spawn("generate", cwd="schemas/shop", env={"PYTHONHASHSEED": "7"})
    assert ran.code == 0, ran
    assert Repo(elsewhere, grown.environment).snapshot("generated") == _generated(grown)


def test_a_change_is_named_and_mended(grown: Repo) -> None:
    grown.run("generate")
    grown.edit(SHOP, *ADDITION)
    ran = grown.run("generate", "--check")
    assert ran.code == 1
    assert ran.out == (
        "differs: generated/manifest.json\n"
        "differs: generated/python/shop-contracts/pyproject.toml\n"
        "differs: generated/python/shop-contracts/shop_contracts/_descriptors.py\n"
        f"differs: {PB2}\n"
        f"differs: {PB2}i\n"
        "differs: generated/python/shop-contracts/shop_contracts/release.py\n"
    )
    assert ran.err == "generated is out of date: run `fieldstone generate`\n"
    mended = grown.run("generate")
    assert mended.err.startswith("generated: 6 of ")
    assert mended.err.endswith("files written, 0 removed (money 1.0.0, shop 1.3.0.dev0).\n")
    assert 'version = "1.3.0.dev0"' in grown.read("generated/python/shop-contracts/pyproject.toml")
    assert grown.run("generate", "--check").code == 0
    grown.release("shop")
    released = grown.run("generate", "--check")
    assert "differs: generated/python/shop-contracts/pyproject.toml" in released.out
    grown.run("generate")
    assert 'version = "1.3.0"' in grown.read("generated/python/shop-contracts/pyproject.toml")


def test_a_file_edited_by_hand_or_deleted(grown: Repo) -> None:
    grown.run("generate")
    before = _generated(grown)
    grown.write(PB2, grown.read(PB2) + "# mine\n")
    (grown.root / f"{PB2}i").unlink()
    ran = grown.run("generate", "--check", "shop")
    assert (ran.code, ran.out) == (1, f"differs: {PB2}\nmissing: {PB2}i\n")
    assert ran.err.endswith("run `fieldstone generate shop`\n")
    grown.run("generate", "shop")
    assert _generated(grown) == before


def test_what_is_no_longer_generated_is_removed_with_its_folder(grown: Repo) -> None:
    grown.write("schemas/shop/acme/cart/v1/cart.proto", 'syntax = "proto3";\npackage acme.cart.v1;\nmessage Cart {}\n')
    grown.run("generate")
    cart = "generated/python/shop-contracts/shop_contracts/acme/cart"
    grown.write(f"{cart}/v1/__pycache__/cart_pb2.cpython-311.pyc", b"")
    shutil.rmtree(grown.root / "schemas/shop/acme/cart")
    ran = grown.run("generate", "--check")
    assert f"orphaned: {cart}/v1/cart_pb2.py\n" in ran.out
    assert ", 5 removed" not in ran.err
    ran = grown.run("generate")
    assert " files written, 4 removed " in ran.err
    assert not (grown.root / cart).exists()
    assert grown.run("generate", "--check").code == 0


def test_an_orphan_that_the_manifest_does_not_know_is_told_by_its_first_line(grown: Repo) -> None:
    grown.run("generate")
    back = PB2.replace("shop_pb2", "old_pb2")
    shutil.copy(grown.root / PB2, grown.root / back)  # as a merge brings it back
    assert grown.run("generate", "--check").out == f"orphaned: {back}\n"
    grown.run("generate")
    assert not (grown.root / back).exists()


def test_a_module_that_left_leaves_nothing_behind(grown: Repo) -> None:
    grown.run("generate")
    grown.settings("[modules.money]\ngenerate = false\n")
    ran = grown.run("generate")
    assert ran.code == 0, ran
    assert sorted(path.name for path in (grown.root / "generated/python").iterdir()) == ["shop-contracts"]
    assert list(json.loads(grown.read("generated/manifest.json"))["modules"]) == ["shop"]
    assert (grown.root / "generated/python/shop-contracts/shop_contracts/acme/money/v1/money_pb2.py").is_file()


def test_files_of_others_are_left_alone(grown: Repo) -> None:
    grown.run("generate")
    notes = ("generated/README.md", "generated/typescript/a.ts", "generated/python/other/a.py")
    inside = "generated/python/shop-contracts/notes.py"
    for path in (*notes, inside):
        grown.write(path, "mine\n")
    for command in (("generate", "--check"), ("generate",)):
        ran = grown.run(*command)
        assert ran.code == 0
        assert ran.err.startswith(f"not generated, left unchanged: {inside}\n")
    assert all((grown.root / path).is_file() for path in (*notes, inside))


def test_one_module_leaves_the_others_as_they_are(grown: Repo) -> None:
    grown.run("generate")
    grown.edit(SHOP, *ADDITION)
    grown.edit(MONEY, "int64 units = 2;", "int64 units = 2;\n  int32 nanos = 3;")
    before = grown.read(PB2)
    ran = grown.run("generate", "money")
    assert "(money 1.1.0.dev0)" in ran.err
    assert grown.read(PB2) == before
    modules = json.loads(grown.read("generated/manifest.json"))["modules"]
    assert {name: entry["version"] for name, entry in modules.items()} == {"money": "1.1.0.dev0", "shop": "1.2.0"}
    assert grown.run("generate", "--check", "money").code == 0
    assert grown.run("generate", "--check").code == 1


def test_the_manifest_names_inputs_releases_outputs_and_the_tool_once(grown: Repo) -> None:
    grown.run("generate")
    manifest = json.loads(grown.read("generated/manifest.json"))
    assert manifest["generator"].startswith("fieldstone ")
    shop = manifest["modules"]["shop"]
    assert list(shop["inputs"]) == [MONEY, SHOP]
    assert list(shop["releases"]) == ["1.0.0", "1.1.0", "1.2.0"]
    listed = {path for module in manifest["modules"].values() for path in module["outputs"]}
    assert listed == _generated(grown).keys() - {"manifest.json"}


def test_out(grown: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    ran = grown.run("generate", "--out", str(outside))
    assert ran.code == 0
    assert (outside / "manifest.json").is_file()
    assert not (grown.root / "generated").exists()
    (outside / "manifest.json").unlink()
    ran = grown.run("generate", "--check", "--out", str(outside))
    assert (ran.code, ran.out) == (1, f"missing: {os.path.relpath(outside, grown.root)}/manifest.json\n")
    assert ran.err.endswith(f"run `fieldstone generate --out {outside}`\n")
    grown.settings('[generate]\nout = "code/made"\n')
    assert grown.run("generate", cwd="schemas").err.startswith("../code/made: ")
    assert (grown.root / "code/made/manifest.json").is_file()


@pytest.mark.parametrize("out", ["..", ".", "../elsewhere", "/tmp/elsewhere"])  # noqa: S108 - refused
def test_settings_that_lead_out_of_the_repository(grown: Repo, out: str) -> None:
    grown.settings(f'[generate]\nout = "{out}"\n')
    ran = grown.run("generate")
    assert "which is no folder below" in ran.error
    assert ran.error.endswith("or use --out")


def test_schemas_that_do_not_compile(grown: Repo) -> None:
    grown.run("generate")
    before = _generated(grown)
    grown.edit(SHOP, "string id = 1;", "string id = ;")
    for command in (("generate",), ("generate", "--check"), ("generate", "shop")):
        said = grown.run(*command).err.splitlines()
        assert said[0] == "error: schemas/shop does not compile: 2 errors"
        assert [line.split(" ")[0] for line in said[1:]] == [f"{SHOP}:9:3:", f"{SHOP}:9:15:"]
    assert _generated(grown) == before


def test_no_workspace_and_no_such_module(grown: Repo) -> None:
    assert "no module shap" in grown.run("generate", "shap").error
    (grown.root / "buf.yaml").unlink()
    assert grown.run("generate").error.startswith("error: no buf.yaml in ")


def test_modules_that_nothing_is_generated_from(telemetry: Repo) -> None:
    ran = telemetry.run("generate", "fieldstone")
    assert ran.error.startswith("error: nothing is generated from fieldstone; it holds options alone")
    telemetry.settings("[modules.telemetry]\ngenerate = false\n[modules.trainer]\ngenerate = false\n")
    assert "the settings say `generate = false` for telemetry" in telemetry.run("generate", "telemetry").error
    assert telemetry.run("generate").error.startswith("error: nothing to generate: no module in ")


def test_a_module_without_files(grown: Repo) -> None:
    shutil.rmtree(grown.root / "schemas/money/acme")
    ran = grown.run("generate", "money")
    assert ran.error.startswith("error: nothing is generated from money; there are no .proto files below ")


def test_out_is_a_file(grown: Repo) -> None:
    grown.write("generated", "mine\n")
    for command in (("generate",), ("generate", "--check")):
        assert "generated is a file, not a folder" in grown.run(*command).error
    assert grown.read("generated") == "mine\n"


def test_a_file_in_the_place_of_a_folder(grown: Repo) -> None:
    grown.write("generated/python/shop-contracts", "mine\n")
    ran = grown.run("generate")
    assert "cannot write" in ran.error
    assert "nothing was generated" in ran.error
    assert _generated(grown) == {"python/shop-contracts": b"mine\n"}
    assert [path.name for path in (grown.root / "generated").rglob("*")] == ["python", "shop-contracts"]


def test_a_folder_in_the_place_of_a_file(grown: Repo) -> None:
    grown.write(f"{PB2}/mine.txt", "mine\n")
    ran = grown.run("generate")
    assert PB2 in ran.error
    assert list(_generated(grown)) == [f"{PB2.removeprefix('generated/')}/mine.txt"]


def test_a_full_disk_leaves_all_as_it_was(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    grown.run("generate")
    grown.edit(SHOP, *ADDITION)
    before = _generated(grown)
    stage, count = staged_files._stage, 0  # noqa: SLF001

    def fail_late(target: Path, content: bytes) -> Path:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return stage(target, content)

    monkeypatch.setattr(staged_files, "_stage", fail_late)
    assert "No space left on device; nothing was generated" in grown.run("generate").error
    assert _generated(grown) == before
    monkeypatch.undo()
    assert grown.run("generate").code == 0


def test_a_folder_that_cannot_be_made(grown: Repo) -> None:
    grown.write("taken", "by a file")
    assert "Not a directory; nothing was generated" in grown.run("generate", "--out", "taken/generated").error


@pytest.mark.parametrize("text", ["", "[]", '{"modules": {"shop": 1}}', "nonsense"])
def test_a_manifest_that_is_none(grown: Repo, text: str) -> None:
    grown.run("generate")
    before = _generated(grown)
    grown.write("generated/manifest.json", text)
    assert grown.run("generate", "--check").out == "differs: generated/manifest.json\n"
    assert "is no manifest of generated code" in grown.run("generate", "shop").error
    grown.run("generate")
    assert _generated(grown) == before


def test_a_manifest_that_names_files_elsewhere_removes_none(grown: Repo) -> None:
    grown.run("generate")
    manifest = json.loads(grown.read("generated/manifest.json"))
    manifest["modules"]["shop"]["outputs"]["../buf.yaml"] = "0"
    grown.write("generated/manifest.json", json.dumps(manifest))
    assert grown.run("generate").code == 0
    assert (grown.root / "buf.yaml").is_file()


@pytest.mark.parametrize(
    ("package", "said"), [("grpc_tools", "takes grpcio-tools"), ("jinja2", "takes Jinja2")], ids=["grpc", "jinja2"]
)
def test_without_the_extra(grown: Repo, monkeypatch: pytest.MonkeyPatch, package: str, said: str) -> None:
    from fieldstone.codegen import render

    render._environment.cache_clear()  # noqa: SLF001
    monkeypatch.setitem(sys.modules, package, None)
    ran = grown.run("generate")
    assert said in ran.error
    assert f"`{with_extra('generate')}`" in ran.error
    assert not (grown.root / "generated").exists()


def test_without_ruff(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **more: None if name == "ruff" else which(name, **more))
    ran = grown.run("generate")
    assert ran.error.startswith("error: no ruff beside ")
    assert ran.error.endswith(f"install it: `{with_extra('generate')}`")


def test_what_generating_takes_is_imported_by_no_other_command(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    code = (
        "import sys\nfrom fieldstone.cli.group import cli\ncli(['check'], standalone_mode=False)\n"
        "print([name for name in ('jinja2', 'grpc_tools', 'grpc', 'fieldstone.codegen.render') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=grown.root, env=dict(grown.environment), capture_output=True, check=True
    )
    assert ran.stdout == b"[]\n"


def test_a_major_version_is_a_package_of_its_own(released: Repo) -> None:
    released.run("generate")
    released.edit(MONEY, "int64 units = 2;", "string units = 2;")
    why = ("--reason", "cents", "--until", "2099-01-01", "--owner", "ada")
    assert released.run("waive", "field-type-changed", "acme.money.v1.Money.units", *why).code == 0
    ran = released.run("generate")
    assert "(money 2.0.0.dev0, " in ran.err
    assert sorted(path.name for path in (released.root / "generated/python").iterdir()) == [
        "money-contracts-v2",
        "shop-contracts",
    ]
    stub = released.read("generated/python/shop-contracts/shop_contracts/acme/shop/v1/shop_pb2.pyi")
    assert "from money_contracts_v2.acme.money.v1 import money_pb2" in stub
    assert '"money-contracts-v2>=2.0.0.dev0,<3"' in released.read("generated/python/shop-contracts/pyproject.toml")
