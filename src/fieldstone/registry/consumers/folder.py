"""Consumers in a registry folder: `.consumers/<consumer>/<version>.toml`, and `deployments.toml` beside them.

The files are reviewed and merged as releases are: publishing into a folder is a commit to its repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from fieldstone.atomic_files import replacing
from fieldstone.consumers.published import Deployment, Known, Published
from fieldstone.errors import Damaged, Unavailable
from fieldstone.locking import locked
from fieldstone.registry.consumers.refusals import check_deployment, check_published, not_published, refuse_other
from fieldstone.registry.folder import CONSUMERS
from fieldstone.regular_file import read_file

_DEPLOYMENTS = "deployments.toml"
_END = ".toml"

_Kind = TypeVar("_Kind")


class _Deployments(Struct, frozen=True):
    """The content of `deployments.toml`."""

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
            folders = sorted(path for path in self._folder.iterdir() if path.is_dir()) if self._folder.is_dir() else []
            published = tuple(one for folder in folders for one in _published(folder))
            deployments = tuple(one for folder in folders for one in _deployments(folder))
        except OSError as error:
            raise Unavailable(f"cannot read {error.filename}: {error.strerror}") from error
        return Known(published, deployments)

    def publish(self, published: Published) -> None:
        """Write the uses of a version."""
        check_published(published)
        file = self._folder / published.consumer / f"{published.version}{_END}"
        with self._locked():
            if file.exists():
                refuse_other(published, _read(file, Published))
            else:
                _write(file, published)

    def deploy(self, deployment: Deployment) -> None:
        """Write that a version runs in an environment."""
        check_deployment(deployment)
        folder = self._folder / deployment.consumer
        if not (folder / f"{deployment.version}{_END}").is_file():
            raise not_published(deployment)
        with self._locked():
            known = Known(deployments=_deployments(folder)).deployed(deployment)
            _write(folder / _DEPLOYMENTS, _Deployments(known.deployments))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the registry; its folder is made if there is none."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with locked(self._root):
                yield
        except OSError as error:
            raise Unavailable(f"cannot write below {self._root}: {error.strerror}; nothing was published") from error


def _published(folder: Path) -> Iterator[Published]:
    for file in sorted(folder.glob(f"*{_END}")):
        if file.name != _DEPLOYMENTS:
            found = _read(file, Published)
            if (found.consumer, f"{found.version}{_END}") != (folder.name, file.name):
                raise Damaged(f"{file} has the uses of {found.consumer} {found.version}", fix="restore it from git")
            yield found


def _deployments(folder: Path) -> tuple[Deployment, ...]:
    file = folder / _DEPLOYMENTS
    return _read(file, _Deployments).deployments if file.exists() else ()


def _read(file: Path, kind: type[_Kind]) -> _Kind:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(read_file(file).decode()), kind)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{file} is not what `fieldstone uses` writes: {error}", fix="restore it from git") from error


def _write(file: Path, content: Struct) -> None:
    import tomli_w

    text = tomli_w.dumps(msgspec.to_builtins(content, builtin_types=(date,)))
    with replacing(
        file.parent, {file.name: text.encode()}, undone="nothing was published", again="do it again", flushed=True
    ):
        pass
