"""The names of all modules in memory, read again where a newer release has come.

Each replica has its own. Reading the first time takes about 10 ms a module of 20 types; until it is done, a search
answers with what was read, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Damaged, FieldstoneError
from fieldstone.registry.release import IMAGE, Release
from fieldstone.registry.versions import in_order
from fieldstone.schema.model import Schema
from fieldstone.server.pages.search.names import Names, names_of
from fieldstone.server.pages.search.ranking import Corpus, Hit

if TYPE_CHECKING:
    from fieldstone.registry.sql.catalog import Catalog, ListedModule
    from fieldstone.server.reads.heads import Heads

MOST = 1_000
"""The most names that a search finds."""
_WAIT = 1.0
"""The seconds that a search waits for what was released a moment ago."""


class Found(Struct, frozen=True):
    """The answer to a search.

    Attributes:
        hits: the names, the best first, at most `MOST`.
        is_cut: whether there may be more.
        unread: the number of modules that were not read yet.
        unreadable: the modules whose newest release cannot be read.
    """

    hits: list[Hit]
    is_cut: bool = False
    unread: int = 0
    unreadable: tuple[str, ...] = ()


class _Read(Struct, frozen=True):
    """A module as it was read.

    Attributes:
        key: version and description, which it was read by.
        names: its names; of a module that cannot be read, its own only.
        is_readable: whether it could be read.
        needs: the modules that it depends on.
    """

    key: tuple[str, str]
    names: Names
    is_readable: bool = True
    needs: frozenset[str] = frozenset()


class Index:
    """Searches the newest releases.

    Args:
        catalog: the modules and releases.
        heads: the head of the audit, by which it knows when to read again.
    """

    def __init__(self, catalog: Catalog, heads: Heads) -> None:
        self._catalog, self._heads = catalog, heads
        self._head, self._listed = "", 0
        self._read: dict[str, _Read] = {}
        self._corpus = Corpus([]), 0
        self._reading: asyncio.Task[None] | None = None

    async def search(self, text: str, may_read: Callable[[str], bool]) -> Found:
        """The names that match.

        Args:
            text: see `Corpus.search`.
            may_read: whether the reader may know of a module.

        Raises:
            Unavailable: the database cannot be reached.
        """
        await self.refresh(_WAIT)
        hits, is_cut = await run_in_threadpool(self._searched, text, may_read)
        unreadable = tuple(
            sorted(name for name, one in [*self._read.items()] if not one.is_readable and may_read(name))
        )
        return Found(hits, is_cut, self.unread, unreadable)

    def _searched(self, text: str, may_read: Callable[[str], bool]) -> tuple[list[Hit], bool]:
        corpus, size = self._corpus
        if size != len(self._read) or self._reading is not None:  # still reading: search what there is
            corpus = self._joined()
        return corpus.search(text, may_read, MOST)

    def _joined(self) -> Corpus:
        corpus = Corpus([one.names for _, one in sorted([*self._read.items()])])
        self._corpus = corpus, len(self._read)
        return corpus

    @property
    def unread(self) -> int:
        """The number of modules that were not read yet."""
        return max(0, self._listed - len(self._read))

    def dependents(self, module: str) -> dict[str, str]:
        """The modules whose newest release depends on a module, with its version, as far as they were read."""
        return {name: one.names.version for name, one in [*self._read.items()] if module in one.needs}

    async def refresh(self, seconds: float = 0) -> None:
        """Begin to read what has changed, and wait for it at most some seconds.

        Raises:
            Unavailable: the database cannot be reached.
        """
        head = await self._heads.newest()
        if head != self._head and self._reading is None:
            self._reading = asyncio.create_task(self._refresh(head))
        if self._reading is not None and seconds:
            await asyncio.wait([self._reading], timeout=seconds)

    async def _refresh(self, head: str) -> None:
        try:
            await run_in_threadpool(self._read_changed)
            await run_in_threadpool(self._joined)
            self._head = head
        except FieldstoneError:
            return  # the next search tries again, and says itself what it cannot reach
        finally:
            self._reading = None

    def _read_changed(self) -> None:
        listed = {module.name: module for module in self._catalog.modules()}
        newest = self._newest()
        self._listed = len(listed)
        for gone in self._read.keys() - listed.keys():
            del self._read[gone]
        for name, module in listed.items():
            key = newest.get(name, ""), module.description
            known = self._read.get(name)
            if known is None or known.key != key:
                self._read[name] = self._of(module, key)

    def _newest(self) -> dict[str, str]:
        """The version of the newest release of each module."""
        versions = self._catalog.store.every_version()
        return {module: [*in_order(found, module)][-1] for module, found in versions.items()}

    def _of(self, module: ListedModule, key: tuple[str, str]) -> _Read:
        """A module, read; of one that cannot be read, its name."""
        version, description = key
        schema, needs, is_readable = Schema(), frozenset[str](), True
        try:
            if version:
                release = self._catalog.registry.release(module.name, version)
                needs = frozenset(link.name for link in release.dependencies if link.is_release)
                schema = self._schema(release)
        except Damaged:
            is_readable = False
        names = Names(module.name, version, names_of(module.name, description, schema))
        return _Read(key, names, is_readable, needs)

    def _schema(self, release: Release) -> Schema:
        from fieldstone.schema.descriptors import load_schema  # what it takes is imported for the first search

        if release.retired:
            return Schema()
        registry = self._catalog.registry
        where = f"{registry.label(release)}/{IMAGE}"
        return load_schema(registry.read(release, IMAGE), where=where, own_files=release.sources.keys())
