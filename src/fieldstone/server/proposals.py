"""Proposals for the callers of a server: its protocol and its pages call the same; what is judged runs in a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Denied, FieldstoneError
from fieldstone.proposals.shown import Shown, Summary
from fieldstone.workflows.proposals.database import DatabaseProposals
from fieldstone.workflows.proposals.messages import Deciding, Wish
from fieldstone.workflows.proposals.person import Person

if TYPE_CHECKING:
    from fieldstone.proposals.proposal import State
    from fieldstone.registry.sql import SqlStore
    from fieldstone.server.access.callers import Caller
    from fieldstone.server.work import Work


class ServedProposals:
    """The proposals of a registry. Every method may raise `Unavailable`.

    Args:
        address: the address of the database registry.
        store: the registry at that address.
        work: where changes are judged.
    """

    def __init__(self, address: str, store: SqlStore, work: Work) -> None:
        self._address, self._store, self._work = address, store, work

    async def every(self, caller: Caller, state: State | None = None, module: str = "") -> list[Summary]:
        """The proposals of modules that a caller may read, oldest first.

        Raises:
            Denied: the caller has to sign in first.
        """
        caller.require("read")
        return await run_in_threadpool(self._of(caller).every, state, module)

    async def one(self, caller: Caller, number: int) -> Shown:
        """The proposal of a number.

        Raises:
            Denied: the caller has to sign in first.
            NotFound: there is none, or the caller may not read its module.
        """
        caller.require("read")
        return await run_in_threadpool(self._of(caller).one, number)

    async def propose(self, caller: Caller, module: str, wish: Wish) -> Shown:
        """Propose a breaking change; see `Proposals.propose`.

        Raises:
            Denied: the caller may not push the module.
        """
        caller.require("push", module)
        number = await self._work.propose(module, wish, person_of(caller), caller.address)
        return await self.one(caller, number)

    async def decide(self, caller: Caller, number: int, deciding: Deciding) -> Shown:
        """Decide about a revision of a proposal; see `Proposals.decide`.

        Raises:
            Denied: the caller may not decide.
        """
        person, proposals = person_of(caller), self._of(caller)
        module = (await self.one(caller, number)).proposal.module
        if await run_in_threadpool(proposals.is_to_be_judged, number, deciding):
            await self._work.judge_again(module, number, person, caller.address)
        found = await run_in_threadpool(proposals.decide_now, number, deciding)
        if not await run_in_threadpool(proposals.is_to_be_released, found, deciding):
            return found
        try:
            await self._work.release_proposal(module, number, person, caller.address, automatic=True)
        except FieldstoneError as error:
            return await run_in_threadpool(proposals.unreleased, number, error)
        return await self.one(caller, number)

    async def judge_again(self, caller: Caller, number: int) -> Shown:
        """Judge a proposal by the releases, the policy and the consumers of now; other findings are a new revision.

        Raises:
            Denied: the caller may neither push nor decide.
            Conflict: it is closed.
        """
        module = (await self.one(caller, number)).proposal.module
        if not caller.may("push", module):
            caller.require("approve", module)
        await self._work.judge_again(module, number, person_of(caller), caller.address)
        return await self.one(caller, number)

    async def release(self, caller: Caller, number: int) -> Shown:
        """Release an approved proposal; see `Proposals.release`.

        Raises:
            Denied: the caller may not release it.
        """
        person = person_of(caller)
        module = (await self.one(caller, number)).proposal.module
        await self._work.release_proposal(module, number, person, caller.address)
        return await self.one(caller, number)

    def _of(self, caller: Caller) -> DatabaseProposals:
        person = person_of(caller) if caller.token else None
        return DatabaseProposals(
            self._address,
            person,
            may_read=lambda module: caller.may("read", module),
            store=self._store,
            shown=caller.address,
        )


def person_of(caller: Caller) -> Person:
    """A caller as somebody who decides.

    Raises:
        Denied: it has no token.
    """
    if caller.token is None:
        raise Denied("this requires a token", fix="set FIELDSTONE_TOKEN")
    return Person(caller.token, caller.role)
