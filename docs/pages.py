"""The pages of the site that come from the tool itself: a hook of MkDocs, which calls `on_config` and `on_files`.

The front page is README.md; every rule, command and setting has its page from the place that declares it
(https://www.mkdocs.org/user-guide/configuration/#hooks).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fieldstone.cli.group import cli
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.project.settings_schema import SCHEMA
from fieldstone.workflows.explain import OTHERS, explain

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parent.parent
COPIED = ("CHANGELOG.md", "CONTRIBUTING.md", "fieldstone.schema.json", "src/fieldstone/report/report.schema.json")
"""What README.md links to, beside the pages of this folder."""


def on_config(config: MkDocsConfig) -> None:
    """Put the generated pages into the navigation."""
    config.nav = [
        *(config.nav or []),
        {"Rules": _below("reference/rules/")},
        {"Commands": _below("reference/commands/")},
        {"Settings": "reference/settings.md"},
        {"Contributing": "CONTRIBUTING.md"},
        {"Changes": "CHANGELOG.md"},
    ]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))


@cache
def pages() -> Mapping[str, str]:
    """Path to text of every page that is not written by hand."""
    texts = {path: (ROOT / path).read_text("utf-8") for path in COPIED}
    front = (ROOT / "README.md").read_text("utf-8").replace("](docs/", "](")
    made = {"index.md": front, "reference/rules/index.md": _rules(), "reference/settings.md": _settings()}
    return texts | made | _rule_pages() | dict(_commands())


def _rule_pages() -> dict[str, str]:
    """A page for every finding; those of rules wait for buf to compile their examples."""
    names = [*all_rules(), *OTHERS]
    with ThreadPoolExecutor() as pool:
        return {f"reference/rules/{name}.md": text for name, text in zip(names, pool.map(explain, names), strict=True)}


def _below(folder: str) -> list[str]:
    return [path for path in pages() if path.startswith(folder)]


def _rules() -> str:
    rows = [_row(rule) for rule in all_rules().values()]
    defects = [f"| [{name}]({name}.md) | {text.partition('. ')[0].rstrip('.')}. |" for name, text in OTHERS.items()]
    return "\n".join(
        [
            "# Rules",
            "",
            "What each keeps true, and what a change against it breaks.",
            "",
            "| rule | keeps true | breaks |",
            "| --- | --- | --- |",
            *rows,
            "",
            "What can be wrong with the registry, a module as a whole, a waiver and what the source allows:",
            "",
            "| finding | tells |",
            "| --- | --- |",
            *defects,
            "",
        ]
    )


def _row(rule: Rule) -> str:
    return f"| [{rule.id}]({rule.id}.md) | {rule.summary} | {rule.concern} |"


def _commands() -> Iterator[tuple[str, str]]:
    context = click.Context(cli, info_name="fieldstone", **cli.context_settings)
    for name, command in _subcommands(cli, context):
        yield f"reference/commands/{name}.md", "\n".join(_command(command, name, context))


def _command(command: click.Command, name: str, parent: click.Context, level: str = "#") -> Iterator[str]:
    """What `--help` prints, for a command and those below it."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for other, below in _subcommands(command, context):
            yield from _command(below, other, context, f"{level}#")


def _subcommands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command:
            yield name, command


def _settings() -> str:
    intro = (
        "# Settings\n\n`[tool.fieldstone]` in `pyproject.toml`, or `fieldstone.toml` without that prefix. "
        "`fieldstone settings` prints those that hold.\n\n| key | what it says | default |\n| --- | --- | --- |"
    )
    return "\n".join([intro, *_keys(SCHEMA), ""])


def _keys(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, key in table.get("properties", {}).items():
        yield f"| `{prefix}{name}` | {_meaning(key)} | {_default(key)} |"
        yield from _keys(key, f"{prefix}{name}.")
        if isinstance(others := key.get("additionalProperties"), dict) and "properties" in others:
            yield from _keys(others, f"{prefix}{name}.NAME.")
        yield from _keys(key.get("items", {}), f"{prefix}{name}[].")


def _meaning(key: Mapping[str, Any]) -> str:
    choices = key.get("enum") or key.get("items", {}).get("enum")
    known = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return f"{key.get('description', '')}{known}".strip()


def _default(key: Mapping[str, Any]) -> str:
    value = key.get("default")
    if isinstance(value, list):
        return ", ".join(f"`{item}`" for item in value)
    return "" if value in (None, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"
