"""The version in the name of a git tag: `v1.2.3`, `api/v1.2.3`, `release-1.2`, `v1.3.0rc1`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase

from semver import Version

_WILDCARD = re.compile(r"[*?\[]")
_BEGUN = re.compile(r"v?[0-9][0-9.]*$")
"""The beginning of a version at the end of a glob's fixed prefix, as in `v1.*`."""
_NUMBERS = r"[vV]?(?P<major>[0-9]+)\.(?P<minor>[0-9]+)(?:\.(?P<patch>[0-9]+))?"
_PRE = r"(?:-(?P<pre>[0-9A-Za-z.-]+)|[-.]?(?P<word>alpha|a|beta|b|cr|c|dev|m|preview|pre|rc)\.?(?P<count>[0-9]+))?"
_VERSION = re.compile(_NUMBERS + _PRE)
"""Two or three numbers, and a pre-release: any after a hyphen, or a usual word with a number."""
_AT_END = re.compile(rf"(?<![0-9A-Za-z.]){_VERSION.pattern}$")


def matches(name: str, globs: Iterable[str]) -> bool:
    """Whether a tag's name matches one of some globs; as in `git tag --list`, `*` includes `/`."""
    return any(fnmatchcase(name, glob) for glob in globs)


def version_of(name: str, glob: str) -> Version | None:
    """The version that a tag's name gives, by the part of it that is not fixed by the glob.

    Numbers lose leading zeros (`2024.01` is 2024.1.0), and a pre-release may follow without a hyphen (`1.3.0rc1` is
    1.3.0-rc.1).

    Args:
        name: the name of the tag.
        glob: a glob that it matches.

    Returns:
        the version; None if that part is no version of two or three numbers, or has build metadata.
    """
    start, end = _fixed(glob)
    return _version(name[start : len(name) - end])


def _version(text: str) -> Version | None:
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = ".".join((found[part] or "").lstrip("0") or "0" for part in ("major", "minor", "patch"))
    pre = found["pre"] or (f"{found['word']}.{found['count'].lstrip('0') or 0}" if found["word"] else "")
    try:
        return Version.parse(f"{numbers}-{pre}" if pre else numbers)
    except ValueError:  # an empty part of the pre-release, a number in it that begins with 0, or too many digits
        return None


def _fixed(glob: str) -> tuple[int, int]:
    """The lengths of a glob's fixed prefix and suffix, without what may belong to a version."""
    first = _WILDCARD.search(glob)
    prefix = _BEGUN.sub("", glob[: first.start()] if first else glob)
    suffix = re.split(r"[*?\]]", glob)[-1] if first else ""
    return len(prefix), 0 if re.search("[0-9]", suffix) else len(suffix)


def versions_in(name: str) -> set[Version]:
    """The versions that a tag's name gives by any glob that it matches: see `version_of`."""
    ends = [end for end in range(len(name) + 1) if not re.search("[0-9]", name[end:])]
    starts = {len(_BEGUN.sub("", name[:start])) for start in range(len(name) + 1)}
    found = (_version(name[start:end]) for start in starts for end in ends)
    return {version for version in found if version}


def suggested_glob(names: Iterable[str]) -> str:
    """The glob of most tags that end in a version, for a message; empty if there are none.

    Args:
        names: the names of all tags.
    """
    prefixes = Counter(
        name[: found.start()] + ("v" if found[0][0] == "v" else "") for name in names if (found := _AT_END.search(name))
    )
    return f"{min(prefixes, key=lambda prefix: (-prefixes[prefix], prefix))}*" if prefixes else ""
