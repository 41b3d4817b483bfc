"""Permission to use a cache: only the user's own is trusted, and in CI only if enabled explicitly.

A forged cache could hide a finding, and checksums do not prevent that. So a cache that is tracked by git, or
is behind a symbolic link, is neither read nor written.
"""

# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

from fieldstone.cache import FOLDER
from fieldstone.errors import FieldstoneError, Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "FIELDSTONE_CACHE"
"""The environment variable that turns the cache on (1, true) or off (0, false) for every command."""

_OFF, _ON = {"", "0", "false"}, {"1", "true"}


class Permission:
    """Whether a command may use the cache of a project.

    Args:
        asked: the value from the command line; None to use the environment.
        tell: called once for each ignored cache, with the reason and a fix.
    """

    def __init__(self, asked: bool | None = None, tell: Callable[[FieldstoneError], None] = lambda _: None) -> None:  # noqa: FBT001 - three states
        self.asked = asked
        self._tell = tell
        self._foreign: dict[str, FieldstoneError | None] = {}

    def only_if_asked(self) -> Permission:
        """A permission for commands that use the cache only if the command line or FIELDSTONE_CACHE enables it.

        Raises:
            FieldstoneError: FIELDSTONE_CACHE has an invalid value.
        """
        narrowed = Permission(self.asked if self.asked is not None else bool(_variable()), self._tell)
        narrowed._foreign = self._foreign
        return narrowed

    def allows(self, root: str) -> bool:
        """Whether the cache of a project may be read and written.

        Args:
            root: the absolute folder of the project's settings.

        Raises:
            FieldstoneError: FIELDSTONE_CACHE has an invalid value.
        """
        if root not in self._foreign:
            foreign = self._foreign[root] = why_foreign(root)
            if foreign:
                self._tell(foreign)
        return self.is_wanted and self._foreign[root] is None

    @property
    def is_wanted(self) -> bool:
        """Whether the cache is enabled: by default everywhere except in CI.

        Raises:
            FieldstoneError: FIELDSTONE_CACHE has an invalid value.
        """
        for value in (self.asked, _variable()):
            if value is not None:
                return value
        return os.environ.get("CI", "").strip().lower() in _OFF


def why_foreign(root: str) -> FieldstoneError | None:
    """The reason why the cache in a folder is not trusted; None if it is the user's own, or does not exist.

    Without git, or outside a checkout, any folder that is no symbolic link is trusted.

    Args:
        root: the absolute folder that contains `.fieldstone/`.

    Returns:
        The reason with a fix, to be printed or raised.
    """
    folder = os.path.join(root, FOLDER)
    if not os.path.lexists(folder):
        return None
    try:
        link = _link_of(root, folder)
        tracked = "" if link else _tracked(root)
    except OSError as error:
        return _ignored(f"cannot read {folder}: {error.strerror}", f"remove {_quoted(folder)}")
    except FieldstoneError as error:
        return _ignored(f"cannot tell whether git tracks {folder}: {error}", f"mend that, or remove {_quoted(folder)}")
    if link:
        return _ignored(f"{link} is a link", f"remove it: `rm {_quoted(link)}`")
    if tracked:
        where = _quoted(os.path.join(root, tracked))
        return _ignored(f"git tracks {folder}, so it came with a commit", f"run `git rm -rf {where}` and commit")
    return None


def _ignored(problem: str, fix: str) -> FieldstoneError:
    return Invalid(f"{problem}: this cache is ignored", fix=fix)


def _quoted(path: str) -> str:
    return shlex.quote(os.path.relpath(path))


def _link_of(root: str, folder: str) -> str:
    """The cache's folder, or the first file in it, if that is a symbolic link; else empty."""
    if os.path.realpath(folder) != os.path.join(os.path.realpath(root), FOLDER):
        return folder
    try:
        return next((os.path.join(folder, name) for name in sorted(os.listdir(folder)) if _is_link(folder, name)), "")
    except NotADirectoryError:
        return ""


def _is_link(folder: str, name: str) -> bool:
    return os.path.realpath(os.path.join(folder, name)) != os.path.join(os.path.realpath(folder), name)


def _tracked(root: str) -> str:
    """The cache's folder as git spells it, if git tracks a file in it; else empty.

    Names are compared without regard to case, because file systems may do so.

    Raises:
        FieldstoneError: git cannot read the checkout.
    """
    command = ("git", "--no-optional-locks", "--icase-pathspecs", "ls-files", "-z", "--", FOLDER)
    try:
        done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    if done.returncode:
        output = os.fsdecode(done.stderr).strip().splitlines()
        if _is_in_checkout(root):
            raise Unavailable(output[0] if output else f"git ls-files ended with {done.returncode}")
        return ""
    name = os.fsdecode(done.stdout).partition("\0")[0].partition("/")[0]
    if name and name.lower() != FOLDER:
        raise Invalid(f"git ls-files lists {name.strip()} instead")
    return name


def _is_in_checkout(folder: str) -> bool:
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder  # noqa: PTH120
        if folder == below:
            return False
    return True


def _variable() -> bool | None:
    """The value of FIELDSTONE_CACHE as a boolean; None if it is not set."""
    value = os.environ.get(VARIABLE, "").strip().lower()
    if value and value not in _OFF | _ON:
        raise Invalid(f"{VARIABLE} is {value}", fix="set it to 1 or to 0")
    return value in _ON if value else None
