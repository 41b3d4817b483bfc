"""protoc, the compiler that grpcio-tools carries, run in this process."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import with_extra

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

EXTRA = "generate"
"""The extra of Fieldstone that installs all that generating takes."""


def run_protoc(image: FileDescriptorSet, files: Sequence[str], services: Sequence[str]) -> dict[str, str]:
    """Generate Python from a compiled image.

    Args:
        image: the files and all that they import.
        files: the import paths of those to generate `_pb2.py` and `_pb2.pyi` from.
        services: the import paths of those to generate `_pb2_grpc.py` from.

    Returns:
        the path of each file that protoc wrote, to its text.

    Raises:
        FieldstoneError: grpcio-tools is missing, or protoc refuses a file.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        folder = Path(scratch, "out")
        folder.mkdir()
        described = Path(scratch, "image.binpb")
        described.write_bytes(image.SerializeToString())
        source = f"--descriptor_set_in={described}"
        _call([source, f"--python_out={folder}", f"--pyi_out={folder}", *files])
        if services:
            _call([source, f"--grpc_python_out={folder}", *services])
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def _call(arguments: Sequence[str]) -> None:
    try:
        from grpc_tools import protoc  # type: ignore[import-untyped]
    except ImportError as error:
        raise Unavailable(
            f"generating code takes grpcio-tools, which {sys.executable} cannot import: {error}",
            fix=f"install it: `{with_extra(EXTRA)}`",
        ) from error
    with tempfile.TemporaryFile() as said:
        with _stderr_into(said):
            code = protoc.main(["protoc", *arguments])
        if code:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").splitlines()
            first = re.sub(r"^--\w+_out: ", "", lines[0]) if lines else f"it ended with {code}"
            raise Invalid(f"protoc cannot generate Python: {first}")


@contextmanager
def _stderr_into(file: IO[bytes]) -> Iterator[None]:
    """Sends the standard error of the compiler, which is no Python, into a file."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
