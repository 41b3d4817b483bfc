"""git, asked how the files of a checkout stand, and at work on it while other work is done.

git keeps the stat of every file that it knows, and two of its commands tell in one breath what a walk through
all folders would: `git ls-files` what the index has, with the stat of each file, and what it does not have;
`git diff-files` which files differ from that (gitformat-index(5), git-ls-files(1), git-diff-files(1)).

It is asked before all else, so nothing is imported here that takes time.
"""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TICK = 2
"""Seconds that a file must have been left alone before git was asked: many a git tells times apart by the second alone,
and would not see that such a file is written once more."""

_UNTRUSTING = (
    "-c core.fsmonitor=false -c core.trustctime=true -c core.checkStat=default -c core.ignoreCase=false".split()
)
"""Settings with which git looks at every file, at all of its stat, and at its name as it is written."""


class Asked:
    """git at work on a listing.

    What differs is asked first: who tells git of an edit meanwhile makes it list another entry, and hides nothing.

    Args:
        folder: where it works, absolute; paths are relative to this.
        below: the folders to list, absolute: git refuses those that are not in the checkout that it looks at.

    Attributes:
        of: the folder, and the folders to list.
        since: a file that changed in this second since 1970, UTC, or later may change once more unseen.
    """

    def __init__(self, folder: str, below: Sequence[str]) -> None:
        self.of = folder, [*below]
        self.since = int(time.time()) - _TICK
        unlike = ("diff-files", "-z", "--name-only", "--relative")
        listed = ("ls-files", "-z", "-v", "-s", "--debug", "-c", "-o")
        git = ("git", "--no-optional-locks", "--literal-pathspecs", *_UNTRUSTING)
        self._running: list[subprocess.Popen[bytes]] = []
        try:
            for command in (unlike, listed):
                self._running.append(
                    subprocess.Popen(  # noqa: S603 - an argument list, no shell
                        [*git, *command, "--", *below],
                        cwd=folder,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,  # a warning makes it no listing
                    )
                )
        except OSError:  # there is no git
            self.close()

    def answer(self) -> tuple[bytes, bytes] | None:
        """What git lists, and what differs from that; None where it cannot say."""
        said = [process.communicate()[0] for process in reversed(self._running)]
        if not said or any(process.returncode for process in self._running):
            return None
        return said[0], said[1]

    def close(self) -> None:
        """End git if nobody waited for it."""
        for process in self._running:
            process.kill()
            with process:
                pass
        self._running = []
