"""A package's source tree on disk, and the folder of finished packages: never changed, only added to."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fieldstone.errors import Conflict, Invalid, Unavailable


def write_tree(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a folder, readable by everyone, whatever the umask.

    Args:
        files: path to content.
        folder: the folder; created if missing.
    """
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)


def add_all(built: Path, out: Path) -> list[Path]:
    """Move everything in a folder into the folder of finished packages: all of it, or nothing.

    A package with the same content that is there already stays.

    Args:
        built: the folder of the new packages, files and folders.
        out: the folder of the finished ones; created if missing.

    Returns:
        the path of each of them, sorted.

    Raises:
        FieldstoneError: one of them is there with another content, or writing fails.
    """
    names = sorted(entry.name for entry in built.iterdir())
    try:
        if out.exists() and not out.is_dir():
            raise Invalid(f"{out} is a file, not a folder for packages", fix="move it away, or use --out")
        new = [name for name in names if not _is_there(built / name, out / name)]
        _add(built, out, new)
    except OSError as error:
        raise Unavailable(f"cannot write {error.filename or out}: {error.strerror}; no package was added") from error
    return [out / name for name in names]


def _is_there(built: Path, target: Path) -> bool:
    if not target.exists():
        return False
    if not _is_same(built, target):
        raise Conflict(
            f"{target} is there already, with another content: a finished package never changes",
            fix="`--post 1` (or 2; npm and Go have none) makes another package of the release; or use another --out",
        )
    return True


def _is_same(one: Path, other: Path) -> bool:
    if one.is_file() or other.is_file():
        return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)
    paths = [sorted(p.relative_to(top) for p in top.rglob("*") if p.is_file()) for top in (one, other)]
    return paths[0] == paths[1] and all(filecmp.cmp(one / p, other / p, shallow=False) for p in paths[0])


def _add(built: Path, out: Path, names: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=out))
    written: list[Path] = []
    try:
        for name in names:
            copy = shutil.copytree if (built / name).is_dir() else shutil.copy2
            copy(built / name, incoming / name)
        for name in names:
            (incoming / name).rename(out / name)
            written.append(out / name)
    except BaseException:
        for path in written:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
