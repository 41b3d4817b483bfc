"""Third-party schemas of a workspace: they are imported, and neither judged nor released as one's own.

By default these are the modules in a folder called third_party or third-party. A setting names others: paths of
modules, or of files and folders inside a module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from fieldstone.errors import Invalid
from fieldstone.workspace.config.listed_modules import ListedModule

THIRD_PARTY = frozenset({"third_party", "third-party"})
"""The names of folders whose modules are imports only without a setting."""


def is_at_or_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path, relative and with `/`, is one of some others or below one of them."""
    return any(folder in (".", path) or path.startswith(f"{folder}/") for folder in folders)


def third_party_modules(entries: Sequence[ListedModule], paths: Sequence[str] | None) -> list[ListedModule]:
    """The modules of a configuration that are imports only as a whole.

    Args:
        entries: the listed modules.
        paths: those of the setting, relative to the workspace; None to find them by their folders' names, as long as
            that leaves a module.

    Raises:
        FieldstoneError: the setting covers every module.
    """
    if paths is None:
        found = [entry for entry in entries if not THIRD_PARTY.isdisjoint(PurePosixPath(entry.path).parts)]
        return found if len(found) < len(entries) else []
    found = [entry for entry in entries if _is_covered(entry, paths)]
    if entries and len(found) == len(entries):
        raise Invalid(
            f"imports-only covers every module: {', '.join(entry.path for entry in entries)}",
            fix="leave out the modules whose contract is yours",
        )
    return found


def _is_covered(entry: ListedModule, paths: Sequence[str]) -> bool:
    """Whether a module, or all folders that it includes, are among the paths."""
    return all(is_at_or_below(path, paths) for path in entry.includes or (entry.path,))
