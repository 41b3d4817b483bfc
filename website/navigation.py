"""The navigation of the site: that of mkdocs.yml, with the generated pages in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from website.pages import commands, rules

Item = str | Mapping[str, Any]
"""An entry of a navigation: a page, or a title with a page or with entries below."""

SECTIONS = {"Tutorials": "tutorials", "How-to guides": "how-to", "Concepts": "concepts", "Reference": "reference"}
"""Title of a section to its folder in docs/."""


def complete(nav: Iterable[Item], docs: Path) -> list[Item]:
    """The navigation with what mkdocs.yml leaves to the build.

    `<rules>` and `<commands>` become the generated pages. A section of a folder gets its overview, and at its end the
    pages of the folder that mkdocs.yml does not name.
    """
    filled = [found for item in nav for found in _entries(item)]
    named = frozenset(pages_of(filled))
    return [_section(item, named, docs) for item in filled]


def _entries(item: Item) -> Iterator[Item]:
    if item == "<rules>":
        yield {"Rules": [f"{rules.FOLDER}/index.md", *_rules()]}
    elif item == "<commands>":
        yield {"Commands": [f"{commands.FOLDER}/index.md", *_commands()]}
    elif isinstance(item, Mapping):
        yield {title: [*_all(below)] if isinstance(below, list) else below for title, below in item.items()}
    else:
        yield item


def _all(nav: Iterable[Item]) -> Iterator[Item]:
    for item in nav:
        yield from _entries(item)


def _section(item: Item, named: frozenset[str], docs: Path) -> Item:
    """A section of one of the folders of docs/, with its overview and all its pages."""
    if isinstance(item, str):
        return item
    ((title, below),) = item.items()
    if not isinstance(below, list):
        return item
    folder = SECTIONS[title]
    paths = sorted(path.relative_to(docs).as_posix() for path in (docs / folder).glob("*.md"))
    return {title: [f"{folder}/index.md", *below, *(path for path in paths if path not in named)]}


def _rules() -> Iterator[Item]:
    for group, names in rules.ids().items():
        yield {group.capitalize(): [{name: f"{rules.FOLDER}/{name}.md"} for name in names]}


def _commands() -> Iterator[Item]:
    for name in commands.names():
        yield {f"fieldstone {name}": f"{commands.FOLDER}/{commands.file_name(name)}"}


def pages_of(nav: Iterable[Item]) -> Iterator[str]:
    """Every page that a navigation names."""
    for item in nav:
        if isinstance(item, str):
            yield item
        else:
            for below in item.values():
                yield from [below] if isinstance(below, str) else pages_of(below)
