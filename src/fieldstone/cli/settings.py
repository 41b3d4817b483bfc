"""`fieldstone settings`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.output import say_document, say_json


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the settings instead, for editors.")
def command(schema: bool) -> int:
    """Show the settings and their file.

    \b
    Examples:
      fieldstone settings
      fieldstone settings --schema > fieldstone.schema.json
    """
    from fieldstone.project.settings import find_settings
    from fieldstone.project.settings_schema import json_schema

    if schema:
        say_document(json_schema())
        return 0
    settings = find_settings(Path.cwd())
    shown = {
        "file": str(settings.file) if settings.file else None,
        "registry": str(settings.registry),
        "workspace": str(settings.workspace),
        "values": settings.values,
    }
    say_json(shown)
    return 0
