"""The summary of changes that a release records."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from fieldstone.compatibility.changes import describe
from fieldstone.schema.model import Schema

FIRST_RELEASE = "first release"
"""The summary of a module's first release."""


def retirement_changes(module: str, old: Schema) -> list[str]:
    """The summary of a release that retires a module.

    Args:
        module: the module's name.
        old: the release before.
    """
    return [f"module `{module}` is retired", *(change.text for change in describe(old, Schema()))]


def release_changes(
    old: Schema, new: Schema, *, left: AbstractSet[str], since: str, same_digest: bool, same_sources: bool
) -> list[str]:
    """One sentence for each change, with names in backticks.

    Args:
        old: the release before.
        new: the new release, with removed files that it now imports from elsewhere.
        left: the removed files, by import path.
        since: the version of the release before.
        same_digest: whether the module's digest, which covers its imports, is the same.
        same_sources: whether its own sources are the same.
    """
    moved = [f"file `{path}` is imported from another module now" for path in sorted(left & new.files.keys())]
    changes = [change.text for change in describe(old, new)] + moved
    if changes:
        return changes
    if same_digest:
        return [f"no change since {since}"]
    return ["newer imports only" if same_sources else "comments and documentation only"]
