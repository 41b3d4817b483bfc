"""The packages of a registry: those that were built, and the building of those that are missing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from fieldstone.errors import Damaged, FieldstoneError, NotFound, Unavailable
from fieldstone.registry.local import checked
from fieldstone.registry.sql import packages
from fieldstone.workflows.publishing import PYTHON, TYPESCRIPT, Naming, Wanted
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from fieldstone.registry.sql import SqlStore
    from fieldstone.registry.sql.packages import PackageFile
    from fieldstone.server.access.callers import Caller
    from fieldstone.server.work import Work

_PATIENCE = {PYTHON: 10.0, TYPESCRIPT: 60.0}
"""The seconds that a request waits for packages that are being built: pip gives up after 15, npm after 300."""
_REFUSED = 300.0
"""The seconds after which a release that could not be packaged is tried again."""
_log = logging.getLogger("fieldstone.server")


class Shelf:
    """Finds packages by name or path, and builds what is missing.

    Args:
        store: the releases.
        work: where packages are built.
        naming: the names of the packages, where the policy has none.
    """

    def __init__(self, store: SqlStore, work: Work, naming: Naming) -> None:
        self._store, self._work, self._naming = store, work, naming
        self._building: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._refused: dict[Wanted, tuple[float, str]] = {}
        self._preparing: set[asyncio.Task[None]] = set()

    async def names(self, language: str, caller: Caller) -> list[str]:
        """The names of the packages of all modules that a caller may read.

        Raises:
            Unavailable: the database cannot be reached.
        """
        releases = await run_in_threadpool(packages.released, self._store.database)
        naming = self._naming.under(caller.policy)
        return sorted({naming.of(language, *release) for release in releases if caller.may("read", release[0])})

    async def files(self, language: str, name: str, caller: Caller) -> tuple[PackageFile, ...]:
        """The files of a package, after those of its releases that were missing were built.

        Raises:
            NotFound: there is no such package for the caller, or none of its releases can be packaged.
            Unavailable: its releases are still being built, or cannot be built now.
        """
        wanted = await run_in_threadpool(self._wanted, language, name, caller)
        try:
            async with asyncio.timeout(_PATIENCE[language]):
                await self._complete(language, name, wanted, caller.address)
        except TimeoutError as error:
            raise Unavailable(f"releases of {name} are being packaged", fix="ask again in a few seconds") from error
        listed = await run_in_threadpool(packages.files_of, self._store.database, language, name)
        readable = tuple(file for file in listed if caller.may("read", file.module))
        if not readable:
            reasons = dict.fromkeys(self._refused[release][1] for release in wanted if release in self._refused)
            raise NotFound("; ".join(reasons) or f"no package {name} in this registry")
        return readable

    def prepare(self, module: str, address: str) -> None:
        """Start to build the package of a module's newest release, in the languages that the policy names.

        Args:
            module: the module.
            address: the address of the registry in messages.
        """
        task = asyncio.create_task(self._prepare(module, address))
        self._preparing.add(task)
        task.add_done_callback(self._preparing.discard)

    async def _prepare(self, module: str, address: str) -> None:
        try:
            policy = await run_in_threadpool(newest_policy, self._store.database)
            naming, languages = self._naming.under(policy), policy.packages.get("after-release", ())
            versions = await run_in_threadpool(self._store.versions, module) if languages else []
            for language in languages if versions else ():
                name = naming.of(language, module, versions[-1])
                wanted = await run_in_threadpool(self._releases, language, name, [module], naming)
                await self._complete(language, name, wanted, address)
        except FieldstoneError as error:
            _log.warning("the packages of %s were not built after its release: %s", module, error)

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

    def _wanted(self, language: str, name: str, caller: Caller) -> list[Wanted]:
        """The releases that a caller may read whose package has a name, newest first."""
        naming = self._naming.under(caller.policy)
        readable = [module for module in self._store.modules() if caller.may("read", module)]
        modules = [module for module in readable if name.startswith(naming.of(language, module, "1.0.0"))]
        return self._releases(language, name, modules, naming)

    def _releases(self, language: str, name: str, modules: Iterable[str], naming: Naming) -> list[Wanted]:
        """The releases of some modules whose package has a name, newest first."""
        return [
            Wanted(language=language, module=module, version=version, naming=naming)
            for module in modules
            for version in reversed(self._store.versions(module))
            if naming.of(language, module, version) == name
        ]

    async def _complete(self, language: str, name: str, wanted: Sequence[Wanted], address: str) -> None:
        """Build those of some releases that have no package yet.

        Raises:
            Unavailable: they cannot be built now.
        """
        while missing := await self._missing(language, name, wanted):
            await asyncio.shield(self._task(language, name, missing, address))

    async def _missing(self, language: str, name: str, wanted: Sequence[Wanted]) -> list[Wanted]:
        """The releases without a package, but those that were refused a short time ago."""
        listed = await run_in_threadpool(packages.files_of, self._store.database, language, name)
        built = {(file.module, file.version) for file in listed}
        now = time.monotonic()
        return [
            release
            for release in wanted
            if (release.module, release.version) not in built
            and now - self._refused.get(release, (-_REFUSED, ""))[0] >= _REFUSED
        ]

    def _task(self, language: str, name: str, missing: Sequence[Wanted], address: str) -> asyncio.Task[None]:
        """The building of a package's releases, started if it is not going on. Names take turns: see `Work.publish`."""
        key = language, name
        if key not in self._building:
            task = asyncio.create_task(self._build(missing, address))
            self._building[key] = task
            task.add_done_callback(partial(self._forget, key))
        return self._building[key]

    def _forget(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._building.pop(key, None)
        if not task.cancelled() and (error := task.exception()):
            _log.warning("the package %s was not built: %s", key[1], error)

    async def _build(self, missing: Sequence[Wanted], address: str) -> None:
        for release in missing:
            try:
                await self._work.publish(replace(release, address=address))
            except Unavailable:
                raise
            except FieldstoneError as error:
                _log.warning(
                    "%s %s has no package for %s: %s", release.module, release.version, release.language, error
                )
                self._refused[release] = time.monotonic(), str(error)
