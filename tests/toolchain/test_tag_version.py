"""The version that a tag's name gives, and the globs that are suggested."""

from __future__ import annotations

import pytest

from fieldstone.toolchain.tag_version import matches, suggested_glob, version_of, versions_in


@pytest.mark.parametrize(
    ("name", "glob", "version"),
    [
        ("v1.2.3", "v*", "1.2.3"),
        ("1.2", "*", "1.2.0"),
        ("api/v1.2.3", "api/v*", "1.2.3"),
        ("api/v1.2.3", "*/v*", None),
        ("api/v1.2.3", "*", None),
        ("v1.2.3", "v1.*", "1.2.3"),
        ("v1.2.30", "v1.2.3*", "1.2.30"),
        ("v1.2.3", "v1.2.3", "1.2.3"),
        ("v1.2.3", "v[0-9]*", "1.2.3"),
        ("v1.2.3", "?1.2.3", "1.2.3"),
        ("release-1.2-final", "release-*-final", "1.2.0"),
        ("v1.2.3-rc1", "v*-rc1", "1.2.3-rc1"),
        ("v1.3-rc.1", "v*", "1.3.0-rc.1"),
        ("v1.3.0rc10", "v*", "1.3.0-rc.10"),
        ("v1.3.beta2", "v*", "1.3.0-beta.2"),
        ("v1.2.3-1", "v*", "1.2.3-1"),
        ("2024.01.09", "*", "2024.1.9"),
        ("v1.3.0-rc.01", "v*", None),
        ("v1.2.3-", "v*", None),
        ("v1.2.3+build", "v*", None),
        ("v1.2.3.4", "v*", None),
        ("v1.2.3.Final", "v*", None),
        ("v1", "v*", None),
        ("vector", "v*", None),
        ("v\N{ARABIC-INDIC DIGIT ONE}.2", "v*", None),
        (f"v{'9' * 5000}.1", "v*", None),
    ],
)
def test_a_name_gives_a_version(name: str, glob: str, version: str | None) -> None:
    assert matches(name, [glob])
    found = version_of(name, glob)
    assert (str(found) if found else None) == version
    assert found is None or found in versions_in(name)


def test_the_glob_of_most_tags_is_suggested() -> None:
    assert suggested_glob(["api/v1.0.0", "api/v1.1.0", "v1.0.0", "nightly"]) == "api/v*"
    assert suggested_glob(["1.0", "2.0.0-rc.1"]) == "*"
    assert suggested_glob(["nightly", "v1"]) == ""
