"""What passes the check of a pull request: legitimate changes, and changes of policy that the pipeline accepts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from tests.cli.since.gate import ADDITION, BREAK, Gate, day, ids
from tests.cli.workspace import MONEY, SHOP, waiver

ACCEPT = ("--accept", "policy-weakened")
NEW = 'syntax = "proto3";\n\npackage acme.mail.v1;\n\n// A letter.\nmessage Letter {\n  string id = 1;\n}\n'


def _nothing(gate: Gate) -> None:
    gate.repo.write("notes.txt", "nothing to judge\n")


def _comment(gate: Gate) -> None:
    gate.repo.edit(MONEY, "// An amount of money.", "// An amount of some money.")


def _addition(gate: Gate) -> None:
    gate.repo.edit(SHOP, "  string note = 4;\n", "  string note = 4;\n  string buyer = 9;\n")


def _addition_and_its_release(gate: Gate) -> None:
    _addition(gate)
    gate.forge("shop", "")


def _two_releases(gate: Gate) -> None:
    _addition_and_its_release(gate)
    gate.repo.edit(SHOP, "  string buyer = 9;\n", "  string buyer = 9;\n  string seller = 10;\n")
    gate.forge("shop", "")


def _pre_release(gate: Gate) -> None:
    _addition(gate)
    gate.forge("shop", "1.3.0-rc.1")


def _new_module(gate: Gate) -> None:
    gate.repo.write("schemas/mail/acme/mail/v1/mail.proto", NEW)
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: schemas/mail\n")


def _new_module_and_its_release(gate: Gate) -> None:
    _new_module(gate)
    gate.forge("mail", "")


def _sunset(gate: Gate) -> None:
    gate.deprecate_basket(day(60))


def _stricter(gate: Gate) -> None:
    gate.settings('options = ["google.api.http", "acme.unit"]', 'options = ["google.api.http", "acme.unit", "acme.b"]')
    gate.settings("notice = 45", "notice = 90")
    gate.settings("[rules]", '[rules]\nretired-after-sunset = "warning"')
    gate.settings('surfaces = ["wire", "json", "source"]\n', "")
    gate.repo.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n    - COMMENT_MESSAGE\n")


def _settings_move_to_pyproject(gate: Gate) -> None:
    text = gate.repo.read("fieldstone.toml")
    (gate.repo.root / "fieldstone.toml").unlink()
    gate.repo.write("pyproject.toml", "[tool.fieldstone]\n" + text.replace("\n[", "\n[tool.fieldstone."))


@pytest.mark.parametrize(
    "change",
    [
        _nothing,
        _comment,
        _addition,
        _addition_and_its_release,
        _two_releases,
        _pre_release,
        _new_module,
        _new_module_and_its_release,
        _sunset,
        _stricter,
        _settings_move_to_pyproject,
    ],
)
def test_a_legitimate_change_passes(gate: Gate, change: Callable[[Gate], None]) -> None:
    change(gate)
    ran = gate.check()
    assert (ran.code, ran.out) == (0, ""), ran
    assert ran.err.startswith("policy of origin/main, named by GITHUB_BASE_REF: unchanged, and no release lost.\n")
    gate.repo.commit("change")
    assert gate.check("--since", "HEAD~1", env={}).code == 0


def _waiver(gate: Gate) -> None:
    gate.repo.edit(SHOP, *BREAK)
    own = waiver("field-type-changed", "acme.shop.v1.Order.id", module="shop")
    gate.repo.settings(gate.repo.read("fieldstone.toml") + own)


def _waiver_and_its_release(gate: Gate) -> None:
    settings = gate.repo.read("fieldstone.toml")
    _waiver(gate)
    gate.forge("shop", "")
    gate.repo.settings(settings)


def _weaker(gate: Gate) -> None:
    gate.settings("notice = 45", "notice = 30")
    gate.settings('type-name-reused = "error"', 'type-name-reused = "warning"')


def _moved(gate: Gate) -> None:
    gate.repo.git("mv", "schemas/shop", "schemas/store")
    gate.repo.edit("buf.yaml", "schemas/shop", "schemas/store")
    gate.settings("[modules.shop]", '[modules.shop]\npath = "schemas/store"')


def _registry_moves(gate: Gate) -> None:
    gate.repo.git("mv", "registry", "released")
    gate.settings('registry = "registry"', 'registry = "released"')


def _retired(gate: Gate) -> None:
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")
    found = gate.repo.run("check", "shop", "--format", "json")
    rows = json.loads(found.out)["modules"][0]["findings"]
    entries = [waiver(row["rule"], row["subject"], module="shop") for row in rows]
    settings = gate.repo.read("fieldstone.toml")
    gate.repo.settings(settings + "".join(entries))
    gate.forge("shop", "", retires=True)
    gate.repo.settings(settings)


@pytest.mark.parametrize("change", [_waiver, _waiver_and_its_release, _weaker, _moved, _registry_moves, _retired])
def test_a_change_of_policy_passes_where_the_pipeline_accepts_it(gate: Gate, change: Callable[[Gate], None]) -> None:
    change(gate)
    refused = gate.check()
    assert refused.code == 1
    assert "policy-weakened" in ids(refused)
    ran = gate.check(*ACCEPT)
    assert ran.code == 0, ran
    assert "note[policy-weakened]" in ran.out
    assert "accepted by --accept policy-weakened" in ran.err
    for format_ in ("concise", "github", "json", "junit", "sarif"):
        assert "policy-weakened" in gate.check(*ACCEPT, "--format", format_).out


def test_nothing_accepts_a_lost_release(gate: Gate) -> None:
    (gate.repo.root / "registry/money/1.0.0/ledger.json").unlink()
    ran = gate.check(*ACCEPT)
    assert ran.code == 1
    assert "error[registry-file-changed]: money 1.0.0: registry/money/1.0.0/ledger.json was deleted" in ran.out


def test_what_a_change_adds_to_the_waivers_does_not_hold_unless_accepted(gate: Gate) -> None:
    _waiver(gate)
    assert ids(gate.check()) == {"policy-weakened", "field-type-changed"}
    assert "waived[field-type-changed]" in gate.check(*ACCEPT).out


def test_the_report_says_by_whose_rules(gate: Gate) -> None:
    document = json.loads(gate.check("--format", "json").out)
    head = gate.repo.git("rev-parse", "origin/main").strip()
    assert document["policy"] == {
        "ref": "origin/main",
        "label": "origin/main",
        "commit": head,
        "variable": "GITHUB_BASE_REF",
        "accepted": [],
        "allowed": True,
        "findings": [],
    }
    assert "policy" not in json.loads(gate.check("--format", "json", env={}).out)
    _addition(gate)
    gate.repo.commit("ahead")
    gate.repo.git("branch", "other", "HEAD~1")
    gate.repo.git("checkout", "--quiet", "other")
    gate.repo.write("x", "")
    gate.repo.commit("aside")
    assert f"policy of change (merge base {head[:9]}): unchanged" in gate.check("--since", "change", env={}).err


def test_a_finding_about_the_policy_names_its_line(gate: Gate) -> None:
    gate.settings("notice = 45", "notice = 9")
    lines = gate.repo.read("fieldstone.toml").splitlines()
    ran = gate.check("--format", "concise")
    assert ran.out == (
        f"fieldstone.toml:{lines.index('notice = 9') + 1}:1: policy-weakened: `notice` went from 45 to 9\n"
    )


def test_from_a_folder_below_the_settings_are_those_above(gate: Gate) -> None:
    assert gate.check(cwd="schemas/shop").code == 0
    gate.repo.write("schemas/fieldstone.toml", 'registry = "../registry"\nworkspace = ".."\nsurfaces = []\n')
    gate.repo.edit(SHOP, *ADDITION)
    ran = gate.check(cwd="schemas/shop")
    assert ran.code == 1
    assert "the settings in fieldstone.toml are no longer read: schemas/fieldstone.toml takes precedence" in ran.out


def test_gitlab_names_the_base_too(gate: Gate) -> None:
    base = gate.repo.git("rev-parse", "HEAD").strip()
    gate.breaks()
    gate.repo.commit("break")
    gate.settings("notice = 45", "notice = 0")
    ran = gate.check(env={"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    assert ids(ran) == {"policy-weakened", "field-type-changed"}
    assert f"policy of {base}, named by CI_MERGE_REQUEST_DIFF_BASE_SHA: refused" in ran.err


def test_only_some_modules_are_judged_and_the_policy_as_a_whole(gate: Gate) -> None:
    gate.breaks()
    assert gate.check("money").code == 0
    gate.settings("[modules.shop]", "[modules.shop]\nsurfaces = []")
    ran = gate.check("money")
    assert ids(ran) == {"policy-weakened"}


def test_a_module_called_as_its_clone_gets_its_history_back_by_the_fix_that_is_printed(gate: Gate) -> None:
    repo = gate.repo
    shutil.rmtree(repo.root / "schemas")
    shutil.rmtree(repo.root / "registry")
    repo.settings("")
    repo.write("buf.yaml", "version: v2\nlint:\n  use: [MINIMAL]\n")
    repo.write("acme/mail/v1/mail.proto", NEW)
    gate.forge(repo.root.name, "")
    gate.land()
    clone = repo.root.with_name("clone")
    repo.root.rename(clone)
    repo.root = clone
    assert ids(gate.check()) == {"module-renamed"}
    repo.settings('[modules.repo]\npath = "."\n')
    assert gate.check().code == 0
    repo.edit("acme/mail/v1/mail.proto", "string id", "int32 id")
    assert ids(gate.check()) == {"field-type-changed"}


def test_a_damaged_release_of_a_module_that_is_not_named_is_found(gate: Gate) -> None:
    _addition_and_its_release(gate)
    gate.repo.write("registry/shop/1.3.0/ledger.json", "{}\n")
    for names in ((), ("money",)):
        ran = gate.check(*names)
        assert ran.code == 1
        assert ran.out.count("error[registry-file-changed]") == 1


def test_buf_profile_takes_no_revision_to_be_judged_since(gate: Gate) -> None:
    ran = gate.check("--profile", "buf", "--since", "HEAD")
    assert ran.code == 2
    assert "use it with --against REF, not --since" in ran.err


def test_an_old_release_that_nothing_can_be_generated_from_is_sound(gate: Gate) -> None:
    gate.forge_entity('primary_key: ["number"]', "1.3.0")
    gate.land()
    gate.repo.edit(SHOP, *ADDITION)
    gate.repo.commit("addition")
    assert gate.check().code == 0
    assert gate.repo.run("registry", "verify", "--full").code == 0
