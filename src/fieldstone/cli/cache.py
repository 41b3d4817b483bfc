"""`fieldstone cache`."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.output import say
from fieldstone.cli.parsing import Group

if TYPE_CHECKING:
    from fieldstone.cache.store import Store


@click.group(cls=Group)
def command() -> None:
    """Show or clear the cache of earlier checks.

    The cache is in .fieldstone/, beside the settings and outside git. It speeds up checks and changes no verdict:
    missing or damaged values are computed again. A cache that git tracks, or behind a link, is ignored. In CI and for a
    release, it is only used with --cache or FIELDSTONE_CACHE=1.

    \b
    Example:
      fieldstone cache info
    """


@command.command("info")
def show_info() -> int:
    """Show the cache's folder and contents.

    \b
    Example:
      fieldstone cache info
    """
    store = _own_store()
    say(f"{os.path.relpath(store.folder or '.')}:")
    for table, (count, size) in store.sizes().items():
        say(f"  {table[:32]:32} {count:>8,} values {size / 1e6:>8.1f} MB")
    return 0


@command.command("clear")
def clear_cache() -> int:
    """Remove the cache.

    \b
    Example:
      fieldstone cache clear
    """
    store = _own_store()
    freed = store.clear()
    say(f"{os.path.relpath(store.folder or '.')}: {freed / 1e6:.1f} MB freed.", err=True)
    return 0


def _own_store() -> Store:
    """The cache on disk, in CI too; a cache that is not the user's own is neither shown nor removed."""
    from fieldstone.cache import Cache
    from fieldstone.cache.permission import why_foreign
    from fieldstone.project.settings import find_settings

    root = find_settings(Path.cwd()).root
    foreign = why_foreign(str(root))
    if foreign:
        raise foreign
    return Cache(root).store
