"""Pins and fetches the settings files outside a repository that its settings extend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from fieldstone.atomic_files import replacing
from fieldstone.cache import FOLDER
from fieldstone.cache.permission import why_foreign
from fieldstone.cache.store import make_folder
from fieldstone.checking.since.base import Base, base_at
from fieldstone.checking.since.reference import Parting, Reference, parting
from fieldstone.errors import Conflict, FieldstoneError, Invalid, Unavailable
from fieldstone.project.extending.layers import load_layers
from fieldstone.project.extending.lock import LOCK, UPDATE, Pin, lock_text, read_lock
from fieldstone.project.extending.pinned import Pinned, copy_of, sha256_of
from fieldstone.project.extending.sources import Source
from fieldstone.project.settings import Settings, own_settings
from fieldstone.regular_file import read_file
from fieldstone.toolchain.remote_git import RemoteFiles


class Updated(Struct, frozen=True):
    """A source after an update.

    Attributes:
        source: the source, as text.
        before: its pin before; None for a new source.
        after: its pin now; None if nothing extends it any more.
    """

    source: str
    before: Pin | None
    after: Pin | None

    @property
    def is_changed(self) -> bool:
        """Whether the pin differs."""
        return self.before != self.after


def update_pins(folder: Path) -> list[Updated]:
    """Fetch every source outside the repository that its settings extend, and pin what it contains now.

    Args:
        folder: a folder of the repository.

    Raises:
        FieldstoneError: there is no such source, or one cannot be fetched or used; then nothing is written.
    """
    own = own_settings(folder)
    if own.file is None:
        raise Invalid(f"there are no settings in {own.root}, so nothing to pin", fix="`fieldstone init` writes them")
    before = _readable_lock(own.root)
    pins: dict[str, Pin] = {}
    contents: dict[str, bytes] = {}
    with RemoteFiles() as remote:

        def read(source: Source) -> bytes:
            content, commit = _content(source, source.ref, own.root, remote)
            pins[str(source)] = Pin(str(source), commit, sha256_of(content))
            contents[sha256_of(content)] = content
            return content

        load_layers(own.file, own.values, read)
    _keep(own.root, contents)
    if pins or before or (own.root / LOCK).exists():
        with replacing(own.root, {LOCK: lock_text(pins).encode()}, undone="nothing was pinned", again=UPDATE):
            pass
    return [Updated(source, before.get(source), pins.get(source)) for source in sorted({*before, *pins})]


def fetch_pinned(folder: Path, reference: Reference | None = None) -> list[str]:
    """Fetch the pinned sources that have no copy yet, in exactly the pinned content.

    Args:
        folder: a folder of the repository.
        reference: the revision that a check will judge since: what the settings there extend is fetched, too.

    Returns:
        the fetched sources, as text.

    Raises:
        FieldstoneError: a source is not pinned, cannot be fetched, or no longer has the pinned content.
    """
    fetched: list[str] = []
    with RemoteFiles() as remote:
        fetched += _fetch(own_settings(folder), None, remote)
        for base in _bases(reference, folder) if reference else ():
            with base.named():
                fetched += _fetch(own_settings(base.folder), base, remote)
    return fetched


def _bases(reference: Reference, folder: Path) -> Iterator[Base]:
    """The merge base, and the tip of the other branch."""
    at = parting(reference, folder)
    for commit in dict.fromkeys((at.commit, at.tip)):
        with base_at(Parting(at.reference, commit, at.tip, at.top), folder) as base:
            yield base


def _fetch(own: Settings, base: Base | None, remote: RemoteFiles) -> list[str]:
    if own.file is None or "extends" not in own.values:
        return []
    root = base.checkout(own.root) if base else own.root
    pins = read_lock(own.root)
    pinned = Pinned(pins, root, own.root)
    fetched: list[str] = []

    def read(source: Source) -> bytes:
        try:
            return pinned.read(source)
        except Unavailable:
            content = _as_pinned(source, pins[str(source)], root, remote)
            _keep(root, {sha256_of(content): content})
            fetched.append(str(source))
            return content

    load_layers(own.file, own.values, read)
    return fetched


def _as_pinned(source: Source, pin: Pin, root: Path, remote: RemoteFiles) -> bytes:
    try:
        content, _ = _content(source, pin.commit, root, remote)
    except FieldstoneError:
        if not source.url:
            raise
        content, _ = _content(source, source.ref, root, remote)  # a server may refuse to give a commit by its hash
    if sha256_of(content) != pin.sha256:
        raise Conflict(
            f"{source} has another content than the pinned one (SHA-256 {pin.sha256[:12]}...)",
            fix="review the new content, then `fieldstone settings update` and commit fieldstone.lock",
        )
    return content


def _content(source: Source, revision: str, root: Path, remote: RemoteFiles) -> tuple[bytes, str]:
    """The content of a source at a revision, and the commit that it is from; a path has no commit."""
    if source.url:
        return remote.read(source.url, revision, source.file)
    return read_file(root / source.file), ""


def _readable_lock(folder: Path) -> dict[str, Pin]:
    """The pins before an update, which replaces a damaged lock file."""
    try:
        return read_lock(folder)
    except Invalid:
        return {}


def _keep(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write copies below `.fieldstone/`."""
    if not contents:
        return
    if foreign := why_foreign(str(root)):
        raise foreign
    with _writing(root):
        make_folder(root / FOLDER)
    copies = {copy_of(root, sha256).relative_to(root).as_posix(): content for sha256, content in contents.items()}
    with replacing(root, copies, undone="nothing was fetched", again="`fieldstone settings fetch`"):
        pass


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"cannot write {root / FOLDER}: {error.strerror}") from error
