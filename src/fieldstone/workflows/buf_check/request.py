"""A request to check, decoded: the options, and the files of both sides as images."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from fieldstone.errors import Invalid
from fieldstone.workflows.buf_check.messages import message

OPTIONS = {
    "module": "the name of the module, if its files do not tell it",
    "registry": "the address of the registry, instead of the one in the settings",
    "settings": "the folder of the settings, relative to the folder that buf runs in",
}
"""The options that buf.yaml may give the plugin, each with its meaning; all are strings."""


class Files(NamedTuple):  # msgspec would double the time of a call without changes
    """The files of one side.

    Attributes:
        descriptors: the compiled files by path, imports included.
        own: the paths of the files that are not only imports.
    """

    descriptors: Mapping[str, Any]
    own: Collection[str]


class CheckRequest(NamedTuple):
    """A request.

    Attributes:
        new: the files to check.
        old: the files to check against.
        options: the options from buf.yaml.
        rule_ids: the ids of the rules to check, as buf calls them; empty for all.
    """

    new: Files
    old: Files
    options: Mapping[str, str]
    rule_ids: frozenset[str]

    @property
    def is_unchanged(self) -> bool:
        """Whether both sides have equal files: then no rule has anything to judge."""
        return self.new == self.old


def decode(request: Any) -> CheckRequest:
    """Decode a `pluginrpc.v1.Request`.

    Raises:
        FieldstoneError: it holds no CheckRequest, or an option is unknown or no string.
    """
    found = message("buf.plugin.check.v1.CheckRequest")
    try:
        is_one = request.value.Unpack(found)
    except DecodeError:
        is_one = False
    if not is_one or not found.file_descriptors:
        raise Invalid("standard input holds no CheckRequest with files", fix="`buf breaking` runs this plugin")
    old = _files(found.against_file_descriptors)
    new = _files(found.file_descriptors, besides=old.own)
    return CheckRequest(new, old, _options(found.options), frozenset(found.rule_ids))


def _files(descriptors: Iterable[Any], besides: Collection[str] = ()) -> Files:
    """The files of one side; those of the other side's own files are its own, even if it only imports them now."""
    by_path = {file.file_descriptor_proto.name: file for file in descriptors}
    own = frozenset(path for path, file in by_path.items() if not file.is_import or path in besides)
    return Files({path: file.file_descriptor_proto for path, file in by_path.items()}, own)


def _options(given: Iterable[Any]) -> dict[str, str]:
    known = "; ".join(f"`{key}` is {meaning}" for key, meaning in OPTIONS.items())
    found: dict[str, str] = {}
    for option in given:
        if option.key not in OPTIONS:
            raise Invalid(f"buf.yaml gives the plugin fieldstone an unknown option, `{option.key}`", fix=known)
        if not option.value.string_value:
            raise Invalid(f"buf.yaml gives `{option.key}` of the plugin fieldstone no text", fix=known)
        found[option.key] = option.value.string_value
    return found
