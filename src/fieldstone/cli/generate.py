"""`fieldstone generate`."""

from __future__ import annotations

import os.path
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName, Modules
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched

if TYPE_CHECKING:
    from fieldstone.workflows.generate import Generated


@click.command(cls=Command)
@click.argument("modules", nargs=-1, type=ModuleName(), cls=Modules)
@click.option(
    "--check", "only_check", is_flag=True, help="List files that differ from the generated code, and change nothing."
)
@click.option("--out", metavar="DIR", default="", help="The output folder, instead of the one in the settings.")
def command(modules: tuple[str, ...], only_check: bool, out: str) -> int:
    """Generate code for MODULES, or all: contracts, and storage for annotated messages.

    Only files that differ are written; files that are no longer generated are removed.

    \b
    Examples:
      fieldstone generate
      fieldstone generate telemetry
      fieldstone generate --check
    """
    from fieldstone.workflows.generate import generate

    folder = Path(out).resolve() if out else None
    project = open_project()
    with watched(project, "generating"):
        generated = generate(project, modules, out=folder, check=only_check)
    where = Path(os.path.relpath(generated.out)).as_posix()
    if generated.difference.foreign:
        say(f"not generated, left unchanged: {_listed(where, generated.difference.foreign)}", err=True)
    if not only_check:
        say(f"{where}: {_done(generated)}", err=True)
        return 0
    if generated.difference.is_fresh:
        say(f"{where}: {generated.files} files, up to date.", err=True)
        return 0
    for line in _findings(where, generated):
        say(line)
    words = ["fieldstone", "generate", *modules, *(["--out", out] if out else [])]
    say(f"{where} is out of date: run `{shlex.join(words)}`", err=True)
    return 1


def _findings(where: str, generated: Generated) -> Iterator[str]:
    difference = generated.difference
    for said, paths in (
        ("differs", difference.differing),
        ("missing", difference.missing),
        ("orphaned", difference.orphaned),
    ):
        yield from (f"{said}: {_under(where, path)}" for path in paths)


def _done(generated: Generated) -> str:
    difference = generated.difference
    modules = ", ".join(f"{name} {version}" for name, version in generated.versions.items())
    if difference.is_fresh:
        return f"{generated.files} files, up to date ({modules})."
    written = len(difference.differing) + len(difference.missing)
    removed = len(difference.orphaned)
    return f"{written} of {generated.files} files written, {removed} removed ({modules})."


_SHOWN = 3


def _listed(where: str, paths: Iterable[str]) -> str:
    named = [_under(where, path) for path in paths]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def _under(where: str, path: str) -> str:
    return path if where == "." else f"{where}/{path}"
