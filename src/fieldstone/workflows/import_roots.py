"""Where imports start in a folder of .proto files that no buf configuration describes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from fieldstone.schema.digest import imports

_SKIPPED = {"node_modules", "vendor", "third_party", "registry", "build", "dist"}
_PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


def find_protos(folder: Path) -> list[str]:
    """The .proto files below a folder, relative to it; not those that others own or builds left."""
    found: list[str] = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        found += [Path(here, name).relative_to(folder).as_posix() for name in names if name.endswith(".proto")]
    return sorted(found)


def infer_roots(folder: Path, protos: Sequence[str]) -> list[str]:
    """The folders that the import paths of `protos` start from, relative to `folder`.

    A root is where an import that is found among the files must start; files that nothing imports
    are placed by their package. Roots never lie inside one another.
    """
    contents = {proto: (folder / proto).read_bytes() for proto in protos}
    votes = Counter(root for content in contents.values() for root in _roots_of_imports(content, protos))
    roots = _apart([root for root, _ in votes.most_common()], [])
    for proto, content in contents.items():
        if not any(_below(proto, root) for root in roots):
            roots = _apart([_root_of_package(proto, content)], roots)
    return sorted(roots)


def _roots_of_imports(content: bytes, protos: Iterable[str]) -> Iterable[str]:
    for path in imports(content):
        for proto in protos:
            if proto == path:
                yield "."
            elif proto.endswith(f"/{path}"):
                yield proto.removesuffix(f"/{path}")


def _root_of_package(proto: str, content: bytes) -> str:
    folder = PurePosixPath(proto).parent.as_posix()
    declared = _PACKAGE.search(content)
    package = declared[1].decode().replace(".", "/") if declared else ""
    if package and folder == package:
        return "."
    return folder.removesuffix(f"/{package}") if package else folder


def _apart(candidates: Iterable[str], roots: list[str]) -> list[str]:
    kept = list(roots)
    for root in candidates:
        if not any(_below(root, other) or _below(other, root) for other in kept):
            kept.append(root)
    return kept


def _below(path: str, root: str) -> bool:
    return root in (".", path) or path.startswith(f"{root}/")
