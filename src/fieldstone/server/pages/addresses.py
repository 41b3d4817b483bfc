"""The addresses of pages: one place for links in templates, in search results and in JSON."""

from __future__ import annotations

from urllib.parse import quote

LINES_OF_PAGE = 3000
"""The lines of a source file that a page shows."""
MEMBER = "m-"
"""The beginning of the anchor of a field, value or rpc, so that none is that of another part of its page."""


def part(text: object) -> str:
    """A text as one part of a path."""
    return quote(str(text), safe="")


def of_module(module: str) -> str:
    """The page of a module."""
    return f"/modules/{part(module)}"


def of_release(module: str, version: str) -> str:
    """The page of a release."""
    return f"{of_module(module)}/{part(version)}"


def of_element(module: str, version: str, kind: str, name: str) -> str:
    """The page that shows an element of a release.

    Args:
        module: the module.
        version: the version of the release.
        kind: `message`, `enum`, `service`, `field`, `extension`, `rpc` or `value`.
        name: the full name of the element. An rpc and an enum's value are a part of another page.
    """
    if kind in {"field", "extension"}:
        return f"/fields/{part(module)}/{part(name)}"
    if kind in {"rpc", "value"}:
        parent, _, own = name.rpartition(".")
        return f"{of_release(module, version)}/{part(parent)}#{MEMBER}{part(own)}"
    return f"{of_release(module, version)}/{part(name)}"


def of_diff(module: str, old: str, new: str) -> str:
    """The page that compares two releases."""
    return f"{of_module(module)}/diff/{part(old)}..{part(new)}"


def of_history(module: str, name: str) -> str:
    """The page with the life of an element.

    Args:
        module: the module.
        name: the full name of a type or a member of one.
    """
    return f"/fields/{part(module)}/{part(name)}"


def of_source(module: str, version: str, path: str, line: int = 0) -> str:
    """The page of a source file, at a line if one is named.

    Args:
        module: the module.
        version: the version of the release.
        path: the path of the file.
        line: the line, from 1; 0 for the first page of the file.
    """
    parts = f"?page={(line - 1) // LINES_OF_PAGE + 1}" if line > LINES_OF_PAGE else ""
    return f"{of_release(module, version)}/source/{quote(path)}{parts}" + (f"#L{line}" if line else "")


def of_proposal(number: int) -> str:
    """The page of a proposal."""
    return f"/proposals/{number}"
