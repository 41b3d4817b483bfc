"""Reflection: for clients that learn types at run time, the descriptors of a release, or those that symbols need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any

from fieldstone.errors import Invalid, NotFound
from fieldstone.registry.release import IMAGE
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.messages import message
from fieldstone.server.buf.references import References
from fieldstone.toolchain.buf import Running

_RESPONSE = "buf.reflect.v1beta1.GetFileDescriptorSetResponse"
_SYMBOL = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_MOST_SYMBOLS = 250
"""The most symbols of a request."""
_FREE = BoundedSemaphore(2)
"""The processes that prune at once: more would take the processors from those who push."""


def get_file_descriptor_set(references: References, request: Any, caller: Caller) -> Any:
    """The descriptors of a module's release, with their imports.

    Raises:
        Invalid: a symbol is no name, or there are too many.
        NotFound: there is no such module or release, or it has no such symbol.
    """
    host, _, name = request.module.partition("/")
    owner, _, module = name.partition("/")
    here = caller.address.rpartition("//")[2]
    if host != here:
        raise NotFound(f"no {request.module} in this registry", fix=f"write it as {here}/OWNER/MODULE")
    listed = references.named(owner, module, caller)
    commit = references.catalog.labelled(listed.name, request.version)
    if commit is None or not commit.version:
        raise NotFound(
            f"{request.module} has no release {request.version or 'yet'}",
            fix="name a release: only they have reflection",
        )
    image = references.catalog.registry.read(references.catalog.registry.release(listed.name, commit.version), IMAGE)
    found = message(_RESPONSE)(version=f"v{commit.version}")
    found.file_descriptor_set.ParseFromString(_pruned(image, tuple(sorted({*_symbols(request.symbols)}))))
    return found


def _symbols(symbols: Sequence[str]) -> Sequence[str]:
    if len(symbols) > _MOST_SYMBOLS:
        raise Invalid(f"{len(symbols)} symbols", fix=f"ask for at most {_MOST_SYMBOLS} at once")
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise Invalid(f"{symbol!r} is no name of a package, type, service, method or extension")
    return symbols


@lru_cache(maxsize=64)
def _pruned(image: bytes, symbols: tuple[str, ...]) -> bytes:
    """The FileDescriptorSet of an image, with what some symbols need, or with everything if there are none.

    Raises:
        NotFound: the image has no such symbol.
    """
    with TemporaryDirectory(prefix="fieldstone-reflection-") as scratch, _FREE:
        (Path(scratch) / IMAGE).write_bytes(image)
        types = [f"--type={symbol}" for symbol in symbols]
        arguments = ["build", IMAGE, "--as-file-descriptor-set", "-o", "-", *types]
        try:
            return Running(arguments, cwd=Path(scratch)).output(what=f"no {', '.join(symbols)}")
        except Invalid as error:
            raise NotFound(error.problem) from error
