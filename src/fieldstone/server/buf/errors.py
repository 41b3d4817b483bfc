"""Errors that only buf's protocol tells apart."""

from __future__ import annotations

from fieldstone.errors import Conflict, FieldstoneError, NotFound


class PushRefused(FieldstoneError):
    """A push that the gate refuses; its text, of several lines, is shown to the person who pushed."""


class NoCommits(NotFound):
    """A module without a release: buf skips what needs one."""


class AlwaysThere(Conflict):
    """A label that follows from the releases of its module: nobody moves or archives it."""


class ExistsAlready(Conflict):
    """A module that is there already: `buf push --create` of older versions goes on."""
