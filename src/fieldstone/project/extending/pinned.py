"""The contents of pinned sources, kept in `.fieldstone/extends/` under their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from fieldstone.cache import FOLDER
from fieldstone.errors import Invalid, Unavailable
from fieldstone.project.extending.lock import LOCK, UPDATE, Pin
from fieldstone.project.extending.sources import Source
from fieldstone.regular_file import read_regular

FETCH = "`fieldstone settings fetch` fetches what is pinned"
"""The fix for a pinned source without a copy."""

FETCH_SINCE = "`fieldstone settings fetch --since REF`, with the REF of the check, fetches what is pinned there"
"""The same for the settings of another revision."""


def copy_of(folder: Path, sha256: str) -> Path:
    """The copy of a pinned source.

    Args:
        folder: the folder of the settings.
        sha256: its digest, in hex.
    """
    return folder / FOLDER / "extends" / f"{sha256}.toml"


class Pinned(Struct, frozen=True):
    """The pinned sources of a repository.

    Attributes:
        pins: the pins by source.
        folder: the folder whose `.fieldstone` has the copies.
        root: the folder of the settings, for error messages.
    """

    pins: Mapping[str, Pin]
    folder: Path
    root: Path

    def read(self, source: Source) -> bytes:
        """The pinned content of a source; nothing is fetched.

        Raises:
            FieldstoneError: it is not pinned, or there is no copy of that content.
        """
        pin = self.pins.get(str(source))
        if pin is None:
            raise Invalid(f"{self.root / LOCK} has no entry for {source}, which the settings extend", fix=UPDATE)
        content = _content_of(copy_of(self.folder, pin.sha256))
        if content is None or sha256_of(content) != pin.sha256:
            where = f"{self.folder / FOLDER} has no copy with the SHA-256 {pin.sha256[:12]}... in {self.root / LOCK}"
            raise Unavailable(
                f"{source}, which the settings extend, is not here: {where}",
                fix=FETCH if self.folder == self.root else FETCH_SINCE,
            )
        return content


def sha256_of(content: bytes) -> str:
    """The digest that a pin has, in hex."""
    return hashlib.sha256(content).hexdigest()


def _content_of(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except OSError:
        return None
