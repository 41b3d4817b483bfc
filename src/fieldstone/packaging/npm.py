"""npm packages: builds a tarball from a tree, and checks that it works once installed."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import Unavailable
from fieldstone.packaging.tree import write_tree
from fieldstone.toolchain.node import node_tools, run_node, run_npm

_CHECK = "check.mjs"
_SAMPLE = "sample.ts"
_TSC = "typescript/bin/tsc"
_STRICT = ("--strict", "--noEmit", "--module", "nodenext", "--target", "es2022")


class Checked(Struct, frozen=True):
    """The extent of a check: the number of imported modules, and of messages that survived a round trip."""

    modules: int
    messages: int


def build(files: Mapping[str, bytes], out: Path) -> Path:
    """Pack the tree of a package with `npm pack`.

    With one version of npm, the same tree gives the same bytes: npm fixes the order, the date (1985-10-26) and the
    owners; the modes are set here.

    Args:
        files: path within the package to content, a package.json among them.
        out: the folder for the tarball; created if missing.

    Returns:
        the tarball's path.

    Raises:
        FieldstoneError: there is no node or npm, or npm refuses the tree.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        tree, packed = Path(scratch, "tree"), Path(scratch, "packed")
        packed.mkdir()
        write_tree(files, tree)
        run_npm(["pack", "--pack-destination", str(packed)], cwd=tree)
        (tarball,) = packed.iterdir()
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(tarball, out / tarball.name))


def check(tarball: Path, needed: Sequence[Path] = ()) -> Checked:
    """Install a package in a scratch folder, and use everything in it.

    Every module is imported. A message of every type, with a value in each field, survives a round trip through binary
    and JSON. A program that creates and reads every type passes `tsc --strict`.

    Args:
        tarball: the package.
        needed: the tarballs of its dependencies that are in no registry yet.

    Raises:
        FieldstoneError: there is no node or npm, npm cannot reach its registry, or the package does not work; the error
            contains the first line of the problem.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        folder = Path(scratch)
        name = _install(folder, tarball, needed)
        shutil.copyfile(Path(__file__).with_name(_CHECK), folder / _CHECK)
        counted = json.loads(_run(tarball, [_CHECK, name, _SAMPLE], folder))
        with node_tools() as tools:
            _run(tarball, [str(tools / _TSC), *_STRICT, _SAMPLE], folder)
        return Checked(**counted)


def _install(folder: Path, tarball: Path, needed: Sequence[Path]) -> str:
    """Install tarballs in a folder; returns the name of the first one's package."""
    (folder / "package.json").write_text(json.dumps({"name": "check", "private": True, "type": "module"}))
    tarballs = [str(path.resolve()) for path in (tarball, *needed)]
    run_npm(["install", *tarballs], cwd=folder)
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    return str(next(name for name, source in wanted.items() if Path(source).name == tarball.name))


def _run(tarball: Path, arguments: Sequence[str], folder: Path) -> str:
    done = run_node(arguments, cwd=folder)
    if done.returncode:
        said = [line for line in (*done.stderr.splitlines(), *done.stdout.splitlines()) if "rror" in line]
        why = said[0].strip() if said else f"{Path(arguments[0]).name} ended with {done.returncode}"
        raise Unavailable(f"{tarball.name} does not work once it is installed: {why}")
    return done.stdout
