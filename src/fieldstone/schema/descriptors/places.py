"""Where the parts of an element stand in its source.

A compiled file keys the places of its parts by path: the numbers of the fields of descriptor.proto
that lead to a part, with an index after each that is repeated (descriptor.proto, SourceCodeInfo).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fieldstone.schema.location import Location

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, SourceCodeInfo

# A span is line, column, end line, end column; the end line is left out where it is the first
# (descriptor.proto, SourceCodeInfo.Location.span).
_SPAN_ON_ONE_LINE = 3

Path = tuple[int, ...]


class Places:
    """The places of one compiled file; they are sorted out when the first one is asked for."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.file = file

    @cached_property
    def _by_path(self) -> Mapping[Path, SourceCodeInfo.Location]:
        return {tuple(place.path): place for place in self.file.source_code_info.location}

    def find(self, path: Path) -> Location | None:
        """The place of a part; None where the compiler gave none."""
        place = self._by_path.get(path)
        if place is None:
            return None
        span = list(place.span)
        if len(span) == _SPAN_ON_ONE_LINE:
            span.insert(2, span[0])
        return Location(self.file.name, *(number + 1 for number in span))

    def at(self, path: Path) -> Location:
        """The place of a part, or its file without a line."""
        return self.find(path) or Location(self.file.name)

    def comment(self, path: Path) -> str:
        """What stands right above an element, each line without the space that the comment mark leaves."""
        place = self._by_path.get(path)
        lines = place.leading_comments.splitlines() if place else ()
        return "\n".join(line.removeprefix(" ").rstrip() for line in lines).strip()
