"""The advice of `fieldstone init` on git tags that can become releases."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from fieldstone.errors import FieldstoneError
from fieldstone.printed import printable
from fieldstone.project.project import Project
from fieldstone.toolchain import git
from fieldstone.toolchain.git_tags import tag_names
from fieldstone.toolchain.tag_version import suggested_glob


def about_history(project: Project, released: Collection[str] = ()) -> Iterator[str]:
    """Advice to adopt the tags of the checkout, which must come before the first release.

    Args:
        project: the project.
        released: the modules that just got their first release. Until it is committed, it can make way for the tags.
    """
    try:
        glob = suggested_glob(tag_names(git.top_of(project.settings.root)))
    except FieldstoneError:  # no checkout
        return
    if not glob:
        return
    adopt, tags = "fieldstone adopt {} --tags " + shlex.quote(glob), printable(glob)
    for name in [name for name in project.workspace.modules if not project.registry.versions(name)][:1]:
        command = printable(f"{adopt.format(name)} --dry-run")
        yield f"first, for it is impossible after the first release: the tags {tags} can become releases: `{command}`"
    if project.settings.registry_folder is None:
        return
    for name in released:
        folder = printable(os.path.relpath(project.settings.registry_folder / name, Path.cwd()))
        yield (
            f"{printable(name)} begins without the tags {tags}; to bring them along, delete {folder} before you commit "
            f"it, and run `{printable(adopt.format(name))}`"
        )
