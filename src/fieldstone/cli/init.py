"""`fieldstone init`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--vocabulary/--no-vocabulary", default=True, help="Write the annotation vocabulary.")
@click.option("--hooks/--no-hooks", default=True, help="Write .pre-commit-config.yaml.")
@click.option("--release", "first_release", is_flag=True, help="Release every module as it is, as 1.0.0.")
def command(folder: Path, vocabulary: bool, hooks: bool, first_release: bool) -> int:
    """Set Fieldstone up in FOLDER: settings, hooks, the annotation vocabulary.

    Works in an empty folder, in a buf repository and on plain .proto files. A file that exists is
    never changed.

    \b
    Examples:
      fieldstone init
      fieldstone init --release
    """
    from fieldstone.workflows.init import init

    outcome = init(folder, vocabulary=vocabulary, hooks=hooks, first_release=first_release)
    for path in outcome.written:
        click.echo(f"wrote    {path}")
    for path in outcome.kept:
        click.echo(f"kept     {path}")
    for release in outcome.releases:
        click.echo(f"released {release.name} {release.version}")
    for advice in outcome.advice:
        click.echo(f"next: {advice}", err=True)
    click.echo("next: fieldstone check", err=True)
    return 0
