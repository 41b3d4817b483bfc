"""`buf breaking`, run once for several modules.

It compares files by path, and of an import it only reads what links to it. So the files of several modules can be in
one pair of images if no path belongs to two modules, and each import is the same wherever it occurs. Modules that
contradict each other go into different pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from msgspec import Struct

from fieldstone.errors import FieldstoneError
from fieldstone.schema.image import is_import, parse_image, plain_copy
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic

Start = Callable[[bytes, bytes], buf.Running]
"""Starts `buf breaking` on an old and a new image."""


class Images(Struct, frozen=True):
    """The images of a module to compare, encoded."""

    old: bytes
    new: bytes


def compare_together(asked: Sequence[Images], start: Start) -> Callable[[], list[list[Diagnostic] | None]]:
    """Start to compare the images of several modules, in as few runs as possible.

    The returned function gives the findings for each module; None where the common run has no answer.

    Args:
        asked: the images of each module.
        start: starts `buf breaking`.

    Raises:
        FieldstoneError: there is no buf.
    """
    groups = _grouped(asked)
    started = [(group, start(*group.images())) for group in groups]

    def findings() -> list[list[Diagnostic] | None]:
        answers: dict[int, list[Diagnostic] | None] = {}
        for group, running in started:
            answers |= group.answers(running)
        return [answers.get(at) for at in range(len(asked))]

    return findings


def _grouped(asked: Sequence[Images]) -> list[_Group]:
    groups: list[_Group] = []
    for at, images in enumerate(asked):
        pair = _pair(images)
        if pair is None or not any(group.take(at, pair) for group in groups):
            groups.append(_Group(at, images, pair))
    return groups


class _Side(Struct, frozen=True):
    """The files of an image by path, and the paths of those that are not only imports."""

    files: Mapping[str, FileDescriptorProto]
    own: frozenset[str]

    def agrees_with(self, other: _Side) -> bool:
        """Whether each file of both is the same in both."""
        both = self.files.keys() & other.files.keys()
        return all(_bare(self.files[path]) == _bare(other.files[path]) for path in both)

    def joined_by(self, other: _Side) -> _Side:
        """The files of both; a file of one that the other imports is no import."""
        further = {path: file for path, file in other.files.items() if path not in self.own}
        return _Side({**self.files, **further}, self.own | other.own)


def _bare(file: FileDescriptorProto) -> bytes:
    """A file without comments and positions, and without the mark of an import."""
    return plain_copy(file, {"source_code_info"}).SerializeToString(deterministic=True)


class _Pair(Struct, frozen=True):
    """Both sides of one or several modules."""

    old: _Side
    new: _Side

    @property
    def own(self) -> frozenset[str]:
        """The paths of the modules' files on either side."""
        return self.old.own | self.new.own

    def takes(self, other: _Pair) -> bool:
        """Whether a further module can be compared in the same run."""
        is_apart = self.own.isdisjoint(other.own) and self._leaves_alone(other) and other._leaves_alone(self)
        return is_apart and self.old.agrees_with(other.old) and self.new.agrees_with(other.new)

    def _leaves_alone(self, other: _Pair) -> bool:
        """Whether the other's files occur here only on a side where the other has them, too."""
        sides = (self.old, other.old), (self.new, other.new)
        return all(other.own & ours.files.keys() <= theirs.files.keys() for ours, theirs in sides)

    def joined_by(self, other: _Pair) -> _Pair:
        """The pair of both."""
        return _Pair(self.old.joined_by(other.old), self.new.joined_by(other.new))


def _pair(images: Images) -> _Pair | None:
    """The files to compare; None if they must be compared alone: there are many, or buf names no file for a finding."""
    try:
        old, new = (_side(image) for image in (images.old, images.new))
    except FieldstoneError:
        return None  # its own run says what is wrong
    return _Pair(old, new) if len(new.own) <= buf.FEW and old.own <= new.own else None


def _side(image: bytes) -> _Side:
    files = {file.name: file for file in parse_image(image, where="the image").file}
    return _Side(files, frozenset(path for path, file in files.items() if not is_import(file)))


class _Group:
    """Modules that are compared in one run.

    Args:
        at: the position of the first one.
        images: its images.
        pair: the same, decoded; None if it is to be compared alone.
    """

    def __init__(self, at: int, images: Images, pair: _Pair | None) -> None:
        self._first, self._pair = images, pair
        self._members = [at]
        self._owners = dict.fromkeys(pair.own if pair else (), at)

    def take(self, at: int, pair: _Pair) -> bool:
        """Add a further module, if it can be compared in the same run."""
        if self._pair is None or not self._pair.takes(pair):
            return False
        self._pair = self._pair.joined_by(pair)
        self._members.append(at)
        self._owners |= dict.fromkeys(pair.own, at)
        return True

    def images(self) -> tuple[bytes, bytes]:
        """The old and the new image of all."""
        if self._pair is None or len(self._members) == 1:
            return self._first.old, self._first.new
        sides = self._pair.old, self._pair.new
        old, new = (FileDescriptorSet(file=side.files.values()).SerializeToString() for side in sides)
        return old, new

    def answers(self, running: buf.Running) -> dict[int, list[Diagnostic] | None]:
        """The findings for each module, by its position; None where it needs a run of its own."""
        try:
            found = running.diagnostics(what="buf breaking")
        except FieldstoneError:
            return dict.fromkeys(self._members)
        if len(self._members) == 1:
            return {self._members[0]: found}
        if not all(diagnostic.path in self._owners for diagnostic in found):
            return dict.fromkeys(self._members)
        return {at: [each for each in found if self._owners[each.path] == at] for at in self._members}
