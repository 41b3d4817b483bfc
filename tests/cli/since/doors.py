"""Ways to bring a breaking change past the gate; each function is one, and its docstring the words that it must meet.

A function changes the pull request of a `Gate`. What follows is the check that docs/ci.md recommends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from tests.cli.since.gate import ADDITION, BREAK, Gate, day
from tests.cli.workspace import BUF_YAML, MONEY, SHOP, waiver

Door = Callable[[Gate], None]
DOORS: dict[str, Door] = {}
"""Every door, by its name."""

SHOPS = "schemas/shop"
NEWEST = "registry/shop/1.2.0"
_V1 = "  string id = 1;\n"


def door(function: Door) -> Door:
    """Note a door."""
    DOORS[function.__name__] = function
    return function


def words(function: Door) -> str:
    """A regular expression that the report of a door must meet."""
    return " ".join((function.__doc__ or "").split())


# --- settings -----------------------------------------------------------------------------------


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
    r"""pyproject.toml.*fieldstone.toml"""
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


# --- waivers ------------------------------------------------------------------------------------


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


# --- modules ------------------------------------------------------------------------------------


@door
def a_module_leaves(gate: Gate) -> None:
    r"""policy-weakened.*module shop \(schemas/shop\) left buf.yaml"""
    gate.breaks()
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")


@door
def a_module_leaves_with_its_settings(gate: Gate) -> None:
    r"""policy-weakened.*module shop \(schemas/shop\) left buf.yaml"""
    gate.breaks()
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")
    gate.settings('[modules.shop]\nfail-on = "warning"\n', "")


@door
def a_module_gets_another_name(gate: Gate) -> None:
    r"""policy-weakened.*module shop is called store: .*\[modules.shop\].*path = "schemas/shop".*field-type-changed"""
    gate.breaks()
    gate.settings("[modules.shop]", "[modules.store]")
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n    name: buf.build/acme/store\n")


@door
def a_module_gets_another_name_by_the_settings(gate: Gate) -> None:
    r"""policy-weakened.*module shop is called fresh.*field-type-changed"""
    gate.breaks()
    gate.settings("[modules.shop]", '[modules.fresh]\npath = "schemas/shop"')


@door
def a_module_moves(gate: Gate) -> None:
    r"""policy-weakened.*module shop moved from schemas/shop to schemas/other/shop.*field-type-changed"""
    gate.breaks()
    (gate.repo.root / "schemas/other").mkdir()
    gate.repo.git("mv", SHOPS, "schemas/other/shop")
    gate.repo.edit("buf.yaml", "schemas/shop", "schemas/other/shop")


@door
def a_module_moves_and_is_called_otherwise(gate: Gate) -> None:
    r"""policy-weakened.*module shop is called store and moved from schemas/shop to schemas/store.*field-type-changed"""
    gate.breaks()
    gate.repo.git("mv", SHOPS, "schemas/store")
    gate.repo.edit("buf.yaml", "schemas/shop", "schemas/store")
    gate.settings('[modules.shop]\nfail-on = "warning"\n', "")


@door
def a_decoy_takes_the_name(gate: Gate) -> None:
    r"""policy-weakened.*module shop"""
    shutil.copytree(gate.repo.root / SHOPS, gate.repo.root / "decoy")
    gate.breaks()
    gate.repo.edit("buf.yaml", "schemas/shop", "decoy")
    gate.settings("[modules.shop]", '[modules.shop]\npath = "decoy"')


@door
def a_decoy_takes_the_name_beside_the_module(gate: Gate) -> None:
    r"""policy-weakened.*module shop is called"""
    gate.repo.write("decoy/acme/other/v1/other.proto", 'syntax = "proto3";\n\npackage acme.other.v1;\n')
    gate.breaks()
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n  - path: decoy\n")
    gate.settings("[modules.shop]", '[modules.other]\npath = "schemas/shop"\n\n[modules.shop]\npath = "decoy"')


@door
def two_modules_swap_their_names(gate: Gate) -> None:
    r"""policy-weakened.*module (money|shop) is called (shop|money)"""
    gate.breaks()
    gate.settings("[modules.shop]", '[modules.shop]\npath = "schemas/money"')
    gate.settings("[modules.money]", '[modules.money]\npath = "schemas/shop"')


@door
def a_file_is_excluded(gate: Gate) -> None:
    r"""policy-weakened.*1 source file of module shop no longer belongs to any module: schemas/shop/.*/shop.proto"""
    gate.breaks()
    gate.repo.write("schemas/shop/acme/kept/v1/kept.proto", 'syntax = "proto3";\n\npackage acme.kept.v1;\n')
    gate.repo.edit("buf.yaml", "path: schemas/shop\n", "path: schemas/shop\n    excludes: [schemas/shop/acme/shop]\n")


@door
def only_another_folder_is_included(gate: Gate) -> None:
    r"""policy-weakened.*no longer belongs to any module"""
    gate.breaks()
    gate.repo.write("schemas/shop/acme/kept/v1/kept.proto", 'syntax = "proto3";\n\npackage acme.kept.v1;\n')
    gate.repo.edit("buf.yaml", "path: schemas/shop\n", "path: schemas/shop\n    includes: [schemas/shop/acme/kept]\n")


@door
def a_file_is_renamed_so_that_it_is_no_schema(gate: Gate) -> None:
    r"""file-removed|no .proto files"""
    gate.repo.git("mv", SHOP, SHOP + ".bak")


@door
def another_configuration_takes_precedence(gate: Gate) -> None:
    r"""policy-weakened.*module shop \(schemas/shop\) left buf.work.yaml|cannot have a buf.work.yaml and buf.yaml"""
    gate.breaks()
    gate.repo.write("buf.work.yaml", "version: v1\ndirectories:\n  - schemas/money\n")


@door
def the_configuration_is_gone(gate: Gate) -> None:
    r"""no buf.yaml"""
    gate.breaks()
    (gate.repo.root / "buf.yaml").unlink()


@door
def a_module_in_the_registry(gate: Gate) -> None:
    r"""lies in the registry"""
    gate.breaks()
    gate.repo.edit("buf.yaml", "path: schemas/shop\n", f"path: {NEWEST}/schemas\n    name: buf.build/acme/shop\n")


@door
def a_module_behind_a_link_into_the_registry(gate: Gate) -> None:
    r"""lies in the registry"""
    shutil.move(gate.repo.root / SHOPS, gate.repo.root / "real")
    (gate.repo.root / SHOPS).symlink_to(f"../{NEWEST}/schemas")


# --- the registry -------------------------------------------------------------------------------


@door
def the_newest_release_is_gone(gate: Gate) -> None:
    r"""registry-file-changed.*registry/shop/1.2.0/release.toml was deleted since origin/main"""
    shutil.rmtree(gate.repo.root / NEWEST)


@door
def all_releases_of_a_module_are_gone(gate: Gate) -> None:
    r"""registry-file-changed.*error\[field-type-changed\]"""
    gate.breaks()
    shutil.rmtree(gate.repo.root / "registry/shop")


@door
def the_registry_is_gone(gate: Gate) -> None:
    r"""registry-file-changed.*error\[field-type-changed\]"""
    gate.breaks()
    shutil.rmtree(gate.repo.root / "registry")


@door
def releases_are_renamed_with_their_module(gate: Gate) -> None:
    r"""registry-file-changed|holds a release of shop, not of store"""
    gate.breaks()
    gate.repo.git("mv", "registry/shop", "registry/store")


def _rewrite(gate: Gate) -> None:
    """Have the newest release hold the break, sealed anew."""
    gate.breaks()
    with gate.released_elsewhere() as other:
        shutil.rmtree(gate.repo.root / NEWEST)
        shutil.copytree(other / "registry/shop/1.2.0", gate.repo.root / NEWEST)


@door
def a_release_is_rewritten_and_sealed(gate: Gate) -> None:
    r"""registry-file-changed.*registry/shop/1.2.0/release.toml was edited since origin/main"""
    _rewrite(gate)


@door
def a_release_is_rewritten_and_the_index_says_it_was_not(gate: Gate) -> None:
    r"""registry-file-changed.*was edited since origin/main"""
    _rewrite(gate)
    for path in gate.repo.git("ls-files", NEWEST).split():
        gate.repo.git("update-index", "--assume-unchanged", path)


@door
def a_release_is_rewritten_and_git_skips_it(gate: Gate) -> None:
    r"""registry-file-changed.*was edited since origin/main"""
    _rewrite(gate)
    for path in gate.repo.git("ls-files", NEWEST).split():
        gate.repo.git("update-index", "--skip-worktree", path)


@door
def a_release_is_rewritten_and_main_replaced_by_git(gate: Gate) -> None:
    r"""registry-file-changed.*was edited since origin/main"""
    _rewrite(gate)
    gate.repo.commit("rewritten")
    gate.repo.git("replace", "refs/remotes/origin/main", "HEAD")


@door
def a_release_is_rewritten_in_the_working_tree_alone(gate: Gate) -> None:
    r"""registry-file-changed.*was edited since origin/main"""
    gate.repo.write("other", "committed\n")
    gate.repo.commit("something else")
    _rewrite(gate)


@door
def a_sparse_checkout_leaves_the_registry_out(gate: Gate) -> None:
    r"""registry-file-changed"""
    gate.breaks()
    gate.repo.commit("break")
    gate.repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/registry/")


@door
def a_release_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    shutil.move(gate.repo.root / NEWEST, gate.repo.root / "copy")
    (gate.repo.root / NEWEST).symlink_to("../../copy")


@door
def a_new_release_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    (gate.repo.root / "registry/shop/1.3.0").symlink_to("1.2.0")


@door
def a_file_of_a_new_release_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    image = gate.repo.root / "registry/shop/1.3.0/image.binpb"
    shutil.move(image, gate.repo.root / "image.binpb")
    image.symlink_to("../../../image.binpb")


@door
def a_module_of_the_registry_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    shutil.move(gate.repo.root / "registry/shop", gate.repo.root / "copy")
    (gate.repo.root / "registry/shop").symlink_to("../copy")


@door
def the_registry_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    shutil.move(gate.repo.root / "registry", gate.repo.root / "copy")
    (gate.repo.root / "registry").symlink_to("copy")


@door
def the_registry_is_a_file(gate: Gate) -> None:
    r"""registry-file-changed|is not a folder"""
    shutil.rmtree(gate.repo.root / "registry")
    gate.repo.write("registry", "")


@door
def git_converts_what_was_released(gate: Gate) -> None:
    r"""registry-file-changed.*was edited since origin/main"""
    gate.repo.write("registry/.gitattributes", "*.proto text eol=crlf\n")
    gate.repo.git("add", "--all")
    gate.repo.git("commit", "--quiet", "-m", "line ends")
    shutil.rmtree(gate.repo.root / "registry/shop")
    gate.repo.git("checkout", "--quiet", "--", "registry")


# --- new releases -------------------------------------------------------------------------------


@door
def a_break_is_released_without_surfaces(gate: Gate) -> None:
    r"""registry-break-unrecorded.*\(field-type-changed\), and it records no waiver for that.*registry/shop/1.3.0"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "1.3.0")
    gate.repo.settings(settings)


@door
def a_break_is_released_with_the_rule_off(gate: Gate) -> None:
    r"""registry-break-unrecorded.*field-type-changed"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings("[rules]", '[rules]\nfield-type-changed = "off"')
    gate.forge("shop", "1.3.0")
    gate.repo.settings(settings)


def _forge_break(gate: Gate, version: str, **changes: object) -> None:
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.repo.settings(settings + waiver("field-type-changed", "acme.shop.v1.Order.id"))
    gate.forge("shop", version)
    gate.repo.settings(settings)
    if changes:
        gate.reseal(f"shop/{version}", **changes)


@door
def a_break_is_released_by_a_waiver_of_its_own(gate: Gate) -> None:
    r"""policy-weakened.*shop 2.0.0 records a waiver that origin/main does not have: .*an old habit"""
    _forge_break(gate, "2.0.0")


@door
def a_break_is_sealed_without_its_waiver(gate: Gate) -> None:
    r"""registry-break-unrecorded.*field-type-changed"""
    _forge_break(gate, "2.0.0", waivers=[])


@door
def a_break_is_sealed_as_minor(gate: Gate) -> None:
    r"""registry-bump-wrong.*it says minor, and its changes are major"""
    _forge_break(gate, "2.0.0", bump="minor")


@door
def a_break_hides_in_a_pre_release(gate: Gate) -> None:
    r"""registry-break-unrecorded.*registry/shop/2.0.0-rc.1"""
    _forge_break(gate, "2.0.0-rc.1", waivers=[])


@door
def a_break_hides_in_a_pre_release_below(gate: Gate) -> None:
    r"""registry-break-unrecorded.*registry/shop/1.3.0-rc.1.*registry-bump-wrong"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "1.3.0-rc.1")
    gate.repo.settings(settings)


@door
def the_number_is_too_small(gate: Gate) -> None:
    r"""registry-bump-wrong.*its changes are minor, and ask for 1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    shutil.move(gate.repo.root / "registry/shop/1.3.0", gate.repo.root / "registry/shop/1.2.1")
    ledger = gate.repo.read("registry/shop/1.2.1/ledger.json")
    gate.repo.write("registry/shop/1.2.1/ledger.json", ledger.replace("1.3.0", "1.2.1"))
    gate.reseal("shop/1.2.1", version="1.2.1")


@door
def the_summary_is_silent_about_a_field(gate: Gate) -> None:
    r"""registry-changes-wrong.*its summary does not say: field `buyer`"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", changes=["comments and documentation only"])


@door
def the_summary_says_more(gate: Gate) -> None:
    r"""registry-changes-wrong.*says, and it is not so: everything is fine"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    changes = ["field `buyer` (string, number 9) added to `acme.shop.v1.Order`", "everything is fine"]
    gate.reseal("shop/1.3.0", changes=changes)


@door
def a_waiver_is_recorded_that_permits_nothing(gate: Gate) -> None:
    r"""registry-waiver-wrong.*permits nothing"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    terms = {"reason": "r", "owner": "o", "until": "2999-12-31"}
    gate.reseal("shop/1.3.0", waivers=[{"rule": "field-removed", "subject": "acme.shop.v1.Order.id", **terms}])


@door
def old_sources_come_back_under_a_new_number(gate: Gate) -> None:
    r"""registry-break-unrecorded.*`note`.*\(field-removed"""
    folder = gate.repo.root / "registry/shop/1.3.0"
    shutil.copytree(gate.repo.root / "registry/shop/1.0.0", folder)
    gate.advance_ledger("shop", "1.2.0", "1.3.0")
    previous = gate.link("shop", "1.2.0")
    gate.reseal("shop/1.3.0", version="1.3.0", previous=previous, bump="minor", changes=["comments only"])


@door
def a_release_is_put_between_two(gate: Gate) -> None:
    r"""registry-(chain-broken|forked)"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    shutil.move(gate.repo.root / "registry/shop/1.3.0", gate.repo.root / "registry/shop/1.1.5")
    gate.reseal("shop/1.1.5", version="1.1.5")


@door
def an_image_that_its_sources_do_not_make(gate: Gate) -> None:
    r"""registry-image-wrong.*registry/shop/1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    image = gate.repo.root / "registry/shop/1.3.0/image.binpb"
    image.write_bytes(image.read_bytes().replace(b"buyer", b"bayer"))
    gate.reseal("shop/1.3.0")


@door
def an_import_that_is_not_what_was_released(gate: Gate) -> None:
    r"""registry-digest-wrong.*it imports money 1.0.0, whose digest is another one"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    wrong = "b5:" + "0" * 128
    gate.reseal("shop/1.3.0", dependencies=[{"name": "money", "version": "1.0.0", "digest": wrong}])


@door
def a_ledger_that_forgets_a_name(gate: Gate) -> None:
    r"""registry-ledger-wrong.*registry/shop/1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    path = "registry/shop/1.3.0/ledger.json"
    kept = (line for line in gate.repo.read(path).splitlines(keepends=True) if '"note"' not in line)
    gate.repo.write(path, "".join(kept))
    gate.reseal("shop/1.3.0")


@door
def a_release_made_in_the_future(gate: Gate) -> None:
    r"""registry-date-wrong.*it says that it was made at 2999"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", released_at="2999-01-01T00:00:00Z")


@door
def a_release_made_before_the_one_it_follows(gate: Gate) -> None:
    r"""registry-date-wrong.*before 1.2.0, which it follows"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", released_at="2001-01-01T00:00:00Z")


@door
def a_release_whose_paths_leave_it(gate: Gate) -> None:
    r"""does not stay in the release"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    path = "registry/shop/1.3.0/release.toml"
    text = gate.repo.read(path)
    gate.repo.write(path, text.replace('"schemas/acme/shop/v1/shop.proto"', '"schemas/../../../../../buf.yaml"'))


@door
def a_history_begins_anew_under_a_new_name(gate: Gate) -> None:
    r"""policy-weakened.*module shop is called store"""
    gate.breaks()
    gate.settings("[modules.shop]", "[modules.store]")
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n    name: buf.build/acme/store\n")
    gate.forge("store", "1.0.0")


@door
def a_module_is_retired_by_hand(gate: Gate) -> None:
    r"""registry-break-unrecorded.*message-removed"""
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")
    settings = gate.repo.read("fieldstone.toml")
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "", retires=True)
    gate.repo.settings(settings)


@door
def a_module_is_retired_by_a_release_that_holds_it(gate: Gate) -> None:
    r"""registry-retirement-wrong"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "2.0.0")
    gate.reseal("shop/2.0.0", retired="true")
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")


# --- sunset -------------------------------------------------------------------------------------


@door
def a_message_is_given_a_sunset_and_removed_at_once(gate: Gate) -> None:
    r"""sunset"""
    sources = gate.repo.read(SHOP)
    gate.deprecate_basket("2020-01-31")
    gate.forge_anyhow("shop", "1.3.0")
    gate.repo.write(SHOP, sources)


@door
def a_sunset_in_the_past(gate: Gate) -> None:
    r"""sunset"""
    gate.deprecate_basket("2020-01-31")


@door
def a_sunset_without_notice(gate: Gate) -> None:
    r"""sunset.*45 days"""
    gate.deprecate_basket(day(40))


# --- style --------------------------------------------------------------------------------------


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


# --- git and the cache --------------------------------------------------------------------------


@door
def a_tag_is_called_as_the_branch_is(gate: Gate) -> None:
    r"""field-type-changed"""
    gate.breaks()
    gate.repo.commit("break")
    gate.repo.git("tag", "origin/main")
    gate.repo.git("tag", "main")


@door
def the_branch_was_not_fetched(gate: Gate) -> None:
    r"""cannot compare with origin/main, named by GITHUB_BASE_REF.*git fetch origin .*refs/heads/main"""
    gate.breaks()
    gate.repo.git("update-ref", "-d", "refs/remotes/origin/main")


@door
def another_history(gate: Gate) -> None:
    r"""origin/main and HEAD share no commit"""
    gate.breaks()
    gate.repo.git("checkout", "--quiet", "--orphan", "fresh")
    gate.repo.commit("everything")


@door
def a_commit_from_before_the_newest_release(gate: Gate) -> None:
    r"""branch-behind.*it released shop 1.2.0 since.*git merge origin/main"""
    gate.repo.git("checkout", "--quiet", "--force", "-B", "change", "v1.1.0")
    gate.repo.edit(SHOP, "STATUS_PAID = 1;", "STATUS_PAID = 1;\n  STATUS_LOST = 2;")


@door
def a_commit_from_before_the_stricter_settings(gate: Gate) -> None:
    r"""branch-behind.*`breaking-before-1-0`.*git merge origin/main"""
    gate.repo.git("checkout", "--quiet", "--force", "-B", "change", "v1.2.0")


@door
def two_merge_bases(gate: Gate) -> None:
    r"""parted at several commits.*git merge origin/main"""
    gate.repo.write("ours", "ours\n")
    gate.repo.commit("ours")
    gate.repo.git("checkout", "--quiet", "--detach", "origin/main")
    gate.repo.write("theirs", "theirs\n")
    gate.repo.commit("theirs")
    theirs = gate.repo.git("rev-parse", "HEAD").strip()
    gate.repo.git("merge", "--quiet", "--no-edit", "change")
    gate.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    gate.repo.git("checkout", "--quiet", "change")
    gate.repo.git("merge", "--quiet", "--no-edit", theirs)
    gate.repo.write("more", "more\n")
    gate.breaks()
    gate.repo.commit("more")


@door
def a_cache_that_came_with_the_change(gate: Gate) -> None:
    r"""field-type-changed"""
    gate.check(env={**os.environ, "GITHUB_BASE_REF": "main"})
    gate.repo.write(".gitignore", "")
    gate.breaks()
    subprocess.run(["git", "add", "--force", ".fieldstone"], cwd=gate.repo.root, check=False)


# --- what counts as a change of something else ----------------------------------------------------


@door
def a_dependency_breaks(gate: Gate) -> None:
    r"""error\[field-type-changed\].*acme.money.v1.Money"""
    gate.repo.edit(MONEY, "  int64 units = 2;\n", "  string units = 2;\n")


@door
def the_break_is_in_a_module_that_the_command_does_not_name(gate: Gate) -> None:
    r"""policy-weakened"""
    gate.breaks()
    gate.settings("[modules.shop]", "[modules.shop]\nsurfaces = []")


@door
def a_break_with_an_addition_and_its_release(gate: Gate) -> None:
    r"""error\[field-type-changed\]"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.repo.edit(SHOP, *BREAK)
