"""The signed release that a client package carries as data: its manifest with the signature, and its compiled schema.

The manifest names the digest of the schema, so that whoever has the package can verify both without a registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from fieldstone.errors import Invalid
from fieldstone.registry.release import IMAGE, NAME

FOLDER = "signed_release"
"""The name of its folder, wherever a language keeps data in a package."""


def signed_tree(files: Mapping[str, bytes], root: str = "") -> dict[str, bytes]:
    """The files of a signed release by their paths in a package; none if there are none.

    Args:
        files: `NAME` and `IMAGE` with their contents.
        root: the folder for data in the package; empty for the package's own.
    """
    return {str(PurePosixPath(root, FOLDER, name)): content for name, content in files.items()}


def find_signed(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the signed release in a package; empty if it carries none.

    Args:
        tree: the files of the package, by path.

    Raises:
        Invalid: it carries several, or a part of one.
    """
    found = [path for path in tree if PurePosixPath(path).parts[-2:] in {(FOLDER, NAME), (FOLDER, IMAGE)}]
    files = {PurePosixPath(path).name: tree[path] for path in found}
    if found and (len(found) > len(files) or files.keys() != {NAME, IMAGE}):
        raise Invalid(f"its {FOLDER} is not one {NAME} and one {IMAGE}: {', '.join(sorted(found))}")
    return files
