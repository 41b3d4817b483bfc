"""The places of findings as buf wants them: a file, and the path of an element in its descriptor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.schema.location import Location
from fieldstone.workflows.buf_check.messages import message


def file_location(location: Location | None, descriptors: Mapping[str, Any]) -> Any:
    """A location as `buf.plugin.descriptor.v1.FileLocation`; None if none of the files has it.

    Args:
        location: the location; its path is an import path.
        descriptors: the compiled files by path.
    """
    if location is None or location.path not in descriptors:
        return None
    path = min(_paths_at(location, descriptors[location.path]), key=len, default=())
    return message("buf.plugin.descriptor.v1.FileLocation", file_name=location.path, source_path=path)


def _paths_at(location: Location, descriptor: Any) -> Iterator[tuple[int, ...]]:
    """The paths of the elements that begin at a location: a field, its label, its type."""
    for found in descriptor.source_code_info.location:
        if [*found.span[:2]] == [location.line - 1, location.column - 1]:
            yield tuple(found.path)
