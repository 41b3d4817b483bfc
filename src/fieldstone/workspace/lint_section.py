"""How `buf lint` is told to judge an image as it judges the module that the image was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.workspace.config_sections import section_of
from fieldstone.workspace.modules import Module, Workspace

_OF_RULES = frozenset({
    "use",
    "except",
    "enum_zero_value_suffix",
    "rpc_allow_same_request_response",
    "rpc_allow_google_protobuf_empty_requests",
    "rpc_allow_google_protobuf_empty_responses",
    "service_suffix",
    "allow_comment_ignores",
    "disallow_comment_ignores",
})  # fmt: skip
"""What a `lint` section says of rules, not of files."""


def lint_config(workspace: Workspace, module: Module) -> Mapping[str, Any] | None:
    """A configuration under which the style of a module's image is judged as that of its sources.

    None where there is none: an image has other paths than the sources, and plugins and policies bring rules of their
    own.

    Raises:
        FieldstoneError: the configuration cannot be read.
    """
    section = section_of(workspace, module, "lint")
    content = {} if section.content is None else section.content
    if not isinstance(content, dict) or not content.keys() <= _OF_RULES or workspace.brings_rules(module):
        return None
    if not all(map(_is_plain, content.values())):  # buf says what is wrong with it where it reads the file itself
        return None
    return {"version": section.version, "lint": content}


def _is_plain(value: object) -> bool:
    """Whether a setting is a text, a flag or a list of texts, as those of rules are."""
    return isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
