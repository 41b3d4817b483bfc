"""Work on modules, in processes of their own: the event loop only waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fieldstone.errors import Invalid, Unavailable
from fieldstone.server.jobs import accept, judge_again, propose, publish, push, release_proposal
from fieldstone.server.process import Process
from fieldstone.server.turns import Turns

if TYPE_CHECKING:
    from fieldstone.server.guards.limits import Limits
    from fieldstone.workflows.proposals.messages import Wish
    from fieldstone.workflows.proposals.person import Person
    from fieldstone.workflows.publishing import Wanted
    from fieldstone.workflows.pushing.messages import Pushed, Sent
    from fieldstone.workflows.pushing.upload import Upload

_Result = TypeVar("_Result")
_LOOK_UPS = 2
"""The look-ups at once."""


class Work:
    """Judges pushes, those to one module one after the other, builds packages, and looks things up for pages.

    Args:
        address: the address of the database registry.
        limits: the limits of the server.
        draft_days: the lifetime of a draft, if the policy has none.

    Attributes:
        released: called with a module and the address of the registry when a push or a release was accepted.
    """

    released: Callable[[str, str], None] = staticmethod(lambda _module, _address: None)

    def __init__(self, address: str, limits: Limits, *, draft_days: float) -> None:
        self._address, self._seconds, self._draft_days = address, limits.push_seconds, draft_days
        self._processes = [self._process(limits) for _ in range(limits.processes)]
        self._turns = Turns(limits.processes)
        self._packager, self._packaging = self._process(limits), Turns(1)
        self._readers, self._reading = [self._process(limits) for _ in range(_LOOK_UPS)], Turns(_LOOK_UPS)

    def close(self) -> None:
        """End the processes, with what they are doing: a transaction of theirs is written as a whole, or not."""
        for process in (*self._processes, self._packager, *self._readers):
            process.close()

    async def push(self, upload: Upload) -> Pushed:
        """Judge an upload; see `workflows.push`.

        Raises:
            Unavailable: its process died, or it took too long.
            Exhausted: too many pushes of the caller are waiting.
            FieldstoneError: see `workflows.push`.
        """
        judge = partial(push, self._address, upload, self._draft_days)
        modules = [content.module for content in upload.contents]
        pushed = await self._judged(judge, upload.credential, modules)
        for module in modules if not pushed.refusal else ():
            self.released(module, upload.address)
        return pushed

    async def accept(self, sent: Sent) -> str:
        """Judge a release that a client drafted; see `workflows.accept`.

        Raises:
            Unavailable: its process died, or it took too long.
            Exhausted: too many pushes of the caller are waiting.
            FieldstoneError: see `workflows.accept`.
        """
        version = await self._judged(partial(accept, self._address, sent), sent.credential, [sent.module])
        if not sent.is_copy:
            self.released(sent.module, sent.address)
        return version

    async def propose(self, module: str, wish: Wish, person: Person, shown: str) -> int:
        """Judge a change, and store it as a proposal; see `workflows.proposals.proposing`.

        Raises:
            Unavailable: its process died, or it took too long.
            Exhausted: too many pushes of the caller are waiting.
            FieldstoneError: see there.
        """
        return await self._judged(
            partial(propose, self._address, module, wish, person, shown), person.credential, [module]
        )

    async def judge_again(self, module: str, number: int, person: Person, shown: str) -> None:
        """Judge a proposal of a module again; see `propose` for the errors."""
        await self._judged(partial(judge_again, self._address, number, person, shown), person.credential, [module])

    async def release_proposal(
        self, module: str, number: int, person: Person, shown: str, *, automatic: bool = False
    ) -> str:
        """Release a proposal of a module; see `propose` for the errors."""
        job = partial(release_proposal, self._address, number, person, shown, automatic=automatic)
        version = await self._judged(job, person.credential, [module])
        self.released(module, shown)
        return version

    async def publish(self, wanted: Wanted) -> None:
        """Build a client package, one at a time; see `workflows.publish`.

        Raises:
            Invalid: it took too long, or its process died.
            FieldstoneError: see `workflows.publish`.
        """
        what = f"the package of {wanted.module} {wanted.version}"
        async with self._packaging.turn("", ()):
            try:
                await self._packager.run(partial(publish, self._address, wanted))
            except TimeoutError as error:
                raise Invalid(f"{what} was not built within {self._seconds:g} seconds") from error
            except BrokenProcessPool as error:
                raise Invalid(f"the process that built {what} died") from error

    async def look_up(self, job: Callable[..., _Result], *arguments: str, caller: str) -> _Result:
        """Run a job of `jobs` that only reads.

        Args:
            job: the job; its first argument is the address of the registry.
            arguments: its further arguments.
            caller: an id of who asks; each gets one process at a time.

        Raises:
            Unavailable: its process died, or it took too long.
            Exhausted: too many jobs of the caller are waiting.
            FieldstoneError: see the job.
        """
        async with self._reading.turn(caller, ()) as place:
            try:
                return await self._readers[place].run(partial(job, self._address, *arguments))
            except TimeoutError as error:
                raise Unavailable(f"this took longer than {self._seconds:g} seconds") from error
            except BrokenProcessPool as error:
                raise Unavailable("the process that looked it up died", fix="ask again") from error

    async def _judged(self, judge: Callable[[], _Result], caller: str, modules: Iterable[str]) -> _Result:
        """Run a job in a process when it is its caller's turn."""
        async with self._turns.turn(caller, modules) as place:
            try:
                return await self._processes[place].run(judge)
            except TimeoutError as error:
                raise Unavailable(
                    f"the push was not judged within {self._seconds:g} seconds", fix="push less at once"
                ) from error
            except BrokenProcessPool as error:
                raise Unavailable("the process that judged the push died", fix="push again") from error

    def _process(self, limits: Limits) -> Process:
        return Process(limits.push_seconds, limits.compile_seconds)
