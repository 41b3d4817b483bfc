"""The index as files: path to content, in the order in which they are written.

Package files come first, then the pages that name them, the manifest last. So every file that a page names is there,
even while the index grows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from fieldstone.errors import Damaged
from fieldstone.packaging.index import npm, simple
from fieldstone.packaging.index.packages import Distribution, Package, by_name, by_project, sha256

MANIFEST = "fieldstone-index.json"
"""The list of the index's own files; clients do not request it."""

JOURNAL = f".{MANIFEST}"
"""The manifest to come, present while an index grows; an interrupted build leaves it."""


class Manifest(Struct, frozen=True):
    """The list of an index's own files.

    Attributes:
        packages: the path of each package file, to its sha256.
        pages: the paths of all files derived from them.
    """

    packages: Mapping[str, str]
    pages: Sequence[str]

    @classmethod
    def parse(cls, text: bytes, where: str) -> Manifest:
        """Read a manifest that `tree` wrote.

        Raises:
            FieldstoneError: it is damaged.
        """
        try:
            found = json.loads(text)
            packages, pages = dict(found["packages"]), list(found["pages"])
            paths = [PurePosixPath(path) for path in (*packages, *pages)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Damaged(f"{where} is damaged: {error!r}", fix="restore it from a backup") from error
        for path in paths:
            if path.is_absolute() or ".." in path.parts:
                raise Damaged(f"{where} is damaged: {path} leads out of it", fix="restore it from a backup")
        return cls(packages, pages)


def tree(packages: Sequence[Package], url: str) -> dict[str, bytes]:
    """All files of an index.

    Args:
        packages: its packages.
        url: its absolute address, which npm's packuments contain; unused without npm packages.
    """
    files = package_files(packages)
    names = {f"npm/{name}": npm.packument(tarballs, url) for name, tarballs in by_name(packages).items()}
    pages = metadata_files(packages) | python_pages(packages) | names
    manifest: dict[str, Any] = {
        "packages": {path: sha256(content) for path, content in sorted(files.items())},
        "pages": sorted(pages),
    }
    return files | pages | {MANIFEST: f"{json.dumps(manifest, indent=1)}\n".encode()}


def package_files(packages: Sequence[Package]) -> dict[str, bytes]:
    """The package files."""
    return {package.path: package.content for package in packages}


def metadata_files(packages: Sequence[Package]) -> dict[str, bytes]:
    """The metadata of wheels, each beside its wheel (PEP 658)."""
    found = [package for package in packages if isinstance(package, Distribution)]
    return {f"{package.path}.metadata": package.metadata for package in found if package.metadata is not None}


def python_pages(packages: Sequence[Package]) -> dict[str, bytes]:
    """The pages in `simple/`, each as HTML and as JSON; the list of all projects comes last."""
    projects = by_project(packages)
    pages: dict[str, bytes] = {}
    for project, files in projects.items():
        pages[f"simple/{project}/index.html"] = simple.project_html(project, files)
        pages[f"simple/{project}/index.json"] = simple.project_json(project, files)
    pages["simple/index.html"] = simple.root_html(projects)
    pages["simple/index.json"] = simple.root_json(projects)
    return pages
