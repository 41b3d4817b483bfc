"""A configuration with which `buf lint` judges a module's image as it judges its sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.workspace.config.sections import section_of
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
"""The keys of a `lint` section that concern rules, not files."""


def lint_config(workspace: Workspace, module: Module) -> Mapping[str, Any] | None:
    """A configuration that lints a module's image with the same result as its sources.

    None if there is none: an image has other paths than the sources, and plugins and policies add rules of their own.

    Raises:
        FieldstoneError: the configuration cannot be read.
    """
    section = section_of(workspace, module, "lint")
    content = {} if section.content is None else section.content
    if not isinstance(content, dict) or not content.keys() <= _OF_RULES or workspace.brings_rules(module):
        return None
    if not all(map(_is_plain, content.values())):  # buf reports the mistake when it reads the file itself
        return None
    return {"version": section.version, "lint": content}


def _is_plain(value: object) -> bool:
    """Whether a setting is a text, a flag or a list of texts, as rule settings are."""
    return isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
