"""The files of a module at an earlier commit: what a release of that commit contains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.regular_file import read_file
from fieldstone.schema.digest import manifest
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.past_module import PastModule


class Imported(Struct, frozen=True):
    """A module of the workspace that a module imports: its name, and its .proto files by path to digest."""

    name: str
    protos: Mapping[str, str]


class PastContents(Struct, frozen=True, kw_only=True):
    """The files of a module at a commit.

    Attributes:
        sources: its files by path relative to its root, in bytes.
        third_party: the third-party files that buf lists in the module, by path relative to its root, in bytes.
        imported: the files of third-party modules that it imports, by import path, in bytes.
        imports: the modules of the workspace that it imports, directly or not.
    """

    sources: Mapping[str, bytes]
    third_party: Mapping[str, bytes]
    imported: Mapping[str, bytes]
    imports: Sequence[Imported]


def contents_of(past: PastModule, dependencies: Dependencies) -> PastContents:
    """The files of a module at a commit, as long as its temporary folder exists.

    Args:
        past: the module.
        dependencies: the dependencies in its workspace.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    module = past.module
    return PastContents(
        sources=module.contents(),
        third_party=_read(module.third_party_paths),
        imported=_read(dependencies.third_party_imports(module)),
        imports=[Imported(other.name, manifest(_read(other.proto_paths))) for other in dependencies.of(module)],
    )


def _read(files: Mapping[str, str | Path]) -> dict[str, bytes]:
    return {path: read_file(Path(file)) for path, file in files.items()}
