"""Refusal of checkouts that lack schemas: set up there, a module would be released without some of its files."""

from __future__ import annotations

import os
from pathlib import Path

from fieldstone.errors import Invalid
from fieldstone.toolchain.checkout_gaps import Gaps
from fieldstone.workspace.modules import CONFIG_FILES


def refuse_text_links(folder: Path, gaps: Gaps) -> None:
    """Raise if a symbolic link to a schema, a folder of schemas or a buf configuration is a text file here.

    Args:
        folder: the folder to set up.
        gaps: what its checkout lacks.

    Raises:
        FieldstoneError: there is such a link.
    """
    links = [link for link in gaps.links if (gaps.top / link).is_relative_to(folder) and _matters(gaps, link)]
    if links:
        more = f" (and {len(links) - 1} more)" if len(links) > 1 else ""
        raise Invalid(
            f"{os.path.relpath(gaps.top / links[0], folder)} is a symbolic link to {gaps.links[links[0]]} in git, and "
            f"a text file here{more}",
            fix=gaps.way_back(links),
        )


def refuse_empty(folder: Path, gaps: Gaps) -> None:
    """Raise if a folder without .proto files has submodules that are not checked out.

    Args:
        folder: the folder to set up.
        gaps: what its checkout lacks.

    Raises:
        FieldstoneError: it has such a submodule.
    """
    inside = [name for name in gaps.submodules if (gaps.top / name).is_relative_to(folder)]
    if inside:
        raise Invalid(f"there is no .proto file in {folder}", fix=gaps.way_out(folder))


def _matters(gaps: Gaps, link: str) -> bool:
    if link.endswith(".proto") or link.rpartition("/")[2] in CONFIG_FILES:
        return True
    target = gaps.target(link)
    return target.is_dir() and next(target.rglob("*.proto"), None) is not None
