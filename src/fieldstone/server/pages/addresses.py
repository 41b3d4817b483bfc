"""The addresses of pages: one place for links in templates, in search results and in JSON."""

from __future__ import annotations

from urllib.parse import quote


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
        return f"{of_release(module, version)}/{part(parent)}#{part(own)}"
    return f"{of_release(module, version)}/{part(name)}"


def of_diff(module: str, old: str, new: str) -> str:
    """The page that compares two releases."""
    return f"{of_module(module)}/diff/{part(old)}..{part(new)}"
