"""The contents of the pages of releases: made by the processes of the server, and kept in memory.

A release never changes, so its documentation is kept by its seal. What depends on consumers and on the policy is kept
until something is written to the registry.
"""

from __future__ import annotations

import asyncio
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json

from fieldstone.documentation.model import Contents, TypeDocument
from fieldstone.server.jobs import compared, documentation, traced
from fieldstone.server.reads.kept import Kept
from fieldstone.workflows.browse import Traced

if TYPE_CHECKING:
    from fieldstone.registry.release import Release
    from fieldstone.server.reads.answers import Answers
    from fieldstone.server.work import Work

_MOST = 64 * 2**20
"""The bytes of all documentation, packed."""


class Documented(Struct, frozen=True):
    """The documentation of a release, packed."""

    packed: bytes
    types: dict[str, bytes]

    @property
    def contents(self) -> Contents:
        """The table of contents."""
        return json.decode(zlib.decompress(self.packed), type=Contents)

    def type(self, full_name: str) -> TypeDocument | None:
        """A type; None if the release does not have it."""
        found = self.types.get(full_name)
        return json.decode(zlib.decompress(found), type=TypeDocument) if found else None


class Library:
    """Looks things up once, for all who ask.

    Args:
        work: the processes.
        answers: keeps answers while the registry is unchanged.
    """

    def __init__(self, work: Work, answers: Answers) -> None:
        self._work, self._answers = work, answers
        self._kept: Kept[Documented] = Kept(_MOST)
        self._making: dict[str, asyncio.Task[Documented]] = {}

    async def documentation(self, release: Release, caller: str) -> Documented:
        """The documentation of a release.

        Args:
            release: the release.
            caller: an id of who asks.

        Raises:
            FieldstoneError: it cannot be read now.
        """
        known = self._kept.get(release.seal)
        if known is not None:
            return known
        making = self._making.get(release.seal)
        if making is None:
            making = asyncio.create_task(self._made(release, caller))
            self._making[release.seal] = making
            making.add_done_callback(lambda _: self._making.pop(release.seal))
        return await asyncio.shield(making)

    async def _made(self, release: Release, caller: str) -> Documented:
        found = await self._work.look_up(documentation, release.name, release.version, caller=caller)
        made = Documented(*found)
        size = len(made.packed) + sum(len(name) + len(packed) for name, packed in made.types.items())
        self._kept.put(release.seal, made, size)
        return made

    async def traced(self, module: str, subject: str, caller: str) -> Traced:
        """The life of an element and what is known about its users.

        Raises:
            NotFound: no release has or had it.
            FieldstoneError: it cannot be read now.
        """
        make = partial(self._work.look_up, traced, module, subject, caller=caller)
        return json.decode(await self._answers.of(("traced", module), subject.encode(), make), type=Traced)

    async def compared(self, module: str, old: str, new: str, caller: str) -> dict[str, Any]:
        """Two releases compared, as `jobs.compared` writes it.

        Raises:
            FieldstoneError: it cannot be read now.
        """
        make = partial(self._work.look_up, compared, module, old, new, caller=caller)
        found: dict[str, Any] = json.decode(
            await self._answers.of(("compared", module), f"{old}..{new}".encode(), make)
        )
        return found
