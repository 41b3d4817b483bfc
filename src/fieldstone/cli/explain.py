"""`fieldstone explain`."""

from __future__ import annotations

import click

from fieldstone.cli.options import RuleId
from fieldstone.cli.output import say_lines


@click.command()
@click.argument("rule", type=RuleId())
def command(rule: str) -> int:
    """Tell what RULE refuses, why, and what to do; the beginning of its id is enough.

    \b
    Example:
      fieldstone explain field-type-changed
    """
    from fieldstone.workflows.explain import explain

    say_lines(explain(rule))
    return 0
