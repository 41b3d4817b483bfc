"""The first page of a section: its pages, each with its first sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from website.navigation import Item

INTROS = {
    "tutorials": "Lessons from an empty folder to something that works. Start with the first; each takes ten minutes.",
    "how-to": "Recipes for one task each, for people who know what they want.",
    "concepts": "What Fieldstone does and why: read it when you wonder about a verdict, or decide for your team.",
    "reference": "Everything there is to look up, mostly written by the code itself.",
}
"""Folder of docs/ to the introduction of its overview."""


def overview(folder: str, title: str, entries: Iterable[Item], docs: Path) -> str:
    """The overview of a section, as Markdown of the page `index.md` in its folder."""
    return "\n".join([f"# {title}", "", INTROS[folder], "", *_lines(entries, docs, docs / folder)]) + "\n"


def _lines(entries: Iterable[Item], docs: Path, folder: Path) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield _line(title_of(docs / entry), docs / entry, folder)
            continue
        for title, below in entry.items():
            if isinstance(below, str):
                yield _line(title, docs / below, folder)
            elif isinstance(below[0], str) and below[0].endswith("index.md"):
                yield _line(title, docs / below[0], folder)
            else:
                yield from ("", f"## {title}", "", *_lines(below, docs, folder))


def _line(title: str, page: Path, folder: Path) -> str:
    return f"- [{title}]({_relative(page, folder)}): {_first_sentence(page)}"


def _relative(page: Path, folder: Path) -> str:
    up = "" if page.is_relative_to(folder) else "../"
    return up + page.relative_to(folder if not up else folder.parent).as_posix()


def title_of(page: Path) -> str:
    """The heading of a page."""
    found = re.search(r"^# (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else page.stem


def _first_sentence(page: Path) -> str:
    """The first sentence below the heading of a page, without its links."""
    text = re.sub(r"\A---\n.*?\n---\n|<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
    paragraphs = (part.strip() for part in text.split("\n\n"))
    prose = next((part for part in paragraphs if re.match(r"[A-Z`\[\"*]", part)), "")
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(prose.split()))
    return re.split(r"(?<=[.:])\s", plain)[0].rstrip(".:") + "."
