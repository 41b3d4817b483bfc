"""Modules that nobody judges any more."""

from __future__ import annotations

import shutil

from tests.cli.since.doors import door
from tests.cli.since.gate import ADDITION, BREAK, Gate
from tests.cli.workspace import MONEY, SHOP

SHOPS = "schemas/shop"
NEWEST = "registry/shop/1.2.0"


@door
def a_module_leaves(gate: Gate) -> None:
    r"""policy-weakened.*module shop \(schemas/shop\) was removed from buf.yaml"""
    gate.breaks()
    gate.repo.edit("buf.yaml", "  - path: schemas/shop\n", "")


@door
def a_module_leaves_with_its_settings(gate: Gate) -> None:
    r"""policy-weakened.*module shop \(schemas/shop\) was removed from buf.yaml"""
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
def a_module_is_a_link_to_a_copy(gate: Gate) -> None:
    r"""policy-weakened.*module shop moved from schemas/shop to decoy"""
    shutil.copytree(gate.repo.root / SHOPS, gate.repo.root / "decoy")
    gate.breaks()
    shutil.move(gate.repo.root / SHOPS, gate.repo.root / "real")
    (gate.repo.root / SHOPS).symlink_to("../decoy")


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
    r"""policy-weakened.*module shop .* was removed from buf.work.yaml|cannot have a buf.work.yaml and buf.yaml"""
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
