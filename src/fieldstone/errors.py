"""The errors that a user meets: a job could not be done, and why."""

from __future__ import annotations

from typing import Any

from fieldstone.exit_codes import FAILED


class FieldstoneError(Exception):
    """A job that could not be done; the command line prints it as one line.

    Raise one of its kinds below, so that a server can tell them apart.

    Args:
        problem: what was looked for or attempted, where, and what came instead.
        fix: what the reader can do about it; left out when there is nothing to advise.
    """

    exit_code = FAILED
    """The exit code of a command that ends with it."""

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error by its attributes: its class may take other arguments than the problem."""
        return type(self).__new__, (type(self), *self.args), vars(self)

    def __str__(self) -> str:
        """The problem and its fix on one line."""
        line = "; ".join(part for part in (self.problem, self.fix) if part)
        return " ".join(line.split())


class NotFound(FieldstoneError):
    """A module, release, revision, file or rule that was named is not there."""


class Conflict(FieldstoneError):
    """Somebody else was faster, or what would be written is there already with another content."""


class Damaged(FieldstoneError):
    """Stored data is not what was stored, or cannot be read as what it should be."""


class Invalid(FieldstoneError):
    """The input cannot be used: settings, annotations, schemas, arguments."""


class Unavailable(FieldstoneError):
    """A file, program or service cannot be used now: the same request may succeed later."""


class Exhausted(Unavailable):
    """A limit on requests or waiting work is reached.

    Args:
        problem: see `FieldstoneError`.
        fix: see `FieldstoneError`.
        seconds: the time after which the same request may succeed.
    """

    def __init__(self, problem: str, *, fix: str = "", seconds: float = 2) -> None:
        super().__init__(problem, fix=fix)
        self.seconds = seconds


class TooSlow(Unavailable):
    """A request did not arrive in its time."""


class TooLarge(Invalid):
    """A request has more bytes than are read."""


class Outdated(Unavailable):
    """A newer Fieldstone has changed the database, and this one must not use it."""


class Denied(FieldstoneError):
    """The caller may not do that, or has to say who they are first."""
