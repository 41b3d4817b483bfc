"""`fieldstone package`."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf, ReleaseName
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched
from fieldstone.codegen.clients import LANGUAGES

if TYPE_CHECKING:
    from fieldstone.consumers.uses import Uses


@click.command(cls=Command)
@click.argument("release", metavar="MODULE[@VERSION]", type=ReleaseName())
@click.option("--lang", "language", type=OneOf(LANGUAGES), default="python", show_default=True)
@click.option("--out", metavar="DIR", default="", help="The output folder, instead of the one in the settings.")
@click.option(
    "--post", type=click.IntRange(min=0), default=0, metavar="N", help="Build the N-th post-release of the package."
)
@click.option(
    "--check", "only_check", is_flag=True, help="Build and test the packages in a scratch folder, and keep none."
)
@click.option(
    "--uses",
    "uses_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Narrow the package to the uses in FILE, a fieldstone.uses.toml, for its consumer.",
)
def command(release: str, *, language: str, out: str, post: int, only_check: bool, uses_file: Path | None) -> int:
    """Build the packages that other teams install from a release, the newest by default.

    A package has the version of the release. If only the generator was fixed, and not the contract, `--post 1` builds
    another package of the same release.

    With `--uses` the package has what one consumer uses, and is named for it: telemetry-contracts-for-billing. Code
    that uses anything else does not compile, or raises AttributeError.

    \b
    Examples:
      fieldstone package telemetry
      fieldstone package telemetry@1.2.0 --lang typescript --out dist
      fieldstone package telemetry --check
      fieldstone package telemetry --uses ../billing/fieldstone.uses.toml
    """
    from fieldstone.workflows.package import check, package

    project = open_project()
    uses = _uses(uses_file) if uses_file else None
    if only_check:
        with watched(project, f"building and testing the {language} package of {release}"):
            checked = check(project, release, language=language, post=post, uses=uses)
        words = f"{checked.messages} message{'' if checked.messages == 1 else 's'} encoded and decoded"
        say(f"{checked.module} {checked.version}: its {language} package works, {words}.", err=True)
        return 0
    folder = Path(out).resolve() if out else None
    with watched(project, f"building the {language} package of {release}"):
        packaged = package(project, release, language=language, out=folder, post=post, uses=uses)
    for path in packaged.built:
        say(Path(os.path.relpath(path)).as_posix())
    say(f"{packaged.module} {packaged.version}: {language} package built.", err=True)
    if uses:
        _tell_unseen(uses, packaged.module)
    return 0


def _tell_unseen(uses: Uses, module: str) -> None:
    """Warn of lines that no scan could follow: what they read is not in the package."""
    from fieldstone.consumers.enforced import declared

    unseen = [line for evidence in declared(uses, module) for line in evidence.unseen]
    if unseen:
        more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
        say(f"The scan did not follow {unseen[0]}{more}: declare what is read there, or it fails there.", err=True)


def _uses(file: Path) -> Uses:
    """The uses in a file."""
    from fieldstone.consumers.uses import from_toml
    from fieldstone.regular_file import read_file

    return from_toml(read_file(file).decode("utf-8", "replace"), where=str(file))
