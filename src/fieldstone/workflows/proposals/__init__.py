"""Proposals of a shared registry: to propose, see, decide and release; on its server, or on its database itself."""

from __future__ import annotations

from typing import Protocol

from fieldstone.errors import Invalid
from fieldstone.proposals.proposal import State
from fieldstone.proposals.shown import Shown, Summary
from fieldstone.workflows.proposals.messages import Deciding, Wish


class Proposals(Protocol):
    """The proposals of one registry. Every method may raise `Denied` and `Unavailable`."""

    def every(self, state: State | None = None, module: str = "") -> list[Summary]:
        """The proposals that the caller may see, oldest first.

        Args:
            state: only those in this state.
            module: only those of this module.
        """

    def one(self, number: int) -> Shown:
        """The proposal of a number.

        Raises:
            NotFound: there is none, or the caller may not read its module.
        """

    def propose(self, module: str, wish: Wish) -> Shown:
        """Propose a breaking change; again does no harm.

        Raises:
            Invalid: it breaks nothing, or no waiver could permit it.
            NotFound: the module has no release, or there is no proposal of the wished number.
        """

    def decide(self, number: int, deciding: Deciding) -> Shown:
        """Decide about a revision of a proposal; an approval may release it, if the policy says so.

        Raises:
            NotFound: there is no such proposal.
            Conflict: it is closed, or has a newer revision.
            Invalid: there is no such revision, or the reason is missing.
        """

    def release(self, number: int) -> Shown:
        """Release an approved proposal with exactly the waivers that were approved.

        Raises:
            NotFound: there is no such proposal.
            Conflict: it is not approved, or its findings are others now.
            Invalid: it cannot be released.
        """


def open_proposals(address: str) -> Proposals:
    """The proposals of the registry at an address.

    Args:
        address: `https://HOST`, with a token in FIELDSTONE_TOKEN or ~/.netrc; or the address of a database, for who can
            reach that.

    Raises:
        Invalid: it is the address of a folder, or of nothing.
    """
    scheme = address.partition(":")[0]
    if scheme in {"http", "https"}:
        from fieldstone.workflows.proposals.server import ServerProposals

        return ServerProposals(address)
    if scheme in {"sqlite", "postgresql"}:
        from fieldstone.workflows.proposals.database import DatabaseProposals, administrator

        return DatabaseProposals(address, administrator())
    raise Invalid(
        f"{address} is a folder, and proposals are in shared registries",
        fix="in a folder, the pull request is the proposal: `fieldstone waive`, and have the owners review that; "
        "or name a shared registry: --registry https://HOST",
    )
