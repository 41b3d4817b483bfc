"""The results of a scan."""

from __future__ import annotations


class Found:
    """The uses of all files, and what was not seen."""

    def __init__(self) -> None:
        self.uses: set[tuple[str, str, str, str, int]] = set()
        self.not_seen: set[tuple[str, str, int, str]] = set()
        self.partial: set[tuple[str, str, int, str]] = set()
        """The places that take a message as a whole of which a narrowed package lacks fields."""

    def use(self, module: str, name: str, how: str, path: str, line: int) -> None:
        """Note a use."""
        self.uses.add((module, name, how, path, line))

    def unseen(self, module: str, path: str, line: int, words: str) -> None:
        """Note a place that could not be followed."""
        self.not_seen.add((module, path, line, words))
