"""`fieldstone settings`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.output import say, say_document, say_json
from fieldstone.cli.parsing import Group


@click.group(cls=Group, invoke_without_command=True)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the settings instead, for editors.")
@click.pass_context
def command(context: click.Context, *, schema: bool) -> int:
    """Show the settings that apply, each with the file that it is from.

    Settings can extend a file that other repositories share: `extends = "git+https://...@v3#fieldstone.toml"`.
    `update` pins it in fieldstone.lock, `fetch` fetches what is pinned. No other command fetches.

    \b
    Examples:
      fieldstone settings
      fieldstone settings --schema > fieldstone.schema.json
      fieldstone settings update
    """
    if context.invoked_subcommand:
        return 0
    from fieldstone.project.effective import effective
    from fieldstone.project.settings import find_settings
    from fieldstone.project.settings_schema import json_schema

    if schema:
        say_document(json_schema())
        return 0
    settings = find_settings(Path.cwd())
    shown = {
        "file": str(settings.file) if settings.file else None,
        "extends": [layer.label for layer in settings.layers[1:]],
        "registry": str(settings.registry),
        "workspace": str(settings.workspace),
        "values": settings.values,
        "effective": effective(settings),
    }
    say_json(shown)
    return 0


@command.command("update")
def update_sources() -> int:
    """Fetch what the settings extend, and pin its content in fieldstone.lock.

    The pin is a SHA-256 and, in git, a commit: review the difference and commit the file.

    \b
    Example:
      fieldstone settings update && git diff fieldstone.lock
    """
    from fieldstone.workflows.shared_settings import update_pins

    updated = update_pins(Path.cwd())
    for source in updated:
        before, after = (_pin_words(pin.commit, pin.sha256) if pin else "" for pin in (source.before, source.after))
        if not source.is_changed:
            say(f"{source.source}: unchanged at {after}")
        elif after:
            say(f"{source.source}: pinned at {after}" + (f", before at {before}" if before else ""))
        else:
            say(f"{source.source}: no longer extended")
    if not updated:
        say("The settings extend nothing outside this repository: there is nothing to pin.", err=True)
    elif any(source.is_changed for source in updated):
        say("Commit fieldstone.lock.", err=True)
    return 0


def _pin_words(commit: str, sha256: str) -> str:
    return f"commit {commit[:9]}" if commit else f"SHA-256 {sha256[:12]}"


@command.command("fetch")
@click.option(
    "--since",
    metavar="REF",
    help="Fetch what the settings at the merge base of HEAD and REF extend, too, as `fieldstone check --since REF` "
    "needs it. In a pull request's pipeline REF is detected automatically.",
)
def fetch_sources(since: str | None) -> int:
    """Fetch the pinned content of what the settings extend, into .fieldstone/.

    A content that differs from the pin is refused.

    \b
    Example:
      fieldstone settings fetch && fieldstone check
    """
    from fieldstone.checking.since.reference import named
    from fieldstone.workflows.shared_settings import fetch_pinned

    fetched = fetch_pinned(Path.cwd(), named(since))
    for source in fetched:
        say(f"fetched {source}")
    if not fetched:
        say("Nothing was missing.", err=True)
    return 0
