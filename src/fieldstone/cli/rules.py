"""`fieldstone rules`."""

from __future__ import annotations

import click

from fieldstone.cli.output import say, say_json


@click.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
def command(format_: str) -> int:
    """List all rules: what each guarantees, the surfaces that it protects, and the matching rules of buf.

    \b
    Examples:
      fieldstone rules
      fieldstone rules --format json
    """
    from fieldstone.compatibility.rules import Rule, all_rules

    def as_json(rule: Rule) -> dict[str, object]:
        return {
            "id": rule.id,
            "summary": rule.summary,
            "level": rule.level,
            "breaks": rule.breaks,
            "style": rule.is_style,
            "since": rule.since,
            "buf": rule.buf,
            "why": " ".join(rule.why.split()),
            "fix": rule.fix,
            "source": rule.source,
        }

    rules = all_rules()
    if format_ == "json":
        say_json([as_json(rule) for rule in rules.values()])
        return 0
    width = max(map(len, rules))
    for rule in rules.values():
        about = rule.concern
        say(f"{rule.id:{width}}  {rule.summary} [{about}]")
    return 0
