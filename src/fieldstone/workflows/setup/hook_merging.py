"""Adds hooks to an existing .pre-commit-config.yaml as text, so that its comments and its layout stay.

The position comes from the marks of the YAML parser; the result is parsed again and compared with what was meant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fieldstone.errors import Invalid
from fieldstone.regular_file import read_file
from fieldstone.workflows.setup.hooks import HOOKS_FILE
from fieldstone.workflows.setup.texts import to_yaml
from fieldstone.workspace.config.text import parse_config

_BY_HAND = "add them by hand: without --merge-hooks, `fieldstone init` prints them"
_BOM = "\ufeff"


def merged_config(folder: Path, config: Mapping[str, Any]) -> bytes:
    """The pre-commit configuration of a folder with the hooks of `config`; empty if there is none, or it has them all.

    Raises:
        FieldstoneError: it cannot be read, or text cannot be added to it.
    """
    path = folder / HOOKS_FILE
    if not os.path.lexists(path):
        return b""
    if path.is_symlink():
        raise _refused("it is a symbolic link")
    content = read_file(path)
    try:
        merged = merge_hooks(content.decode(), config).encode()
    except UnicodeDecodeError as error:
        raise _refused("it is not UTF-8") from error
    return merged if merged != content else b""


def merge_hooks(text: str, config: Mapping[str, Any]) -> str:
    """Add the repositories of hooks in `config` to a pre-commit configuration; hooks whose id it has are left out.

    Args:
        text: the existing configuration.
        config: a configuration whose hooks are wanted.

    Returns:
        The new text; the same one if it has all hooks.

    Raises:
        FieldstoneError: the existing text is no pre-commit configuration, or has a form that text cannot be added to.
    """
    bom, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    before = _parse(text)
    repos = before.get("repos") or []
    added = _missing(repos, config["repos"])
    if not added:
        return bom + text
    after = _insert(text, before, added)
    if _parse(after) != {**before, "repos": [*repos, *added]}:
        raise _refused("its layout is unusual")
    return bom + after


def _parse(text: str) -> dict[str, Any]:
    try:
        content = parse_config(text.encode(), Path(HOOKS_FILE), "a pre-commit configuration")
    except Invalid as error:
        raise Invalid(f"cannot add hooks: {error.problem}", fix=_BY_HAND) from error
    repos = content.get("repos")
    if repos is not None and not (isinstance(repos, list) and all(isinstance(repo, dict) for repo in repos)):
        raise _refused("it has no list of repos")
    return dict(content)


def _missing(there: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wanted repositories with only the hooks that are not there."""
    listed = [repo["hooks"] for repo in there if isinstance(repo.get("hooks"), list)]
    hooks = [hook for hooks in listed for hook in hooks if isinstance(hook, dict)]
    known = {hook.get("id") for hook in hooks}
    left = [{**repo, "hooks": [hook for hook in repo["hooks"] if hook["id"] not in known]} for repo in wanted]
    return [repo for repo in left if repo["hooks"]]


def _insert(text: str, before: Mapping[str, Any], added: list[dict[str, Any]]) -> str:
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines = to_yaml({"repos": added}).splitlines()
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    listed = _value_of(root, "repos")
    if not before.get("repos"):
        return _with_list(text, listed, lines, line_end, is_flow=bool(root is not None and root.flow_style))
    if listed.flow_style:
        raise _refused("its repos are written in brackets")
    block = [_depth_of(listed, text) + line.removeprefix("  ") for line in lines[1:]]
    return _with_lines(text, _end_of(listed, text), block, line_end)


def _with_list(text: str, listed: Any, lines: list[str], line_end: str, *, is_flow: bool) -> str:
    """The text with the list as the value of `repos`, which is empty or missing."""
    if is_flow:
        raise _refused("it is written in braces")
    if listed is None:
        return _with_lines(text, len(text), lines, line_end)
    start, end = listed.start_mark.index, listed.end_mark.index
    text = text[:start].rstrip(" ") + text[end:]
    return _with_lines(text, _next_line(text, len(text[:start].rstrip(" "))), lines[1:], line_end)


def _with_lines(text: str, position: int, lines: list[str], line_end: str) -> str:
    gap = "" if not text[:position] or text[:position].endswith("\n") else line_end
    return text[:position] + gap + "".join(line + line_end for line in lines) + text[position:]


def _value_of(root: Any, key: str) -> Any:
    pairs = root.value if root is not None else ()
    return next((value for name, value in pairs if name.value == key), None)


def _end_of(node: Any, text: str) -> int:
    """The position after the line on which the last value of a node ends."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    end: int = node.end_mark.index
    return end if text[:end].endswith("\n") else _next_line(text, end)


def _depth_of(listed: yaml.SequenceNode, text: str) -> str:
    """The spaces before the dashes of a list in block style."""
    first = listed.value[0].start_mark
    before: str = text.splitlines()[first.line][: first.column]
    if before.strip(" ").rstrip(" ") != "-":
        raise _refused("its layout is unusual")
    return before[: before.index("-")]


def _next_line(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found + 1


def _refused(why: str) -> Invalid:
    return Invalid(f"cannot add hooks to {HOOKS_FILE}: {why}", fix=_BY_HAND)
