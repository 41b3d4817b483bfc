"""Consumers in a registry folder: `.consumers/<consumer>/<version>.json`, and `.running.json` beside them.

The files are reviewed and merged as releases are: publishing into a folder is a commit to its repository. The releases
that providers serve are in `.consumers/.modules/<module>/.running.json`. No name begins with a dot: nothing collides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from fieldstone.atomic_files import replacing
from fieldstone.consumers.published import Deployment, Known, Party, Published
from fieldstone.errors import Damaged, Unavailable
from fieldstone.locking import locked
from fieldstone.registry.clock import now
from fieldstone.registry.consumers.refusals import (
    after,
    check_deployment,
    check_published,
    not_a_consumer,
    refuse_other,
    unknown_version,
)
from fieldstone.registry.folder import CONSUMERS
from fieldstone.registry.release import NAME
from fieldstone.regular_file import read_file

_RUNNING = ".running.json"
_MODULES = ".modules"
_END = ".json"

_Kind = TypeVar("_Kind")


class _Running(Struct, frozen=True, omit_defaults=True):
    """The content of `.running.json`.

    Attributes:
        retired_at: the time at which a consumer went away for good; empty while it is there.
        deployments: the versions that run somewhere.
    """

    retired_at: str = ""
    deployments: tuple[Deployment, ...] = ()


class FolderConsumers:
    """See `Consumers`.

    Args:
        root: the folder of the registry.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / CONSUMERS

    def known(self) -> Known:
        """All published uses and deployments."""
        try:
            folders = [*_folders(self._folder)]
            published = tuple(one for folder in folders for one in _published(folder))
            running = {folder.name: _running(folder) for folder in folders}
            modules = [_running(folder) for folder in _folders(self._folder / _MODULES)]
        except OSError as error:
            raise Unavailable(f"cannot read {error.filename}: {error.strerror}") from error
        deployments = tuple(one for found in (*running.values(), *modules) for one in found.deployments)
        return Known(published, deployments, tuple(name for name, found in running.items() if found.retired_at))

    def publish(self, published: Published) -> None:
        """Write the uses of a version."""
        check_published(published)
        folder, name = self._folder / published.consumer, f"{published.version}{_END}"
        with self._locked():
            if (folder / name).exists():
                refuse_other(published, _read(folder / name, Published))
                return
            contents: dict[str, Struct] = {name: published}
            running = _running(folder)
            if running.retired_at:
                contents[_RUNNING] = replace(running, retired_at="")
            _write(folder, contents)

    def deploy(self, deployment: Deployment) -> None:
        """Write that a version runs in an environment, or no longer."""
        check_deployment(deployment)
        folder, version = self._of(deployment)
        if not version.is_file():
            raise unknown_version(deployment)
        with self._locked():
            before = _running(folder)
            retired = (deployment.name,) if before.retired_at else ()
            known = after(Known(deployments=before.deployments, retired=retired), deployment)
            _write(folder, {_RUNNING: replace(before, deployments=known.deployments)})

    def retire(self, consumer: str) -> None:
        """Write that a consumer is gone for good."""
        folder = self._folder / consumer
        if consumer not in {path.name for path in _folders(self._folder)}:
            raise not_a_consumer(consumer)
        with self._locked():
            _write(folder, {_RUNNING: _Running(_running(folder).retired_at or now())})

    def _of(self, deployment: Deployment) -> tuple[Path, Path]:
        """The folder with the deployments of a consumer or module, and the file that shows that the version exists."""
        if deployment.party is Party.MODULE:
            release = self._root / deployment.name / deployment.version / NAME
            return self._folder / _MODULES / deployment.name, release
        folder = self._folder / deployment.name
        return folder, folder / f"{deployment.version}{_END}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the registry; its folder is made if there is none."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with locked(self._root):
                yield
        except OSError as error:
            raise Unavailable(f"cannot write below {self._root}: {error.strerror}; nothing was published") from error


def _folders(parent: Path) -> list[Path]:
    """The folders of consumers or modules."""
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))


def _published(folder: Path) -> Iterator[Published]:
    for file in sorted(folder.glob(f"*{_END}")):
        if file.name != _RUNNING:
            found = _read(file, Published)
            if (found.consumer, f"{found.version}{_END}") != (folder.name, file.name):
                raise Damaged(f"{file} has the uses of {found.consumer} {found.version}", fix="restore it from git")
            yield found


def _running(folder: Path) -> _Running:
    file = folder / _RUNNING
    if not file.exists():
        return _Running()
    found = _read(file, _Running)
    for one in found.deployments:
        if one.name != folder.name or (one.party is Party.MODULE) != (folder.parent.name == _MODULES):
            raise Damaged(f"{file} has a deployment of the {one.party} {one.name}", fix="restore it from git")
    return found


def _read(file: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(read_file(file), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"{file} is not what `fieldstone uses` writes: {error}", fix="restore it from git") from error


def _write(folder: Path, contents: dict[str, Struct]) -> None:
    texts = {name: msgspec.json.format(msgspec.json.encode(one)) + b"\n" for name, one in contents.items()}
    with replacing(folder, texts, undone="nothing was published", again="do it again", flushed=True):
        pass
