"""The rules of buf, of its plugins, and those that a configuration applies, as buf itself lists them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct
from msgspec.json import decode as json_decode

from fieldstone.toolchain.buf import Running

ConfigVersion = Literal["v2", "v1", "v1beta1"]
CONFIG_VERSIONS: Sequence[ConfigVersion] = get_args(ConfigVersion)
"""The versions of a buf configuration, newest first; each has its own rules."""


class BufRule(Struct, frozen=True):
    """A lint or breaking rule, as buf lists it.

    Attributes:
        id: its id (`FIELD_SAME_TYPE`).
        categories: its categories; empty for a deprecated rule.
        purpose: its purpose, in one sentence.
        plugin: the plugin that provides it; empty for a rule of buf itself.
        deprecated: whether it is deprecated.
    """

    id: str
    categories: tuple[str, ...] = ()
    purpose: str = ""
    plugin: str = ""
    deprecated: bool = False


RuleKind = Literal["lint", "breaking"]
RULE_KINDS: Sequence[RuleKind] = get_args(RuleKind)


@cache
def rules(kind: RuleKind, version: ConfigVersion = CONFIG_VERSIONS[0]) -> tuple[BufRule, ...]:
    """buf's own rules for configurations of a version, deprecated ones included, from buf's own list.

    Raises:
        FieldstoneError: there is no buf, or it does not print its list.
    """
    command = ["config", f"ls-{kind}-rules", "--version", version, "--include-deprecated", "--format", "json"]
    return _listed_rules(command, cwd=Path(sys.executable).parent)


def workspace_rules(kind: RuleKind, root: Path) -> tuple[BufRule, ...]:
    """The rules that the buf configuration of a workspace can use: buf's own and those of its plugins.

    Raises:
        FieldstoneError: the configuration is wrong, or a plugin does not run.
    """
    return _listed_rules(["config", f"ls-{kind}-rules", "--include-deprecated", "--format", "json"], cwd=root)


def configured_rules(kind: RuleKind, root: Path, module: str = "") -> tuple[BufRule, ...]:
    """The rules that a buf configuration applies, those of plugins included.

    Args:
        kind: lint or breaking.
        root: the folder of the configuration.
        module: the path of the module, as listed in a v2 configuration.

    Raises:
        FieldstoneError: the configuration is wrong, or a plugin does not run.
    """
    path = ["--module-path", module] if module else []
    return _listed_rules(["config", f"ls-{kind}-rules", "--configured-only", *path, "--format", "json"], cwd=root)


def _listed_rules(command: Sequence[str], *, cwd: Path) -> tuple[BufRule, ...]:
    lines = Running(command, cwd=cwd).output(what=f"buf {' '.join(command[:2])}").splitlines()
    return tuple(json_decode(line, type=BufRule) for line in lines if line.strip())


def rule_ids(kind: RuleKind, version: ConfigVersion = CONFIG_VERSIONS[0]) -> tuple[str, ...]:
    """The ids of `rules`."""
    return tuple(rule.id for rule in rules(kind, version))
