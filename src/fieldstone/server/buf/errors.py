"""Errors that only buf's protocol tells apart."""

from __future__ import annotations

from fieldstone.errors import FieldstoneError, NotFound


class PushRefused(FieldstoneError):
    """A push that the gate refuses; its text, of several lines, is shown to the person who pushed."""


class NoCommits(NotFound):
    """A module without a release: buf skips what needs one."""
