"""`fieldstone explain`."""

from __future__ import annotations

import click

from fieldstone.cli.options import RuleId


@click.command()
@click.argument("rule", type=RuleId())
def command(rule: str) -> int:
    """Tell what RULE refuses, why, and what to do; the beginning of its id is enough.

    \b
    Example:
      fieldstone explain field-type-changed
    """
    from fieldstone.workflows.explain import explain

    click.echo(explain(rule), nl=False)
    return 0
