"""The packages of a registry: those that were built, and the building of those that are missing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Damaged, FieldstoneError, NotFound, Unavailable
from fieldstone.registry.local import checked
from fieldstone.registry.sql import packages
from fieldstone.workflows.publish import Naming, Wanted

if TYPE_CHECKING:
    from fieldstone.registry.sql import SqlStore
    from fieldstone.registry.sql.packages import PackageFile
    from fieldstone.server.callers import Caller
    from fieldstone.server.work import Work

_PATIENCE = 10.0
"""The seconds that a request waits for packages that are being built: pip gives up after 15."""
_REFUSED = 300.0
"""The seconds after which a release that could not be packaged is tried again."""
_log = logging.getLogger("fieldstone.server")


class Shelf:
    """Finds packages by name or path, and builds what is missing.

    Args:
        store: the releases.
        work: where packages are built.
        naming: the names of the packages.
    """

    def __init__(self, store: SqlStore, work: Work, naming: Naming) -> None:
        self._store, self._work, self._naming = store, work, naming
        self._building: dict[Wanted, asyncio.Task[None]] = {}
        self._refused: dict[Wanted, tuple[float, str]] = {}

    async def names(self, language: str, caller: Caller) -> list[str]:
        """The names of the packages of all modules that a caller may read.

        Raises:
            Unavailable: the database cannot be reached.
        """
        releases = await run_in_threadpool(packages.released, self._store.database)
        return sorted({self._naming.of(language, *release) for release in releases if caller.may("read", release[0])})

    async def files(self, language: str, name: str, caller: Caller) -> tuple[PackageFile, ...]:
        """The files of a package, after those of its releases that were missing were built.

        Raises:
            NotFound: there is no such package for the caller, or none of its releases can be packaged.
            Unavailable: its releases are still being built, or cannot be built now.
        """
        listed = await self._listed(language, name, caller)
        releases = await run_in_threadpool(self._releases, language, name, caller)
        built = {(file.module, file.version) for file in listed}
        missing = [
            Wanted(language=language, module=module, version=version, naming=self._naming)
            for module, version in releases
            if (module, version) not in built
        ]
        if missing:
            await self._build(name, missing, caller.address)
            listed = await self._listed(language, name, caller)
        if not listed:
            reasons = [self._refused[wanted][1] for wanted in missing if wanted in self._refused]
            raise NotFound("; ".join(dict.fromkeys(reasons)) or f"no package {name} in this registry")
        return listed

    async def file(self, path: str, caller: Caller) -> bytes:
        """The content of a file.

        Raises:
            NotFound: there is no such file for the caller.
            Damaged: its content is missing or is another one.
        """
        found = await run_in_threadpool(packages.file_at, self._store.database, path)
        if found is None or not caller.may("read", found.module):
            raise NotFound(f"no {path} in this registry")
        return await run_in_threadpool(self.content, found)

    def content(self, file: PackageFile) -> bytes:
        """The content of a file that is listed.

        Raises:
            Damaged: it is missing or is another one.
        """
        content = self._store.by_digest(file.module, file.digest)
        if content is None:
            raise Damaged(f"the content of {file.path} is missing", fix=self._store.remedy)
        return checked(content, file.digest, what=file.path, remedy=self._store.remedy)

    async def _listed(self, language: str, name: str, caller: Caller) -> tuple[PackageFile, ...]:
        found = await run_in_threadpool(packages.files_of, self._store.database, language, name)
        return tuple(file for file in found if caller.may("read", file.module))

    def _releases(self, language: str, name: str, caller: Caller) -> list[tuple[str, str]]:
        """Module and version of the releases whose package has a name, newest first."""
        readable = [module for module in self._store.modules() if caller.may("read", module)]
        modules = [module for module in readable if name.startswith(self._naming.of(language, module, "1.0.0"))]
        releases = [(module, version) for module in modules for version in self._store.versions(module)]
        return [release for release in reversed(releases) if self._naming.of(language, *release) == name]

    async def _build(self, name: str, missing: Sequence[Wanted], address: str) -> None:
        tasks = [task for wanted in missing if (task := self._task(wanted, address)) is not None]
        if not tasks:
            return
        done, waiting = await asyncio.wait(tasks, timeout=_PATIENCE)
        for task in done:
            task.result()
        if waiting:
            raise Unavailable(f"{len(waiting)} releases of {name} are being packaged", fix="ask again in a few seconds")

    def _task(self, wanted: Wanted, address: str) -> asyncio.Task[None] | None:
        """The building of a package, started if it is not going on; None if it was refused a short time ago."""
        since, _ = self._refused.get(wanted, (-_REFUSED, ""))
        if time.monotonic() - since < _REFUSED:
            return None
        if wanted not in self._building:
            task = asyncio.create_task(self._built(wanted, address))
            self._building[wanted] = task
            task.add_done_callback(partial(self._forget, wanted))
        return self._building[wanted]

    def _forget(self, wanted: Wanted, task: asyncio.Task[None]) -> None:
        self._building.pop(wanted, None)
        if not task.cancelled() and (error := task.exception()):
            _log.warning("the package of %s %s was not built: %s", wanted.module, wanted.version, error)

    async def _built(self, wanted: Wanted, address: str) -> None:
        try:
            await self._work.publish(replace(wanted, address=address))
        except Unavailable:
            raise
        except FieldstoneError as error:
            _log.warning("%s %s has no package for %s: %s", wanted.module, wanted.version, wanted.language, error)
            self._refused[wanted] = time.monotonic(), str(error)
