"""Proposals on the server of a registry, with a token."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote, urlencode

from fieldstone.proposals.proposal import State
from fieldstone.proposals.shown import Shown, Summary
from fieldstone.registry.connection import Connection
from fieldstone.workflows.proposals.messages import Deciding, Wish

_Answer = TypeVar("_Answer")
_LONGEST_JUDGING = 120.0
"""The seconds that the answer to something that is judged may take."""


class ServerProposals:
    """See `Proposals`.

    Args:
        address: the address of the server.

    Raises:
        Invalid: it is none of a server, or sends a token without encryption.
    """

    def __init__(self, address: str) -> None:
        self._connection = Connection(address)

    def every(self, state: State | None = None, module: str = "") -> list[Summary]:
        """The proposals that the caller may see, oldest first."""
        asked = {"state": state.value if state else "", "module": module}
        query = urlencode({key: value for key, value in asked.items() if value})
        return self._asked("GET", f"proposals?{query}" if query else "proposals", list[Summary])

    def one(self, number: int) -> Shown:
        """The proposal of a number."""
        return self._asked("GET", f"proposals/{number}", Shown)

    def propose(self, module: str, wish: Wish) -> Shown:
        """Propose a breaking change."""
        return self._asked("POST", f"modules/{quote(module, safe='')}/proposals", Shown, wish)

    def decide(self, number: int, deciding: Deciding) -> Shown:
        """Decide about a revision of a proposal."""
        return self._asked("POST", f"proposals/{number}/decisions", Shown, deciding)

    def release(self, number: int) -> Shown:
        """Release an approved proposal."""
        return self._asked("POST", f"proposals/{number}/release", Shown)

    def _asked(self, method: str, path: str, kind: type[_Answer], body: object = None) -> _Answer:
        return self._connection.ask_for(kind, method, path, body, timeout=_LONGEST_JUDGING)
