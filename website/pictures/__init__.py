"""The pictures of the documentation, one a module: `python -m website.pictures` draws them into generated/pictures."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from website.pictures.canvas import Picture

FOLDER = Path(__file__).parents[2] / "generated" / "pictures"
"""Where the pictures are kept, for README.md and for people who read docs/ on a git host."""


@cache
def all_pictures() -> Mapping[str, Picture]:
    """Every picture by its name, which is that of its module with hyphens."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name not in {"__main__", "canvas"})
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}").draw() for name in names}


def write(folder: Path = FOLDER) -> None:
    """Write every picture into a folder, and remove those that are drawn no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.svg"):
        if path.stem not in all_pictures():
            path.unlink()
    for name, picture in all_pictures().items():
        (folder / f"{name}.svg").write_text(picture.file(), "utf-8")
