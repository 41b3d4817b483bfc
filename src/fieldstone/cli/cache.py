"""`fieldstone cache`."""

from __future__ import annotations

import os.path
from pathlib import Path

import click


@click.group()
def command() -> None:
    """Show or clear what earlier checks worked out.

    The cache lies in .fieldstone/, beside the settings and outside git. It makes a check quick and changes no verdict:
    whatever is missing or damaged in it is worked out again.

    \b
    Example:
      fieldstone cache info
    """


@command.command("info")
def show_info() -> int:
    """Show where the cache is and what is in it.

    \b
    Example:
      fieldstone cache info
    """
    from fieldstone.workflows.project import Project

    project = Project.at(Path.cwd())
    store = project.cache.store
    click.echo(f"{os.path.relpath(store.folder or '.')}:")
    for table, (count, size) in store.sizes().items():
        click.echo(f"  {table[:32]:32} {count:>8,} values {size / 1e6:>8.1f} MB")
    return 0


@command.command("clear")
def clear_cache() -> int:
    """Remove the cache.

    \b
    Example:
      fieldstone cache clear
    """
    from fieldstone.workflows.project import Project

    store = Project.at(Path.cwd()).cache.store
    freed = store.clear()
    click.echo(f"{os.path.relpath(store.folder or '.')}: {freed / 1e6:.1f} MB freed.", err=True)
    return 0
