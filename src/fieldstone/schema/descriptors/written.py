"""The parts of an element's source that no rule compares: all its comments, its options as text, its features."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2
from msgspec import Struct

from fieldstone.schema.descriptors.locations import Path
from fieldstone.schema.features import Features, defaults_of, resolve, title
from fieldstone.schema.image import parse_image, syntax_of
from fieldstone.schema.options import OptionDecoder, option_text

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

# What a kind of element contains: attribute, its field number in descriptor.proto, and the kind of what is in it.
_PARTS: Mapping[str, tuple[tuple[str, int, str], ...]] = {
    "file": (
        ("message_type", 4, "message"),
        ("enum_type", 5, "enum"),
        ("service", 6, "service"),
        ("extension", 7, "field"),
    ),
    "message": (
        ("field", 2, "field"),
        ("nested_type", 3, "message"),
        ("enum_type", 4, "enum"),
        ("extension", 6, "field"),
        ("oneof_decl", 8, "oneof"),
    ),
    "enum": (("value", 2, "value"),),
    "service": (("method", 2, "rpc"),),
}
_TARGETS = {"value": "ENUM_ENTRY", "rpc": "METHOD"}
"""The names of kinds in `FieldOptions.OptionTargetType`, where they differ."""
_FILE_LINES = (12, 14, 2)  # syntax, edition, package
_NOT_OPTIONS = frozenset({"features", "map_entry", "uninterpreted_option"})


class Written(Struct, frozen=True):
    """The parts of an element's source besides its declaration.

    Attributes:
        leading: the comment right above it.
        trailing: the comment after it, on its line or below.
        detached: the comments above that, each with an empty line after it.
        options: the options that the source sets, those of extensions in parentheses, each with its value as text.
        features: the resolved features that apply to its kind, by title: of a file, those that differ from the
            defaults of its edition; of an element, those that differ from its file's.
    """

    leading: str = ""
    trailing: str = ""
    detached: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    features: Mapping[str, str] = {}


class Sources(Struct, frozen=True):
    """The comments and declarations in the sources of an image.

    Attributes:
        files: about each file, by path.
        elements: about each element, by full name.
    """

    files: Mapping[str, Written]
    elements: Mapping[str, Written]


NOTHING = Written()
"""The source of an element without comments, options and features."""


def written(image: bytes, paths: Collection[str], *, where: str, only: str = "") -> Sources:
    """The source of each element of some files.

    Args:
        image: the encoded image, in bytes.
        paths: the files.
        where: the image's origin, for error messages.
        only: the name of the only top-level element to read, without its package; empty for all.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    decoded = parse_image(image, where=where)
    options = OptionDecoder(decoded, with_own=True)
    files: dict[str, Written] = {}
    elements: dict[str, Written] = {}
    for file in decoded.file:
        if file.name in paths:
            reader = _Reader(file, options)
            files[file.name] = reader.file()
            elements.update(reader.elements(only))
    return Sources(files, elements)


class _Reader:
    """Reads one file."""

    def __init__(self, descriptor: FileDescriptorProto, options: OptionDecoder) -> None:
        self._descriptor, self._options = descriptor, options
        self._by_path = {tuple(location.path): location for location in descriptor.source_code_info.location}
        self._defaults = defaults_of(syntax_of(descriptor))
        self._features = resolve(self._defaults, descriptor.options)

    def file(self) -> Written:
        """The source of the file itself: its comments are those of its first lines."""
        parts = [self._comments((number,)) for number in _FILE_LINES]
        leading = "\n\n".join(filter(None, (part.leading for part in parts)))
        detached = tuple(text for part in parts for text in part.detached)
        return Written(
            leading, "", detached, self._set(self._descriptor), self._differing("file", self._features, self._defaults)
        )

    def elements(self, only: str) -> Iterator[tuple[str, Written]]:
        """Every element of the file, or of one at its top level, by full name."""
        return self._inside("file", self._descriptor, self._descriptor.package, (), self._features, only=only)

    def _inside(
        self, kind: str, around: Any, scope: str, path: Path, inherited: Features, *, only: str = ""
    ) -> Iterator[tuple[str, Written]]:
        for attribute, number, part in _PARTS.get(kind, ()):
            for i, element in enumerate(getattr(around, attribute)):
                is_entry = part == "message" and element.options.map_entry
                if is_entry or element.name != (only or element.name):
                    continue
                name = f"{scope}.{element.name}" if scope else element.name
                at = (*path, number, i)
                features = resolve(inherited, element.options)
                said = self._comments(at)
                differing = self._differing(part, features, self._features)
                yield name, Written(said.leading, said.trailing, said.detached, self._set(element), differing)
                yield from self._inside(part, element, name, at, features)

    def _comments(self, path: Path) -> Written:
        location = self._by_path.get(path)
        if location is None:
            return NOTHING
        detached = tuple(filter(None, map(_comment, location.leading_detached_comments)))
        return Written(_comment(location.leading_comments), _comment(location.trailing_comments), detached)

    def _set(self, element: Any) -> dict[str, str]:
        """The options of an element, as its source writes them."""
        if not element.HasField("options"):
            return {}
        standard = {
            option.name: option_text(option, value)
            for option, value in element.options.ListFields()
            if not option.is_extension and option.name not in _NOT_OPTIONS
        }
        return standard | {f"({name})": option.text for name, option in self._options.decode(element).items()}

    def _differing(self, kind: str, features: Features, base: Features) -> dict[str, str]:
        """The features that apply to a kind of element and differ from others; languages' apply to all kinds."""
        target = _TARGETS.get(kind, kind.upper())
        return {
            title(name): value
            for name, value in features.items()
            if base.get(name) != value and target in _targets().get(name, {target})
        }


@cache
def _targets() -> Mapping[str, frozenset[str]]:
    """The kinds of element that each feature applies to (descriptor.proto, FieldOptions.targets)."""
    name = descriptor_pb2.FieldOptions.OptionTargetType.Name
    return {
        feature.name: frozenset(name(target).removeprefix("TARGET_TYPE_") for target in feature.GetOptions().targets)
        for feature in descriptor_pb2.FeatureSet.DESCRIPTOR.fields
    }


def _comment(text: str) -> str:
    """A comment without the space after each comment mark."""
    return "\n".join(line.removeprefix(" ").rstrip() for line in text.splitlines()).strip("\n")
