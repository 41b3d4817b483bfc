"""The plugin as `buf breaking` runs it, with the real buf."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fieldstone.toolchain import buf as toolchain
from fieldstone.toolchain.buf import find_buf
from fieldstone.workflows.buf_check import answers
from fieldstone.workflows.buf_check.calls import CHECK, LISTS, rule_id
from fieldstone.workflows.buf_check.launcher import text
from tests.cli.workspace import BUF_YAML, HERE, MONEY, SHOP, Repo, waiver

PLUGIN = "buf-plugin-fieldstone"
LAUNCHER = HERE / "src/fieldstone/cli" / PLUGIN
USED = "breaking:\n  use: [FIELDSTONE]\n"
NAMED = f"plugins:\n  - plugin: {PLUGIN}\n"
NOTE = "  string note = 4;\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both programs and buf, as an installation has them."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "buf").symlink_to(find_buf())
    shutil.copy(LAUNCHER, folder)
    program = folder / "fieldstone-buf-plugin"
    program.write_text(f"#!{sys.executable}\nfrom fieldstone.cli.buf_plugin import main\nmain()\n")
    program.chmod(0o755)
    return folder


def buf(repo: Repo, installed: Path, *args: str, cwd: str = ".") -> tuple[int, list[str], str]:
    """Run buf; its exit code, the lines of its findings that the plugin gave, and standard error."""
    done = subprocess.run(
        [find_buf(), *args],
        cwd=repo.root / cwd,
        env={**repo.environment, "PATH": f"{installed}{os.pathsep}{repo.environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def call(installed: Path, *args: str, program: str = PLUGIN, stdin: bytes = b"") -> bytes:
    return subprocess.run([installed / program, *args], input=stdin, capture_output=True, check=True).stdout


def with_plugin(repo: Repo, options: str = "", use: str = USED) -> None:
    repo.write("buf.yaml", BUF_YAML + use + NAMED + options)


def test_the_launcher_is_that_of_the_rules() -> None:
    assert LAUNCHER.read_text() == text(), "renew it as src/fieldstone/workflows/buf_check/launcher.py says"


@pytest.mark.parametrize("arguments", [("--protocol",), *((path, "--format", "binary") for path in ("--spec", *LISTS))])
def test_launcher_and_program_give_the_same_answers(installed: Path, arguments: tuple[str, ...]) -> None:
    assert call(installed, *arguments) == call(installed, *arguments, program="fieldstone-buf-plugin")


def test_the_launcher_starts_no_python(installed: Path, tmp_path: Path) -> None:
    shutil.copy(installed / PLUGIN, tmp_path)
    assert b"FIELDSTONE_FIELD_REMOVED" in call(tmp_path, LISTS[0], "--format", "binary")
    (tmp_path / "linked").symlink_to(installed / PLUGIN)
    rules = json.loads(call(tmp_path, LISTS[0], "--format", "json", program="linked"))["value"]["rules"]
    assert [rule["id"] for rule in rules] == [rule_id(rule.id) for rule in answers.plugin_rules()]
    assert {rule["type"] for rule in rules} == {2}
    broken = json.loads(call(tmp_path, CHECK, "--format", "json", program="linked", stdin=b"{"))
    assert broken["error"]["code"] == 3


def test_a_call_that_is_none_of_the_protocol_is_one_line(installed: Path) -> None:
    done = subprocess.run([installed / PLUGIN, "lint"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the plugin does not know the call lint; ")


def test_a_breaking_change_is_reported_at_its_place_and_an_additive_one_passes(grown: Repo, installed: Path) -> None:
    with_plugin(grown)
    assert buf(grown, installed, "breaking", "--against", ".git#tag=v1.2.0") == (0, [], "")
    assert buf(grown, installed, "lint") == (0, [], "")

    grown.edit(SHOP, NOTE, NOTE + "  bool gift = 5;\n")
    assert buf(grown, installed, "breaking", "--against", ".git#tag=v1.2.0") == (0, [], "")

    grown.edit(SHOP, NOTE, "  int32 note = 4;\n")
    code, lines, err = buf(grown, installed, "breaking", "--against", ".git#tag=v1.2.0", "--error-format", "json")
    assert (code, err, len(lines)) == (100, "", 1)
    found = json.loads(lines[0])
    assert (found["path"], found["start_line"], found["start_column"]) == (SHOP, 12, 3)
    assert (found["type"], found["plugin"]) == ("FIELDSTONE_FIELD_TYPE_CHANGED", PLUGIN)
    assert found["message"] == (
        "`note` of `acme.shop.v1.Order` went from string to int32; breaks wire, json, source, storage; "
        "keep `string note = 4;` and add a new field"
    )


def test_third_party_modules_are_not_judged(grown: Repo, installed: Path) -> None:
    with_plugin(grown)
    grown.edit(MONEY, "string currency = 1;", "int32 currency = 1;")
    assert buf(grown, installed, "breaking", "--against", ".git#tag=v1.2.0")[0] == 100
    grown.settings('imports-only = ["schemas/money"]\n')
    assert buf(grown, installed, "breaking", "--against", ".git#tag=v1.2.0") == (0, [], "")


def test_the_history_of_the_registry_is_judged_too(grown: Repo, installed: Path) -> None:
    with_plugin(grown)
    grown.edit(SHOP, NOTE, "  int32 weight = 4;\n")
    code, lines, _ = buf(grown, installed, "breaking", "--against", ".git#tag=v1.0.0")
    assert code == 100
    assert [line.split(":")[0] for line in lines] == [SHOP]
    assert "number 4" in lines[0]

    (grown.root / "elsewhere").mkdir()
    with_plugin(grown, "    options:\n      registry: elsewhere\n")
    code, lines, err = buf(grown, installed, "breaking", "--against", ".git#tag=v1.0.0")
    assert (code, lines) == (0, [])
    assert f"fieldstone: {grown.root / 'elsewhere'} has no release of shop: no history is consulted" in err.splitlines()


def test_settings_and_waivers_hold(grown: Repo, installed: Path) -> None:
    assert buf(grown, installed, "build", "schemas/shop", "-o", "old.binpb")[0] == 0
    with_plugin(grown)
    grown.edit(SHOP, "  string note = 4;", "  string remark = 4;")
    against = ("breaking", "schemas/shop", "--against", "old.binpb")
    assert "was `note` and is now `remark`" in buf(grown, installed, *against)[1][0]
    grown.settings('surfaces = ["wire"]\n')
    assert buf(grown, installed, *against) == (0, [], "")
    grown.settings(waiver("field-renamed", "acme.shop.v1.Order.note"))
    assert buf(grown, installed, *against) == (0, [], "")
    grown.settings(waiver("field-renamed", "acme.shop.v1.Order.note", until="2026-01-01"))
    assert buf(grown, installed, *against)[0] == 100


def test_a_removed_file_is_reported_against_an_image(grown: Repo, installed: Path) -> None:
    with_plugin(grown, use="breaking:\n  use: [FIELDSTONE_WIRE]\n")
    image = grown.root / "old.binpb"
    assert buf(grown, installed, "build", "schemas/shop", "-o", str(image))[0] == 0
    grown.write("schemas/shop/acme/shop/v1/other.proto", 'syntax = "proto3";\n\npackage acme.shop.v1;\n')
    (grown.root / SHOP).unlink()
    code, lines, _ = buf(grown, installed, "breaking", "schemas/shop", "--against", str(image))
    assert code == 100
    assert any("`acme.shop.v1.Order` was removed" in line or "Order" in line for line in lines), lines


def test_wrong_options_end_buf_with_one_clear_error(grown: Repo, installed: Path) -> None:
    assert buf(grown, installed, "build", "schemas/shop", "-o", "old.binpb")[0] == 0
    grown.edit(SHOP, NOTE, "")
    for options, said in {
        "modul: shop": "unknown option, `modul`; `module` is the name of the module",
        "module: 3": "gives `module` of the plugin fieldstone no text",
        "module: shopp": "no module shopp in ",
        "registry: nowhere": "nowhere, and that is no folder; correct it in buf.yaml",
        "settings: nowhere": "nowhere, and that is no folder; correct it in buf.yaml",
    }.items():
        with_plugin(grown, f"    options:\n      {options}\n")
        code, lines, err = buf(grown, installed, "breaking", "schemas/shop", "--against", "old.binpb")
        assert (code, lines) == (1, []), options
        assert f'Failure: plugin "{PLUGIN}" failed: Failed with code ' in err
        assert said in err


def test_without_fieldstone_the_defaults_apply_and_files_of_no_module_are_refused(
    grown: Repo, installed: Path, tmp_path: Path
) -> None:
    plain = Repo(tmp_path / "plain", grown.environment)
    for path in ("buf.yaml", SHOP, "schemas/money/acme/money/v1/money.proto"):
        plain.write(path, grown.read(path))
    with_plugin(plain)
    assert buf(plain, installed, "build", "schemas/shop", "-o", "old.binpb")[0] == 0
    plain.edit(SHOP, NOTE, "")
    code, lines, err = buf(plain, installed, "breaking", "schemas/shop", "--against", "old.binpb")
    assert (code, len(lines)) == (100, 1)
    assert "has no settings of Fieldstone, so its defaults apply, and no history is consulted" in err

    plain.write("schemas/shop/acme/shop/v1/extra.proto", 'syntax = "proto3";\n\npackage acme.shop.v1;\n')
    code, lines, err = buf(
        grown, installed, "breaking", str(plain.root / "schemas/shop"), "--against", str(plain.root / "old.binpb")
    )
    assert (code, lines) == (1, [])
    assert f"no module of {grown.root} has acme/shop/v1/extra.proto and all 2 files given; run buf in the folder" in err


def test_a_check_finds_the_plugin_for_buf_lint(grown: Repo, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_BESIDE", installed / "buf")
    with_plugin(grown, use="")
    grown.commit("the plugin")
    ran = grown.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
