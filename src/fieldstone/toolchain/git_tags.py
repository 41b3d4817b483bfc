"""The tags of a git repository: the commits that they point at, in the order of history."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.toolchain import git

_TAGS = "refs/tags/"


class Target(Struct, frozen=True):
    """The object that a tag points at, however many tags are in between.

    Attributes:
        kind: `commit`, `tree` or `blob`.
        name: its full hash.
    """

    kind: str
    name: str


class Commit(Struct, frozen=True):
    """A commit with its date.

    Attributes:
        name: its full hash.
        seconds: the committer's date, in seconds since 1970 in UTC.
    """

    name: str
    seconds: int

    @property
    def made(self) -> datetime:
        """The committer's date in UTC.

        Raises:
            Invalid: it is not between the years 1 and 9999.
        """
        try:
            return datetime.fromtimestamp(self.seconds, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Invalid(f"the date of commit {self.name[:9]} is no date: {self.seconds} s since 1970") from error


def tag_names(cwd: Path) -> list[str]:
    """The names of all tags, without `refs/tags/`, sorted.

    Raises:
        FieldstoneError: there is no git, or no checkout.
    """
    listed = git.run("for-each-ref", "--format=%(refname)", _TAGS, cwd=cwd).decode("utf-8", "surrogateescape")
    return sorted(name.removeprefix(_TAGS) for name in listed.splitlines())


def targets(names: Collection[str], cwd: Path) -> dict[str, Target]:
    """The target of each tag; a tag whose target is not in the clone is left out.

    Raises:
        FieldstoneError: there is no git, or no checkout.
    """
    if not names:
        return {}
    asked = "".join(f"{_TAGS}{name}^{{}}\n" for name in names).encode("utf-8", "surrogateescape")
    answers = git.run("cat-file", "--batch-check", cwd=cwd, stdin=asked).decode("utf-8", "surrogateescape")
    found: dict[str, Target] = {}
    for name, line in zip(names, answers.splitlines(), strict=True):
        target, _, rest = line.partition(" ")
        if rest and not line.endswith(" missing"):
            found[name] = Target(rest.split()[0], target)
    return found


def in_order(commits: Iterable[str], cwd: Path) -> list[Commit]:
    """The commits, parents first, and otherwise by the committer's date.

    Args:
        commits: full hashes.
        cwd: a folder of the checkout.

    Raises:
        FieldstoneError: git cannot read their history.
    """
    wanted = {*commits}
    if not wanted:
        return []
    flags = ("--timestamp", "--date-order", "--reverse", "--stdin")
    listed = git.run("rev-list", *flags, cwd=cwd, stdin="\n".join(sorted(wanted)).encode())
    pairs = (line.split() for line in listed.decode().splitlines())
    return [Commit(name, int(seconds)) for seconds, name in pairs if name in wanted]
