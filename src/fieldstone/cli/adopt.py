"""`fieldstone adopt`."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName, cache_option
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched

if TYPE_CHECKING:
    from fieldstone.workflows.adopt import Adopted
    from fieldstone.workflows.adopting.walk import Outcome


@click.command(cls=Command)
@click.argument("module", type=ModuleName())
@click.option(
    "--tags",
    "globs",
    multiple=True,
    required=True,
    metavar="GLOB",
    help="The tags to adopt, as for `git tag --list`; the part that * matches gives the version. Can be repeated.",
)
@click.option("--skip", multiple=True, metavar="GLOB", help="Tags to leave out. Can be repeated.")
@click.option(
    "--at",
    multiple=True,
    metavar="PATH",
    help="A folder that MODULE had at earlier tags, from the root of the checkout. Can be repeated: the first counts "
    "that a tag has. By default it is found.",
)
@click.option("--dry-run", is_flag=True, help="Judge every tag and show what would be released, but write nothing.")
@cache_option
def command(
    module: str,
    globs: tuple[str, ...],
    skip: tuple[str, ...],
    at: tuple[str, ...],
    *,
    dry_run: bool,
    cache: bool | None,
) -> int:
    """Release MODULE at the git tags of its history, oldest first, under the versions that the tags give.

    Each release has the date and the commit of its tag. Its changes are judged, the verdict is recorded, and the
    release is accepted as history whatever the verdict. So every number ever used stays taken, and the next change is
    judged against the newest tag.

    Tags are passed over if the schema did not change or does not compile. Run it again to go on where it stopped.

    \b
    Examples:
      fieldstone adopt telemetry --tags 'v*' --dry-run
      fieldstone adopt telemetry --tags 'v*'
      fieldstone adopt api --tags 'api/v*' --skip 'api/v0.*'
      fieldstone adopt telemetry --tags 'v*' --at protos --at api/protos
    """
    from semver import Version

    from fieldstone.workflows.adopt import adopt

    project = open_project(cached=cache)
    with watched(project, f"adopting {module}"):
        adopted = adopt(project, module, globs, at=at, skip=skip, dry_run=dry_run)
    for line in _table(adopted.outcomes):
        say(line)
    address = project.registry.address
    where = os.path.relpath(address) if Path(address).is_absolute() else address
    say(_summary(adopted, module, where, dry_run=dry_run), err=True)
    if adopted.newest and (newest_tag := Version.parse(adopted.newest_tag or adopted.newest)) > adopted.newest:
        example = f"`fieldstone release {module} --version {newest_tag.bump_minor()}`"
        say(f"next: the tags go up to {newest_tag}; give the next release a version above that: {example}", err=True)
    return 0 if adopted.newest else 1


def _table(outcomes: Sequence[Outcome]) -> list[str]:
    """One line for each tag: its name, its version, and what became of it."""
    tag_width = max((len(outcome.tag) for outcome in outcomes), default=0)
    width = max((len(outcome.version or "-") for outcome in outcomes), default=0)
    return [f"{outcome.tag:{tag_width}}  {outcome.version or '-':{width}}  {_words(outcome)}" for outcome in outcomes]


def _words(outcome: Outcome) -> str:
    from fieldstone.workflows.adopting.walk import Fate

    if outcome.fate is Fate.RELEASED:
        breaks = f": {outcome.breaks} break{'' if outcome.breaks == 1 else 's'}, accepted as history"
        return outcome.detail + (breaks if outcome.breaks else "")
    return f"{outcome.fate}: {outcome.detail}" if outcome.detail else str(outcome.fate)


def _summary(adopted: Adopted, module: str, registry: str, *, dry_run: bool) -> str:
    from fieldstone.workflows.adopting.walk import Fate

    count = sum(outcome.fate is Fate.RELEASED for outcome in adopted.outcomes)
    total = len(adopted.outcomes)
    tags = "1 tag" if total == 1 else f"{total} tags"
    done = f"{'Would release' if dry_run else 'Released'} {module} at {count} of {tags} in {registry}."
    if not adopted.newest:
        return f"{done} No tag can be a release of {module}."
    return f"{done} Checks judge against {adopted.newest}."
