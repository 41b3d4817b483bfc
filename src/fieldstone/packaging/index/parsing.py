"""Parses one package file of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldstone.errors import Invalid
from fieldstone.packaging.index.archives import DefectError
from fieldstone.packaging.index.distributions import parse_sdist, parse_wheel
from fieldstone.packaging.index.npm import parse_tarball
from fieldstone.packaging.index.packages import Package

_PARSERS: Mapping[str, Callable[[str, str, bytes], Package]] = {
    ".whl": parse_wheel,
    ".tar.gz": parse_sdist,
    ".tgz": parse_tarball,
}


def is_package(filename: str) -> bool:
    """Whether a file is a package, by the end of its name."""
    return filename.endswith(tuple(_PARSERS))


def parse_package(origin: str, filename: str, content: bytes) -> Package:
    """A package file, identified and verified.

    Args:
        origin: where it was read from, for messages.
        filename: its name, for which `is_package` is true.
        content: its bytes.

    Raises:
        FieldstoneError: it is damaged, or contradicts its name.
    """
    ending = next(ending for ending in _PARSERS if filename.endswith(ending))
    try:
        return _PARSERS[ending](origin, filename, content)
    except DefectError as error:
        raise Invalid(f"{origin} {error}", fix="build it again") from error
