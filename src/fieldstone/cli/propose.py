"""`fieldstone propose`."""

from __future__ import annotations

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf, ReleasableModule
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched
from fieldstone.cli.proposal import show


@click.command(cls=Command)
@click.argument("module", type=ReleasableModule())
@click.option("--reason", default="", help="Why the break is worth it: what its reviewers read first.")
@click.option(
    "--revises", "number", type=click.IntRange(1), metavar="NUMBER", help="The proposal that this is a new revision of."
)
@click.option("--version", default="", help="A larger version than the smallest possible one.")
@click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
def command(module: str, reason: str, number: int | None, version: str, format_: str) -> int:
    """Propose the breaking change of MODULE in the working tree, for its owners to decide.

    The registry of the settings must be a shared one. It judges the change, and gives the proposal a number; the same
    change again is the same proposal. An open proposal of yours for MODULE gets a new revision, which needs new
    approval. An addition needs no proposal: release it.

    \b
    Examples:
      fieldstone propose shop --reason "nobody reads total since the move to invoices"
      fieldstone propose shop --revises 7
    """
    from fieldstone.workflows.proposals import open_proposals
    from fieldstone.workflows.proposals.local import wish_of

    project = open_project()
    opened = open_proposals(project.settings.registry)
    wish = wish_of(project, module, reason=reason, number=number or 0, version=version)
    with watched(project, f"judging {module}"):
        found = opened.propose(module, wish)
    show(found, format_)
    say(f"next: `fieldstone proposal approve {found.proposal.number}` by its reviewers", err=True)
    return 0
