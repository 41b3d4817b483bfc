"""`fieldstone explain`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.options import RuleId
from fieldstone.cli.output import say_lines


@click.command()
@click.argument("rule", type=RuleId())
def command(rule: str) -> int:
    """Tell what RULE refuses, why, and what to do; the beginning of its id is enough.

    RULE may be one of buf's, too, or a category of them: buf's own list says its purpose.

    \b
    Examples:
      fieldstone explain field-type-changed
      fieldstone explain FIELD_SAME_TYPE
    """
    from fieldstone.workflows.explain import explain

    say_lines(explain(rule, Path.cwd()))
    return 0
