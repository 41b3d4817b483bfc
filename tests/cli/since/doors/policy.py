"""Settings, waivers and style that let the break pass."""

from __future__ import annotations

import shutil

from tests.cli.since.doors import door
from tests.cli.since.gate import Gate
from tests.cli.workspace import BUF_YAML, SHOP, waiver

_V1 = "  string id = 1;\n"


@door
def the_plain_break(gate: Gate) -> None:
    r"""error\[field-type-changed\]"""
    gate.breaks()


@door
def no_surface_is_protected(gate: Gate) -> None:
    r"""policy-weakened.*`surfaces` no longer has wire, json, source"""
    gate.breaks()
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")


@door
def a_surface_is_dropped_for_one_module(gate: Gate) -> None:
    r"""policy-weakened.*`surfaces` no longer has wire, json, source for module shop"""
    gate.breaks()
    gate.settings("[modules.shop]", '[modules.shop]\nsurfaces = ["storage"]')


@door
def a_rule_is_off(gate: Gate) -> None:
    r"""policy-weakened.*the rule `field-type-changed` went from error to off"""
    gate.breaks()
    gate.settings("[rules]", '[rules]\nfield-type-changed = "off"')


@door
def a_rule_is_a_note_for_one_module(gate: Gate) -> None:
    r"""policy-weakened.*the rule `field-type-changed` went from error to note for module shop"""
    gate.breaks()
    gate.settings("[modules.shop]", '[modules.shop.rules]\nfield-type-changed = "note"\n\n[modules.shop]')


@door
def every_rule_is_a_warning_and_warnings_pass(gate: Gate) -> None:
    r"""policy-weakened.*`fail-on` went from "warning" to "error" """
    gate.breaks()
    gate.settings('fail-on = "warning"', 'fail-on = "error"\nrules = { field-type-changed = "warning" }')


@door
def the_stricter_level_of_the_branch_is_taken_away(gate: Gate) -> None:
    r"""policy-weakened.*the rule `type-name-reused` went from error to warning"""
    gate.settings('type-name-reused = "error"', 'type-name-reused = "warning"')


@door
def breaks_are_minor_before_1_0(gate: Gate) -> None:
    r"""policy-weakened.*`breaking-before-1-0` went from "refuse" to "minor" """
    gate.settings('breaking-before-1-0 = "refuse"', 'breaking-before-1-0 = "minor"')


@door
def breaks_are_minor_because_the_key_left(gate: Gate) -> None:
    r"""policy-weakened.*`breaking-before-1-0` went from "refuse" to "minor" """
    gate.settings('breaking-before-1-0 = "refuse"\n', "")


@door
def an_option_is_no_longer_watched(gate: Gate) -> None:
    r"""policy-weakened.*`options` no longer has acme.unit"""
    gate.settings(', "acme.unit"]', "]")


@door
def naming_is_off(gate: Gate) -> None:
    r"""policy-weakened.*`naming` went from true to false for module money"""
    gate.settings("naming = true", "naming = false")


@door
def less_notice(gate: Gate) -> None:
    r"""policy-weakened.*`notice` went from 45 to 0"""
    gate.settings("notice = 45", "notice = 0")


@door
def the_settings_are_gone(gate: Gate) -> None:
    r"""policy-weakened.*`breaking-before-1-0`"""
    (gate.repo.root / "fieldstone.toml").unlink()


@door
def the_settings_do_not_parse(gate: Gate) -> None:
    r"""fieldstone.toml is not TOML"""
    gate.breaks()
    gate.repo.settings("registry = ")


@door
def a_second_settings_file_beside_the_first(gate: Gate) -> None:
    r"""two files hold the settings: .*/fieldstone.toml, and .*/pyproject.toml"""
    gate.breaks()
    gate.repo.write("pyproject.toml", "[tool.fieldstone]\nsurfaces = []\n")


@door
def another_settings_file_instead(gate: Gate) -> None:
    r"""policy-weakened.*`surfaces` no longer has"""
    gate.breaks()
    (gate.repo.root / "fieldstone.toml").unlink()
    gate.repo.write("pyproject.toml", "[tool.fieldstone]\nsurfaces = []\n")


@door
def an_empty_registry(gate: Gate) -> None:
    r"""policy-weakened.*`registry` went from registry to nothing"""
    gate.breaks()
    gate.settings('registry = "registry"', 'registry = "nothing"')
    gate.repo.write("nothing/.gitkeep", "")


@door
def a_registry_that_is_not_there(gate: Gate) -> None:
    r"""the settings name the registry \S*/nothing, and there is no such folder"""
    gate.breaks()
    gate.settings('registry = "registry"', 'registry = "nothing"')


@door
def a_registry_of_its_own(gate: Gate) -> None:
    r"""policy-weakened.*`registry` went from registry to mine"""
    gate.breaks()
    gate.settings('registry = "registry"', 'registry = "mine"')
    shutil.copytree(gate.repo.root / "registry/money", gate.repo.root / "mine/money")
    gate.forge("shop", "1.0.0")


@door
def a_registry_above_the_checkout(gate: Gate) -> None:
    r"""policy-weakened.*`registry` went from registry to \.\./elsewhere"""
    gate.breaks()
    gate.settings('registry = "registry"', 'registry = "../elsewhere"')


@door
def another_workspace(gate: Gate) -> None:
    r"""policy-weakened.*`workspace` went from \. to decoy"""
    gate.breaks()
    gate.settings('registry = "registry"', 'registry = "registry"\nworkspace = "decoy"')
    shutil.copytree(gate.repo.root / "schemas", gate.repo.root / "decoy/schemas")
    gate.repo.write("decoy/buf.yaml", BUF_YAML)


@door
def a_waiver_of_its_own(gate: Gate) -> None:
    r"""policy-weakened.*waiver of `field-type-changed` on `acme.shop.v1.Order.id` was added.*nobody reads it"""
    gate.breaks()
    text = gate.repo.read("fieldstone.toml")
    own = waiver("field-type-changed", "acme.shop.v1.Order.id", reason="nobody reads it")
    gate.repo.settings(text + own)


@door
def a_waiver_is_extended(gate: Gate) -> None:
    r"""policy-weakened.*was extended from 2026-01-31"""
    old = waiver("field-type-changed", "acme.shop.v1.Order.id", until="2026-01-31")
    gate.repo.settings(gate.repo.read("fieldstone.toml") + old)
    gate.land()
    gate.breaks()
    gate.settings("2026-01-31", "2999-12-31")


@door
def a_waiver_is_for_every_module(gate: Gate) -> None:
    r"""policy-weakened.*waiver of `field-type-changed` on `acme.shop.v1.Order.id` was added"""
    old = waiver("field-type-changed", "acme.shop.v1.Order.id", module="money")
    gate.repo.settings(gate.repo.read("fieldstone.toml") + old)
    gate.land()
    gate.breaks()
    gate.settings('module = "money"\n', "")


@door
def a_waiver_that_the_branch_gave_up_meanwhile(gate: Gate) -> None:
    r"""error\[field-type-changed\]"""
    settings = gate.repo.read("fieldstone.toml")
    gate.repo.settings(settings + waiver("field-type-changed", "acme.shop.v1.Order.id"))
    gate.land()
    gate.repo.settings(settings)
    gate.repo.commit("the waiver is spent")
    gate.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    gate.repo.git("reset", "--quiet", "--hard", "HEAD~1")
    gate.breaks()


@door
def a_lint_rule_is_excepted(gate: Gate) -> None:
    r"""policy-weakened.*`lint.except` has FIELD_LOWER_SNAKE_CASE now"""
    gate.repo.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n  except:\n    - FIELD_LOWER_SNAKE_CASE\n")
    gate.repo.edit(SHOP, _V1, "  string id = 1;\n  string Buyer = 9;\n")


@door
def fewer_lint_rules(gate: Gate) -> None:
    r"""policy-weakened.*`lint.use` no longer has STANDARD"""
    gate.repo.edit("buf.yaml", "    - STANDARD\n", "    - MINIMAL\n")


@door
def a_folder_is_not_linted(gate: Gate) -> None:
    r"""policy-weakened.*`lint.ignore` has schemas/shop now"""
    gate.repo.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n  ignore:\n    - schemas/shop\n")


@door
def a_plugin_of_its_own(gate: Gate) -> None:
    r"""policy-weakened.*`plugins` of buf.yaml changed"""
    gate.repo.edit("buf.yaml", "version: v2\n", "version: v2\nplugins:\n  - plugin: [touch, plugin-ran]\n")


@door
def the_registry_is_given_another_address(gate: Gate) -> None:
    r"""policy-weakened.*`registry` went from registry to memory:mine"""
    gate.settings('registry = "registry"', 'registry = "memory:mine"')


@door
def the_file_is_exempt(gate: Gate) -> None:
    r"""policy-weakened.*`exempt-paths` has acme/shop now.*error\[field-type-changed\]"""
    gate.breaks()
    gate.settings('fail-on = "error"', 'fail-on = "error"\nexempt-paths = ["acme/shop"]')


@door
def the_file_is_exempt_from_one_rule(gate: Gate) -> None:
    r"""policy-weakened.*`exempt-rules.field-type-changed` has \. now.*error\[field-type-changed\]"""
    gate.breaks()
    gate.settings("[modules.shop]", '[exempt-rules]\nfield-type-changed = ["."]\n\n[modules.shop]')


@door
def an_exemption_is_widened(gate: Gate) -> None:
    r"""policy-weakened.*`exempt-paths` has acme now for module shop.*error\[field-type-changed\]"""
    gate.settings("[modules.shop]", '[modules.shop]\nexempt-paths = ["acme/shop/internal"]')
    gate.land()
    gate.breaks()
    gate.settings('["acme/shop/internal"]', '["acme"]')


@door
def unstable_packages_are_exempt(gate: Gate) -> None:
    r"""policy-weakened.*`unstable-packages` went from "protect" to "exempt" """
    gate.settings('fail-on = "error"', 'fail-on = "error"\nunstable-packages = "exempt"')


@door
def a_type_moves_into_an_exempt_file(gate: Gate) -> None:
    r"""error\[exempt-file-entered\]: `Order` moved from acme/shop/v1/shop.proto, which is protected"""
    gate.settings('surfaces = ["wire", "json", "source"]', 'surfaces = ["wire"]\nexempt-paths = ["acme/shop/internal"]')
    gate.land()
    gate.repo.write(SHOP.replace("/v1/", "/internal/"), gate.repo.read(SHOP))
    (gate.repo.root / SHOP).unlink()


@door
def a_new_fault_of_style_is_known(gate: Gate) -> None:
    r"""policy-weakened.*has more faults of FIELD_LOWER_SNAKE_CASE: .*shop.proto \(1, was 0\).*error\[FIELD_LOWER"""
    gate.repo.edit(SHOP, _V1, "  string id = 1;\n  string Buyer = 9;\n")
    gate.repo.write("fieldstone.style.toml", f'[FIELD_LOWER_SNAKE_CASE]\n"{SHOP}" = 1\n')
