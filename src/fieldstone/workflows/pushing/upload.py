"""An upload: files of modules that a client wants to release, before they are trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.registry.release import PROTO
from fieldstone.registry.sql.catalog import MAIN
from fieldstone.registry.sql.labels import require_name
from fieldstone.workspace.modules import DOCUMENTS

MOST_FILES = 20_000
"""The most files of an upload."""
LARGEST = 32 * 2**20
"""The most bytes of the files of an upload."""
DEEPEST = 32
"""The most folders above a file."""
_LONGEST_NAME = 255
"""The most bytes of the name of a file or folder."""
_VERSION_LABEL = re.compile(r"v\d.*")


class Content(Struct, frozen=True, kw_only=True):
    """The files of one module, and the labels that they are pushed under.

    Attributes:
        module: the module's name.
        owner: the first part of its name in buf.
        files: path to bytes.
        labels: the labels; none for the default one.
    """

    module: str
    owner: str
    files: Mapping[str, bytes]
    labels: tuple[str, ...] = ()

    @property
    def version(self) -> str | None:
        """The version that the release shall have, empty for the one that it earns; None if it shall be a draft."""
        versions = [label[1:] for label in self.labels if _VERSION_LABEL.fullmatch(label)]
        if versions:
            return versions[0]
        return "" if not self.labels or MAIN in self.labels else None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels besides the default one and the version's."""
        said = {MAIN, f"v{self.version}"} if self.version else {MAIN}
        return tuple(dict.fromkeys(label for label in self.labels if label not in said))


class Upload(Struct, frozen=True, kw_only=True):
    """One push.

    Attributes:
        contents: the modules, each once.
        dependencies: the ids of the commits that they were compiled with.
        who: the name of who pushes.
        credential: the id of their token.
        address: the address of the registry in messages.
    """

    contents: tuple[Content, ...]
    dependencies: tuple[str, ...] = ()
    who: str = ""
    credential: str = ""
    address: str = ""


def refuse_unusable(upload: Upload) -> None:
    """Raise if an upload has files that no module can have.

    Raises:
        Invalid: a path is unsafe or has no place in a module, or there are too many files or bytes.
    """
    names = [content.module for content in upload.contents]
    if not names or len({*names}) < len(names):
        raise Invalid("an upload has each module once, and at least one")
    files = [(content.module, path, data) for content in upload.contents for path, data in content.files.items()]
    if len(files) > MOST_FILES:
        raise Invalid(f"an upload of {len(files)} files", fix=f"push at most {MOST_FILES} at once")
    if sum(len(data) for _, _, data in files) > LARGEST:
        raise Invalid(f"an upload of more than {LARGEST} bytes", fix="push fewer modules at once")
    for module, path, _ in files:
        refuse_path(module, path)
    for content in upload.contents:
        for label in content.names:
            _refuse_label(content.module, label)
        _refuse_nested(content)
        refuse_same_but_case(content.module, content.files)
        if not any(path.endswith(PROTO) for path in content.files):
            raise Invalid(f"the upload of {content.module} has no .proto file")


def _refuse_label(module: str, label: str) -> None:
    if _VERSION_LABEL.fullmatch(label):
        raise Invalid(f"the upload of {module} asks for two versions", fix="push one version at a time")
    require_name(label)


def _refuse_nested(content: Content) -> None:
    """Raise if a file of a module lies below another one, as below a folder."""
    for path in content.files:
        for folder in PurePosixPath(path).parents:
            if str(folder) in content.files:
                raise Invalid(f"the upload of {content.module} has {folder} as a file and as a folder")


def refuse_same_but_case(module: str, paths: Iterable[str]) -> None:
    """Raise if two files or folders of a module differ only in case: macOS and Windows cannot have both.

    Raises:
        Invalid: two do.
    """
    seen: dict[str, str] = {}
    for path in sorted(paths):
        for part in (path, *map(str, PurePosixPath(path).parents)):
            other = seen.setdefault(part.casefold(), part)
            if other != part:
                raise Invalid(f"{other} and {part} in the upload of {module} differ only in case", fix="rename one")


def refuse_path(module: str, path: str) -> None:
    """Raise if a path is unsafe, or has no place in a module.

    Raises:
        Invalid: it is, or has not.
    """
    parts = path.split("/")
    longest = max(len(part.encode()) for part in parts)
    unsafe = not {"", ".", ".."}.isdisjoint(parts) or "\\" in path or not path.isprintable()
    if unsafe or len(parts) > DEEPEST or longest > _LONGEST_NAME:
        raise Invalid(f"{path!r} in the upload of {module} is no path of a file in a module")
    if not path.endswith(PROTO) and path not in DOCUMENTS:
        raise Invalid(f"{path} in the upload of {module} is neither a .proto file nor one of {', '.join(DOCUMENTS)}")
