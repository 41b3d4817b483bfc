"""Which module another one has become, by the files that it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fieldstone.schema.workspace import Module


def successor(files: Collection[str], candidates: Iterable[Module]) -> Module | None:
    """The module that holds at least half of some files, and most of them; None if there is none.

    Args:
        files: the import paths of the .proto files of a module that is gone.
        candidates: the modules that it may be called by now.
    """
    held = [(sum(path in module.proto_paths for path in files), module) for module in candidates]
    most, found = max(held, key=lambda pair: pair[0], default=(0, None))
    return found if most and 2 * most >= len(files) else None
