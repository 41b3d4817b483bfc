"""A session: what was typed is checked after a moment, the last text first, and the findings are published."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from fieldstone.errors import FieldstoneError, NotFound, Unavailable
from fieldstone.lsp.client import Client
from fieldstone.lsp.features.diagnostics import Diagnostics, diagnostics_of
from fieldstone.lsp.features.lens import summary
from fieldstone.lsp.room import Judged, Room
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.ticket import Given, Ticket

DEBOUNCE = 0.1
"""Seconds without a change before a check begins."""

_SETTLE = 1.0
"""Seconds after a check until files on disk are read anew, if the editor does not tell of their changes."""

_PAUSE = 30.0
"""Seconds without a check by itself after a registry could not be reached."""

_WAIT = 20.0
"""The most seconds that a request waits for the check of the text that it is about."""

T = TypeVar("T")


class Problem(Struct, frozen=True):
    """Why a project was not checked.

    Attributes:
        root: the folder of its settings, or of the file.
        text: the reason, for people.
        is_quiet: whether it is only logged: there is nothing to check.
        trace: the place in our code, if it is our mistake.
    """

    root: Path
    text: str
    is_quiet: bool = False
    trace: str = ""


class Session:
    """The state of a session; its methods are called in the event loop, which never waits for them.

    Args:
        client: the editor.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.room = Room()
        self.judged: dict[Path, Judged] = {}
        self.is_watching = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fieldstone-check")
        self._pending: set[Path] = set()
        self._published: dict[tuple[Path, str], Diagnostics] = {}
        self._summaries: dict[tuple[Path, str], str] = {}
        self._told: dict[Path, str] = {}
        self._paused: dict[Path, float] = {}
        self._tickets: set[Ticket] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_settled = asyncio.Event()

    def touch(self, paths: Iterable[Path], *, anew: bool = False) -> None:
        """Check the projects of some files after a moment; a check that runs is given up.

        Args:
            paths: the files.
            anew: whether files on disk may have changed as well.
        """
        if anew:
            self.room.forget()
            self._paused.clear()
        self._pending.update(paths)
        self._give_up()
        self._is_settled.clear()
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._check())

    def warm_up(self) -> None:
        """Import what the first check needs, while the editor opens its files."""
        self._thread.submit(_import_judgement)

    async def settled(self) -> None:
        """Wait until the last text was checked, but not for ever."""
        if self._task is not None:
            try:
                await asyncio.wait_for(self._is_settled.wait(), _WAIT)
            except TimeoutError:
                return

    @contextmanager
    def ticket(self) -> Iterator[Ticket]:
        """The ticket of a check, which the next change of a text gives up."""
        ticket = Ticket()
        self._tickets.add(ticket)
        try:
            yield ticket
        finally:
            ticket.give_up()  # whoever waited for it may be gone
            self._tickets.discard(ticket)

    def _give_up(self) -> None:
        for ticket in [*self._tickets]:
            ticket.give_up()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run something that uses the room, after what runs there."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End what runs, and remove the folders of the session."""
        self._give_up()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self.room.close()

    def publish(self, key: tuple[Path, str], found: Diagnostics) -> None:
        """Replace the diagnostics of one origin: a module of a project, or a settings file."""
        before = self._published.get(key, {})
        self._published[key] = found
        for path in before.keys() | found.keys():
            if before.get(path) != found.get(path):
                everything = (each.get(path, ()) for each in self._published.values())
                self.client.publish(path, [diagnostic for part in everything for diagnostic in part])

    def summary_of(self, root: Path, module: str) -> str:
        """The verdict about a module in a few words; empty before its first check."""
        return self._summaries.get((root, module), "")

    async def _check(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        outcomes = await self._checked_pending()
        self._is_settled.set()
        if not self.is_watching and any(isinstance(outcome, Judged) and outcome.is_warm for outcome in outcomes):
            await asyncio.sleep(_SETTLE)
            self.room.forget()
            self._pending.update(path for outcome in outcomes for path in _files(outcome))
            await self._checked_pending()

    async def _checked_pending(self) -> Sequence[Judged | Problem]:
        pending, buffers = frozenset(self._pending), self.client.buffers()
        with self.ticket() as ticket:
            try:
                outcomes = await self.in_thread(lambda: self._judge(pending, buffers, ticket))
            except Given:
                return []
        self._pending -= pending
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                self._tell(outcome)
            else:
                self._show(outcome)
        return outcomes

    def _judge(
        self, pending: Collection[Path], buffers: Sequence[Buffer], ticket: Ticket
    ) -> Sequence[Judged | Problem]:
        """Check the projects of the pending files; runs in the thread."""
        outcomes: list[Judged | Problem] = []
        found = {self._root_of(path, outcomes) for path in pending}
        roots: dict[Path, list[Buffer]] = {root: [] for root in found if root is not None}
        for buffer in buffers if roots else ():
            root = self._root_of(buffer.path, [])
            if root in roots:
                roots[root].append(buffer)
        for root, inside in roots.items():
            if self._paused.get(root, 0.0) < time.monotonic():
                judged = self._safely(root, partial(self.room.judge, root, inside, ticket), outcomes)
                outcomes += [judged] if judged else []
        return outcomes

    def _root_of(self, path: Path, outcomes: list[Judged | Problem]) -> Path | None:
        return self._safely(path.parent, partial(self.room.root_of, path), outcomes)

    def _safely(self, root: Path, work: Callable[[], T], outcomes: list[Judged | Problem]) -> T | None:
        """The result of a step; None if it failed, and then the problem is one of the outcomes."""
        try:
            return work()
        except Given:
            raise
        except FieldstoneError as error:
            if isinstance(error, Unavailable):
                self._paused[root] = time.monotonic() + _PAUSE
            outcomes.append(Problem(root, str(error), isinstance(error, NotFound)))
        except Exception as error:  # noqa: BLE001 - one check failed: the session goes on
            text = f"Fieldstone failed: {type(error).__name__}: {error}; please report it with the editor's log"
            outcomes.append(Problem(root, text, trace=traceback.format_exc()))
        return None

    def _show(self, judged: Judged) -> None:
        root = judged.project.settings.root
        self.judged[root] = judged
        self._told.pop(root, None)
        for module, report in judged.modules.items():
            self.publish((root, module), diagnostics_of(judged, report, self.client.codec))
        for key in [*self._published]:
            if key[0] == root and key[1] and key[1] not in judged.asked:
                self.publish(key, {})
                del self._published[key]
        summaries = {(root, module): summary(report) for module, report in judged.modules.items()}
        if not summaries.items() <= self._summaries.items():
            self._summaries.update(summaries)
            self.client.refresh_lenses()

    def _tell(self, problem: Problem) -> None:
        """Tell a problem once, until a check of its project succeeds or it is another one."""
        if self._told.get(problem.root) != problem.text:
            self._told[problem.root] = problem.text
            self.client.tell(problem.text, is_quiet=problem.is_quiet, trace=problem.trace)


def _import_judgement() -> None:
    from fieldstone.checking import judging, witnesses  # noqa: F401 - needed next
    from fieldstone.compatibility.rules import all_rules
    from fieldstone.incremental import slices  # noqa: F401 - needed next

    all_rules()


def _files(outcome: Judged | Problem) -> list[Path]:
    return [buffer.path for buffer in outcome.buffers.values()] if isinstance(outcome, Judged) else []
