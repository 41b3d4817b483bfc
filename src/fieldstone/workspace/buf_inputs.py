"""buf's own input formats for a baseline: files are read; for others, errors say how to name them here.

The formats are those of https://buf.build/docs/reference/inputs/.
"""

from __future__ import annotations

import re
from pathlib import Path

from fieldstone.errors import Invalid
from fieldstone.regular_file import read_file
from fieldstone.toolchain import buf

_ENCODED = re.compile(r"\.((json|txtpb|yaml)(\.gz|\.zst)?|(binpb|bin)\.(gz|zst))$")
_ARCHIVE = re.compile(r"\.(tar|tgz|zip|tar\.(gz|zst))$")
_REMOTE = re.compile(r"(https?|ssh|git)://|[\w.-]+@[\w.-]+:")
_MODULE = re.compile(r"[\w-]+(\.[\w-]+)+/[\w.-]+/[\w.-]+(:\S+)?$")
_UNPACK = "unpack it, and name the folder"
_SAVE = "`buf build {} -o image.binpb`, then name image.binpb"


def read_image(path: Path, ref: str) -> bytes:
    """The encoded image in a file; buf converts JSON, text, YAML and compressed images.

    Args:
        path: the file.
        ref: its name for people.

    Raises:
        FieldstoneError: it is no image, or cannot be read.
    """
    name = path.name.lower()
    if _ENCODED.search(name):
        running = buf.build(str(path.resolve()), cwd=path.resolve().parent)
        return running.output(what=f"{ref} is not a compiled image")
    if name.endswith(".proto"):
        raise Invalid(f"{ref} is one source file", fix="name its folder, or a git revision that has it")
    if _ARCHIVE.search(name):
        raise Invalid(f"{ref} is an archive of sources", fix=_UNPACK)
    return read_file(path)


def how_to_write(ref: str) -> str:
    """Advice how to name a buf input here; empty for text that is no buf input.

    Args:
        ref: text that is neither a version nor a file, a folder or a git revision.
    """
    address, _, options = ref.partition("#")
    if ref == "-":
        return "save it in a file, and name that"
    if _MODULE.match(ref):
        return _SAVE.format(ref)
    if _REMOTE.match(ref):
        wanted = f" {_revision(options)}" if options else ""
        return f"`git fetch {address}{wanted}`, then name the revision FETCH_HEAD"
    return _without_options(address, options) if options else ""


def _without_options(address: str, options: str) -> str:
    if address.endswith(".git"):
        return f"name the git revision: {_revision(options)}"
    if _ARCHIVE.search(address):
        return _UNPACK
    return f"name it without `#{options}`: {address}" if Path(address).exists() else ""


def refuse_git_folder(path: Path, ref: str) -> None:
    """Refuse a folder of git's own files, which buf treats as the newest commit.

    Raises:
        FieldstoneError: it is such a folder.
    """
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        raise Invalid(f"{ref} is a folder of git's own", fix="name the git revision: HEAD")


def _revision(options: str) -> str:
    given = dict(part.partition("=")[::2] for part in options.split(","))
    return next((given[key] for key in ("ref", "commit", "tag", "branch") if given.get(key)), "HEAD")
