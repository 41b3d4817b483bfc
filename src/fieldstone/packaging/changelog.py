"""Changelogs of releases, as Markdown in the form of https://keepachangelog.com/en/1.1.0/."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from fieldstone.compatibility.changes import Described
from fieldstone.compatibility.waiver import Waiver
from fieldstone.printed import printable


def section(heading: str, changes: Sequence[Described], waivers: Sequence[Waiver] = ()) -> str:
    """The changelog section of one release.

    Args:
        heading: the release: "telemetry 1.2.0".
        changes: in the order of their kinds.
        waivers: the waivers that permitted its breaking changes.
    """
    parts = [f"## {printable(heading)}\n"]
    for kind, same in groupby(changes, key=lambda change: change.kind):
        parts.append(f"\n### {kind.capitalize()}\n\n" + "".join(f"- {printable(change.text)}\n" for change in same))
    if not changes:
        parts.append("\nNo change of the contract.\n")
    if waivers:
        parts.append("\n### Waived\n\n" + "".join(f"- {printable(waiver.text)}\n" for waiver in waivers))
    return "".join(parts)


def changelog(module: str, sections: Iterable[str]) -> str:
    """A whole changelog.

    Args:
        module: the module's name.
        sections: one per release, newest first.
    """
    return "\n".join([f"# Changes of {module}\n", *sections])
