"""New releases that are not what they say, and sunsets without notice."""

from __future__ import annotations

import gzip
import shutil

from tests.cli.since.doors import door, forged
from tests.cli.since.gate import ADDITION, Gate, day
from tests.cli.workspace import SHOP, waiver


@forged
def a_break_is_released_without_surfaces(gate: Gate) -> None:
    r"""registry-break-unrecorded.*\(field-type-changed\), and it records no waiver for that.*registry/shop/1.3.0"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "1.3.0")
    gate.repo.settings(settings)


@forged
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
def a_break_is_released_by_an_exemption_of_its_own(gate: Gate) -> None:
    r"""policy-weakened.*shop 1.3.0 records an exemption that origin/main does not have: \. is exempt"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings("[modules.shop]", '[modules.shop]\nexempt-paths = ["."]')
    gate.forge("shop", "1.3.0")
    gate.repo.settings(settings)


@forged
def a_break_is_sealed_with_a_stable_package_as_unstable(gate: Gate) -> None:
    r"""registry-break-unrecorded.*field-type-changed"""
    _forge_break(gate, "2.0.0", waivers=[], exemptions=[{"package": "acme.shop.v1"}])


@forged
def an_exemption_is_recorded_that_permits_nothing(gate: Gate) -> None:
    r"""registry-exemption-wrong.*nothing in it needs that"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", exemptions=[{"path": "acme"}])


@forged
def a_break_is_sealed_without_its_waiver(gate: Gate) -> None:
    r"""registry-break-unrecorded.*field-type-changed"""
    _forge_break(gate, "2.0.0", waivers=[])


@forged
def a_break_is_sealed_as_minor(gate: Gate) -> None:
    r"""registry-bump-wrong.*it says minor, and its changes are major"""
    _forge_break(gate, "2.0.0", bump="minor")


HISTORY = {"bump": None, "judged": "major", "accepted": "history"}


@forged
def a_break_is_sealed_as_history(gate: Gate) -> None:
    r"""policy-weakened.*shop 2.0.0 would be accepted as history.*registry-history-wrong.*follows 1.2.0, which is not"""
    _forge_break(gate, "2.0.0", waivers=[], **HISTORY)


@forged
def a_break_is_sealed_as_history_with_a_waiver(gate: Gate) -> None:
    r"""registry-history-unproven.*no tag here points at that.*registry-history-wrong.*records waivers"""
    _forge_break(gate, "2.0.0", **HISTORY)


@door
def a_break_is_sealed_as_accepted_for_another_reason(gate: Gate) -> None:
    r"""release.toml is no release manifest: accepted is 'board', and may be "history" alone"""
    _forge_break(gate, "2.0.0", waivers=[], **{**HISTORY, "accepted": "board"})


@door
def a_break_has_a_bump_beside_its_verdict(gate: Gate) -> None:
    r"""release.toml is no release manifest: it must have judged, and must not have bump"""
    _forge_break(gate, "2.0.0", waivers=[], **{**HISTORY, "bump": "minor"})


@forged
def a_break_hides_in_a_pre_release(gate: Gate) -> None:
    r"""registry-break-unrecorded.*registry/shop/2.0.0-rc.1"""
    _forge_break(gate, "2.0.0-rc.1", waivers=[])


@forged
def a_break_hides_in_a_pre_release_below(gate: Gate) -> None:
    r"""registry-break-unrecorded.*registry/shop/1.3.0-rc.1.*registry-bump-wrong"""
    settings = gate.repo.read("fieldstone.toml")
    gate.breaks()
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "1.3.0-rc.1")
    gate.repo.settings(settings)


@forged
def the_number_is_too_small(gate: Gate) -> None:
    r"""registry-bump-wrong.*its changes are minor, and ask for 1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    shutil.move(gate.repo.root / "registry/shop/1.3.0", gate.repo.root / "registry/shop/1.2.1")
    ledger = gate.repo.read("registry/shop/1.2.1/ledger.json")
    gate.repo.write("registry/shop/1.2.1/ledger.json", ledger.replace("1.3.0", "1.2.1"))
    gate.reseal("shop/1.2.1", version="1.2.1")


@forged
def the_summary_is_silent_about_a_field(gate: Gate) -> None:
    r"""registry-changes-wrong.*its summary does not say: field `buyer`"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", changes=["comments and documentation only"])


@forged
def the_summary_says_more(gate: Gate) -> None:
    r"""registry-changes-wrong.*says, and it is not so: everything is fine"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    changes = ["field `buyer` (string, number 9) added to `acme.shop.v1.Order`", "everything is fine"]
    gate.reseal("shop/1.3.0", changes=changes)


@door
def a_release_says_that_older_rules_judged_it(gate: Gate) -> None:
    r"""registry-rules-wrong.*rules of version 1 judged it, and it is new"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", rules="1", changes=["comments and documentation only"])


@forged
def a_release_says_that_newer_rules_judged_it(gate: Gate) -> None:
    r"""registry-rules-wrong.*rules of version 99 judged it.*verify it with a newer Fieldstone"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", rules="99", changes=["comments and documentation only"])


@forged
def a_release_follows_one_of_newer_rules(gate: Gate) -> None:
    r"""registry-rules-wrong.*(which it follows, are of version|and it is new)"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", rules="1", changes=["comments and documentation only"])


@forged
def a_waiver_is_recorded_that_permits_nothing(gate: Gate) -> None:
    r"""registry-waiver-wrong.*permits nothing"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    terms = {"reason": "r", "owner": "o", "until": "2999-12-31"}
    gate.reseal("shop/1.3.0", waivers=[{"rule": "field-removed", "subject": "acme.shop.v1.Order.id", **terms}])


@forged
def old_sources_come_back_under_a_new_number(gate: Gate) -> None:
    r"""registry-break-unrecorded.*`note`.*\(field-removed"""
    folder = gate.repo.root / "registry/shop/1.3.0"
    shutil.copytree(gate.repo.root / "registry/shop/1.0.0", folder)
    gate.advance_ledger("shop", "1.2.0", "1.3.0")
    previous = gate.link("shop", "1.2.0")
    gate.reseal("shop/1.3.0", version="1.3.0", previous=previous, bump="minor", changes=["comments only"])


@forged
def a_release_is_put_between_two(gate: Gate) -> None:
    r"""registry-(chain-broken|forked)"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    shutil.move(gate.repo.root / "registry/shop/1.3.0", gate.repo.root / "registry/shop/1.1.5")
    gate.reseal("shop/1.1.5", version="1.1.5", ledgers=[])


@forged
def an_image_that_its_sources_do_not_make(gate: Gate) -> None:
    r"""registry-image-wrong.*registry/shop/1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    image = gate.repo.root / "registry/shop/1.3.0/image.binpb.gz"
    image.write_bytes(gzip.compress(gzip.decompress(image.read_bytes()).replace(b"buyer", b"bayer")))
    gate.reseal("shop/1.3.0")


@forged
def an_import_that_is_not_what_was_released(gate: Gate) -> None:
    r"""registry-digest-wrong.*it imports money 1.0.0, whose digest is another one"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    wrong = "b5:" + "0" * 128
    gate.reseal("shop/1.3.0", dependencies=[{"name": "money", "version": "1.0.0", "digest": wrong}])


@forged
def a_ledger_that_forgets_a_name(gate: Gate) -> None:
    r"""registry-ledger-wrong.*registry/shop/1.3.0"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    path = "registry/shop/1.3.0/ledger.json"
    kept = (line for line in gate.repo.read(path).splitlines(keepends=True) if '"note"' not in line)
    gate.repo.write(path, "".join(kept))
    gate.reseal("shop/1.3.0")


@forged
def a_release_made_in_the_future(gate: Gate) -> None:
    r"""registry-date-wrong.*it says that it was made at 2999"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", released_at="2999-01-01T00:00:00Z")


@forged
def a_release_made_at_no_time(gate: Gate) -> None:
    r"""which is no time"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", released_at="soon")


@forged
def a_release_made_before_the_one_it_follows(gate: Gate) -> None:
    r"""registry-date-wrong.*before 1.2.0, which it follows"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.reseal("shop/1.3.0", released_at="2001-01-01T00:00:00Z")


@forged
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
    with gate.released_elsewhere(first=True, version="1.0.0") as other:
        shutil.copytree(other / "registry/shop/1.0.0", gate.repo.root / "registry/store/1.0.0")
    gate.reseal("store/1.0.0", name="store")
    gate.settings("[modules.shop]", "[modules.store]")
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "  - path: schemas/shop\n    name: buf.build/acme/store\n")


@forged
def a_module_is_retired_by_hand(gate: Gate) -> None:
    r"""registry-break-unrecorded.*message-removed"""
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")
    settings = gate.repo.read("fieldstone.toml")
    gate.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
    gate.forge("shop", "", retires=True)
    gate.repo.settings(settings)


@forged
def a_module_is_retired_by_a_release_that_holds_it(gate: Gate) -> None:
    r"""registry-retirement-wrong"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "2.0.0")
    gate.reseal("shop/2.0.0", retired="true")
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")


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


@forged
def a_release_does_not_compile(gate: Gate) -> None:
    r"""registry-image-wrong.*its sources do not compile: shop/acme/shop/v1/shop.proto:\d+:3: cannot find `strin`"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    gate.repo.edit(f"registry/shop/1.3.0/{SHOP.replace('schemas/shop', 'schemas')}", "string id = 1;", "strin id = 1;")
    gate.reseal("shop/1.3.0")


@door
def nothing_can_be_generated_from_a_release(gate: Gate) -> None:
    r"""registry-annotation-invalid.*nothing can be generated from it: .*number.*registry/shop/1.3.0"""
    gate.forge_entity('primary_key: ["number"]', "1.3.0")
