"""The positions of a file's elements in its source.

A compiled file keys the positions by path: the field numbers of descriptor.proto that lead to an element, with an index
after each repeated field (descriptor.proto, SourceCodeInfo).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fieldstone.schema.location import Location

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, SourceCodeInfo

# A span is line, column, end line, end column; the end line is omitted if it equals the line (descriptor.proto,
# SourceCodeInfo.Location.span).
_SPAN_ON_ONE_LINE = 3

Path = tuple[int, ...]


class Locations:
    """The positions in one compiled file, indexed on first use."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.file = file

    @cached_property
    def _by_path(self) -> Mapping[Path, SourceCodeInfo.Location]:
        return {tuple(location.path): location for location in self.file.source_code_info.location}

    def find(self, path: Path) -> Location | None:
        """The position of an element; None if the compiler gave none."""
        location = self._by_path.get(path)
        if location is None:
            return None
        span = list(location.span)
        if len(span) == _SPAN_ON_ONE_LINE:
            span.insert(2, span[0])
        return Location(self.file.name, *(number + 1 for number in span))

    def at(self, path: Path) -> Location:
        """The position of an element, or its file without a line."""
        return self.find(path) or Location(self.file.name)

    def comment(self, path: Path) -> str:
        """The comment right above an element, without the space after each comment mark."""
        location = self._by_path.get(path)
        lines = location.leading_comments.splitlines() if location else ()
        return "\n".join(line.removeprefix(" ").rstrip() for line in lines).strip()
