"""`fieldstone rules`."""

from __future__ import annotations

import click

from fieldstone.cli.options import OneOf
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
def command(format_: str) -> int:
    """List all rules: what each guarantees, the surfaces that it protects, and the matching rules of buf.

    \b
    Examples:
      fieldstone rules
      fieldstone rules --format json
    """
    from fieldstone.compatibility.rules import all_rules
    from fieldstone.report.documents import rule_document

    rules = all_rules()
    if format_ == "json":
        say_json([rule_document(rule) for rule in rules.values()])
        return 0
    width = max(map(len, rules))
    for rule in rules.values():
        about = rule.concern
        say(f"{rule.id:{width}}  {rule.summary} [{about}]")
    return 0
