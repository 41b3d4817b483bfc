"""Releases that are gone or altered."""

from __future__ import annotations

import shutil

from tests.cli.since.doors import door
from tests.cli.since.gate import ADDITION, Gate
from tests.cli.workspace import SHOP

NEWEST = "registry/shop/1.2.0"


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
    r"""symbolic link|two releases of one number"""
    (gate.repo.root / "registry/shop/1.3.0").symlink_to("1.2.0")


@door
def a_file_of_a_new_release_is_a_link(gate: Gate) -> None:
    r"""symbolic link"""
    gate.repo.edit(SHOP, *ADDITION)
    gate.forge("shop", "1.3.0")
    image = gate.repo.root / "registry/shop/1.3.0/image.binpb.gz"
    shutil.move(image, gate.repo.root / "image.binpb.gz")
    image.symlink_to("../../../image.binpb.gz")


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
