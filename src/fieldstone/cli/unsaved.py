"""`--stdin-file`: the text of a file that is not saved, on standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from fieldstone.errors import Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.workspace.unsaved import Unsaved


@contextmanager
def read_unsaved(path: str | None) -> Iterator[Unsaved]:
    """The text on standard input in the place of a file; nothing if there is no path.

    Args:
        path: the path of a .proto file, which need not exist.

    Raises:
        FieldstoneError: it is no .proto file, or a folder.
    """
    texts: dict[str, bytes] = {}
    if path is not None:
        file = Path(path)
        if file.suffix != ".proto" or file.is_dir():
            raise Invalid(f"--stdin-file is {path!r}", fix="name the .proto file that the text belongs to")
        texts = {str(file.parent.resolve() / file.name): sys.stdin.buffer.read()}
    with Unsaved(texts) as unsaved:
        yield unsaved


def with_unsaved(project: Project, unsaved: Unsaved) -> Project:
    """The project with unsaved texts.

    Raises:
        FieldstoneError: no module has one of the files.
    """
    if not unsaved.texts:
        return project
    project = replace(project, unsaved=unsaved)
    everything = project.workspace.everything
    for file in unsaved.texts:
        if not any(file in module.all_paths.values() for module in everything):
            listed = ", ".join(module.path for module in everything)
            raise NotFound(
                f"--stdin-file: no module of {project.workspace.root / project.workspace.config} has {file}",
                fix=f"name a file below one of them ({listed})",
            )
    return project
