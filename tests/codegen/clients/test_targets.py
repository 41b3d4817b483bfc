"""What holds for every client language."""

from __future__ import annotations

import pytest

from fieldstone.codegen.clients import LANGUAGES, find_target
from fieldstone.project.project import Project
from tests.codegen.clients.releases import HERE


def test_the_languages() -> None:
    assert LANGUAGES == ("go", "java", "python", "typescript")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_package_is_checked_by_us_or_by_a_command(language: str) -> None:
    target = find_target(language)
    assert (target.check is None) == bool(target.check_command)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if find_target(name).setting])
def test_the_setting_of_a_language_is_one_of_the_settings(language: str) -> None:
    key = find_target(language).setting.replace("-", "_")
    assert isinstance(getattr(Project.at(HERE).settings, key), str)


def test_an_unknown_language_names_those_that_exist() -> None:
    with pytest.raises(ValueError, match="no language is called cobol; there are go, java, python, typescript"):
        find_target("cobol")
