"""Explain: the page of a rule or a category of buf, or of a plugin of buf, from buf's own list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fieldstone.compatibility.rules import all_rules
from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.project.settings import find_settings
from fieldstone.toolchain import buf_rules
from fieldstone.toolchain.buf_rules import CONFIG_VERSIONS, RULE_KINDS, BufRule, RuleKind
from fieldstone.workflows.explaining.rule import paragraph
from fieldstone.workspace.config.text import load_config

_CONFIG = "buf.yaml"


def buf_page(name: str, folder: Path | None) -> str:
    """The page of a rule or category of buf, as Markdown; empty if there is none of that name.

    Args:
        name: its name; case is ignored, and `-` is `_`.
        folder: the folder to search for a buf configuration with plugins; None for no search.

    Raises:
        FieldstoneError: buf does not list its rules, or the name is not buf's and a plugin does not run.
    """
    wanted = name.strip().upper().replace("-", "_")
    for version in CONFIG_VERSIONS:
        for kind in RULE_KINDS:
            rules = buf_rules.rules(kind, version)
            if page := _page_in(wanted, rules, kind, version):
                return page
    return _plugin_page(wanted, folder) if folder else ""


def buf_names() -> set[str]:
    """The names of buf's rules and categories, in configurations of any version.

    Raises:
        FieldstoneError: buf does not list its rules.
    """
    rules = [rule for kind in RULE_KINDS for version in CONFIG_VERSIONS for rule in buf_rules.rules(kind, version)]
    return {name for rule in rules for name in (rule.id, *rule.categories)}


def _page_in(wanted: str, rules: Iterable[BufRule], kind: RuleKind, version: str) -> str:
    inside: list[BufRule] = []
    for rule in rules:
        if rule.id == wanted:
            return _rule_page(rule, kind, version)
        if wanted in rule.categories:
            inside.append(rule)
    return _category_page(wanted, inside, kind) if inside else ""


def _rule_page(rule: BufRule, kind: RuleKind, version: str) -> str:
    whose = f"the plugin {rule.plugin}" if rule.plugin else "buf"
    categories = f"in {', '.join(rule.categories)}" if rule.categories else "in no category"
    about = f"A {kind} rule of {whose}, {categories}."
    if rule.deprecated:
        about += " Deprecated."
    if version != CONFIG_VERSIONS[0]:
        about += f" Only a buf.yaml of version {version} has it."
    parts = [f"# {rule.id}", paragraph(rule.purpose), paragraph(about), *_in_fieldstone(rule.id, kind)]
    if not rule.plugin:
        parts.append(f"buf documents it at https://buf.build/docs/{kind}/rules/.")
    return "\n\n".join(parts) + "\n"


def _in_fieldstone(rule: str, kind: RuleKind) -> Iterator[str]:
    """The use of a buf rule in Fieldstone, and Fieldstone's rules for the same change."""
    if kind == "lint":
        text = "`fieldstone check` reports it as `buf lint` does; the `lint` section of buf.yaml selects it."
    else:
        ours = [f"`{own.id}`" for own in all_rules().values() if rule in own.buf]
        same = f"Of Fieldstone's rules, {', '.join(ours)} {'finds' if len(ours) == 1 else 'find'} such a change. "
        profile = "`fieldstone check --profile buf` applies it, as the `breaking` section of buf.yaml selects."
        text = (same if ours else "") + profile
    yield f"## In Fieldstone\n\n{paragraph(text)}"


def _category_page(name: str, rules: Sequence[BufRule], kind: RuleKind) -> str:
    listed = "\n".join(f"- `{rule.id}`: {rule.purpose}" for rule in rules)
    return f"# {name}\n\nA category of buf's {kind} rules. It holds:\n\n{listed}\n"


def _plugin_page(wanted: str, folder: Path) -> str:
    """The page of a rule from a plugin in buf.yaml; empty if no plugin has it."""
    root = find_settings(folder).workspace
    config = root / _CONFIG
    if not config.is_file() or not load_config(config).get("plugins"):
        return ""
    try:
        found = [(rule, kind) for kind in RULE_KINDS for rule in buf_rules.workspace_rules(kind, root) if rule.plugin]
    except FieldstoneError as error:
        raise NotFound(
            f"{wanted} is no rule of Fieldstone or buf, and buf cannot list those of the plugins in {config}: {error}"
        ) from error
    return next((_rule_page(rule, kind, CONFIG_VERSIONS[0]) for rule, kind in found if rule.id == wanted), "")
