"""Exempt paths and unstable packages: breaks there are noted and recorded, and no other break passes."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from fieldstone.compatibility.exemption import is_unstable
from fieldstone.toolchain.buf import find_buf
from tests.cli.workspace import SHOP, Repo
from tests.conftest import SEED

BREAK = ("  string id = 1;\n", "  int32 id = 1;\n")
PACKAGES = ("v1", "v1alpha1", "internal")
"""The last parts of the packages of `Several`, each with a message in a file of its own."""


def _path(package: str) -> str:
    return f"schemas/shop/acme/{package}/{package}.proto"


@pytest.fixture
def several(released: Repo) -> Repo:
    """A stable, an unstable and an internal package more in shop, released."""
    for package in PACKAGES:
        text = f'syntax = "proto3";\n\npackage acme.{package};\n\nmessage Thing {{\n  string id = 1;\n}}\n'
        released.write(_path(package), text)
    released.settings('[modules.shop]\nexempt-paths = ["acme/internal"]\nunstable-packages = "exempt"\n')
    released.edit("buf.yaml", "    - STANDARD\n", "    - MINIMAL\n")
    released.release("shop")
    released.commit("several packages")
    return released


def test_breaks_are_noted_recorded_and_verified_after_the_settings_are_stricter_again(several: Repo) -> None:
    for package in PACKAGES[1:]:
        several.edit(_path(package), *BREAK)
    ran = several.run("check", "--format", "json")
    document = json.loads(ran.out)
    shop = next(module for module in document["modules"] if module["module"] == "shop")
    found = {finding["subject"]: finding for finding in shop["findings"]}
    assert (ran.code, shop["bump"], shop["allowed"]) == (0, "minor", True)
    assert {(finding["rule"], finding["level"]) for finding in found.values()} == {("field-type-changed", "note")}
    assert "acme/internal is exempt (exempt-paths)" in found["acme.internal.Thing.id"]["exemption"]
    assert "the package acme.v1alpha1 is unstable" in found["acme.v1alpha1.Thing.id"]["exemption"]
    assert "additive, 2 exempt. Allowed as 1.2.0." in several.run("check").err
    said = several.release("shop").out
    assert "acme/internal is exempt" in said
    assert "acme.v1alpha1 is unstable" in several.run("registry", "show", "shop", "1.2.0").out
    several.settings("")
    assert several.run("registry", "verify").code == 0
    several.edit(_path("internal"), BREAK[1], "  bool id = 1;\n")
    assert several.run("check", "shop").code == 1


def test_the_exemption_of_a_pre_release_holds_for_those_after_it(several: Repo) -> None:
    several.edit(_path("internal"), *BREAK)
    several.release("shop", "--version", "1.2.0-rc.1")
    several.edit(_path("v1"), BREAK[0], f"{BREAK[0]}  string more = 2;\n")
    several.release("shop", "--version", "1.2.0-rc.2")
    several.release("shop", "--version", "1.2.0")
    several.settings("")
    assert several.run("registry", "verify").code == 0


def test_a_break_elsewhere_counts_beside_exempt_ones(several: Repo) -> None:
    for package in PACKAGES:
        several.edit(_path(package), *BREAK)
    ran = several.run("check", "--format", "concise")
    assert ran.code == 1
    assert ran.out.count(" is exempt (exempt-paths)") == 1
    assert "2 exempt. Refused: 1 breaking change since 1.1.0; it needs 2.0.0. " in ran.err
    several.settings('[exempt-rules]\nfield-removed = ["."]\n')
    assert several.run("check").code == 1
    several.settings('[exempt-rules]\nfield-type-changed = ["."]\n')
    assert several.run("check").code == 0


@pytest.mark.parametrize("how", ["file", "type"])
def test_a_protected_type_may_not_move_into_an_exempt_file(how: str, several: Repo) -> None:
    several.settings('surfaces = ["wire"]\nexempt-paths = ["acme/internal"]\n')
    text = several.read(_path("v1"))
    if how == "type":
        several.write(_path("v1"), text.replace("message Thing", "message Other"))
    else:
        (several.root / _path("v1")).unlink()
    several.write("schemas/shop/acme/internal/moved.proto", text)
    ran = several.run("check", "--no-style", "--format", "concise")
    assert ran.code == 1
    assert "exempt-file-entered" in ran.out
    assert several.run("explain", "exempt-file-entered").code == 0
    several.settings('surfaces = ["wire"]\nexempt-paths = ["acme/internal", "acme/v1"]\n')
    assert several.run("check", "--no-style").code == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('exempt-paths = ["../x"]', "without patterns"),
        ('exempt-paths = ["/x"]', "without patterns"),
        ('exempt-paths = ["acme/*"]', "without patterns"),
        ('exempt-paths = "acme"', "must be of type array"),
        ('unstable-packages = "ignore"', "it may be protect, exempt"),
        ('[exempt-rules]\nFIELD_SAME_TYPE = ["a"]', "fieldstone explain FIELD_SAME_TYPE"),
        ('[exempt-rules]\nfield-tipe-changed = ["a"]', "did you mean field-type-changed?"),
        ('[exempt-rules]\nmessage-name-without-version = ["a"]', "a rule of style"),
        ('[exempt-rules]\nfield-removed = "a"', "must be of type array"),
    ],
)
def test_a_wrong_exemption_is_one_clear_line(settings: str, said: str, released: Repo) -> None:
    released.settings(settings + "\n")
    assert said in released.run("check").error


def test_a_package_is_unstable_where_buf_says_so(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    parts = ["v", "1", "2", "0", "10", "p", "alpha", "beta", "test", "x", "V"]
    names = {"v1", "v1test", "v1testing", "v1alpha", "v1alpha0", "v1beta2", "v2p1beta", "v0alpha1", "v1p0alpha1"}
    names |= {"v" + "".join(chance.choices(parts, k=chance.randint(1, 5))) for _ in range(120)}
    for folder, body in (("old", "string id = 1;"), ("new", "")):
        for name in names:
            file = tmp_path / folder / f"{name}.proto"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f'syntax = "proto3";\npackage acme.{name};\nmessage M {{ {body} }}\n')
        (tmp_path / folder / "buf.yaml").write_text(
            "version: v2\nbreaking:\n  use: [FIELD_NO_DELETE]\n  ignore_unstable_packages: true\n"
        )
    command = [find_buf(), "breaking", "new", "--against", "old", "--error-format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    held = {Path(json.loads(line)["path"]).stem for line in done.stdout.splitlines()}
    assert held, done.stderr
    assert {name for name in names if is_unstable(f"acme.{name}")} == names - held, f"FIELDSTONE_SEED={SEED}"


def test_both_engines_judge_exempt_files(several: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disagreement about an exempt file is an error as elsewhere: the exemption comes after both."""
    monkeypatch.setattr("fieldstone.checking.judgement._breaking_rules", list)
    several.edit(_path("internal"), *BREAK)
    ran = several.run("check", "shop")
    assert ran.code == 2
    assert "FIELD_SAME_TYPE" in ran.err


def test_the_file_that_imports_an_exempt_one_is_protected(several: Repo) -> None:
    several.settings('exempt-paths = ["acme/money"]\n')
    several.edit(SHOP, *BREAK)
    assert several.run("check", "shop").code == 1


def test_an_exemption_at_no_file_is_told(several: Repo) -> None:
    several.settings(
        'exempt-paths = ["acme/internal", "schemas/acme", "acme/internal/gone.proto"]\n'
        '[exempt-rules]\nfield-removed = ["acme/inner"]\n'
        '[modules.shop.exempt-rules]\nfield-removed = ["."]\nfield-type-changed = ["acme/x"]\n'
    )
    ran = several.run("check")
    assert ran.code == 0
    assert ran.out.count("warning[exemption-unused]") == 4, ran.out
    assert "`exempt-paths` names schemas/acme, and no file is there, now or in a release" in ran.out
    assert "`modules.shop.exempt-rules.field-type-changed` names acme/x" in ran.out
    assert "fieldstone.toml:1" in ran.out
    assert several.run("explain", "exemption-unused").code == 0
    assert several.run("check", "shop").out.count("warning[exemption-unused]") == 1
    several.settings('exempt-paths = ["schemas"]\nfail-on = "warning"\n')
    assert several.run("check").code == 1
