"""`fieldstone explain`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.options import RuleId
from fieldstone.cli.output import say_page
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.argument("rule", type=RuleId())
def command(rule: str) -> int:
    """Explain RULE: what it refuses, why, and the fix; the beginning of its id is enough.

    RULE may also be one of buf's rules or categories; buf's own list gives its purpose.

    \b
    Examples:
      fieldstone explain field-type-changed
      fieldstone explain FIELD_SAME_TYPE
    """
    from fieldstone.workflows.explain import explain

    say_page(explain(rule, Path.cwd()))
    return 0
