"""`fieldstone can-i-remove`."""

from __future__ import annotations

import click
from msgspec import to_builtins

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf, ReleasedModule, max_age_option
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.argument("subject")
@click.option("--module", default="", type=ReleasedModule(), help="Its module; by default the one that has it.")
@max_age_option
@click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
def command(subject: str, module: str, oldest: int | None, format_: str) -> int:
    """Say whether anybody is known to use SUBJECT: a message, field, enum value, rpc, package or file.

    The answer is `blocked` (exit code 1), `no known reader` (0), or `unknown` (1). It is never "safe": who published no
    uses is not known.

    \b
    Examples:
      fieldstone can-i-remove telemetry.v1.TelemetryStepV1.reward
      fieldstone can-i-remove telemetry.v1.TelemetryStepV1 --max-age 30 --format json
    """
    from fieldstone.consumers.answer import UNCLAIMED, Verdict
    from fieldstone.report.documents.readers import answer_lines, answer_markdown
    from fieldstone.workflows.readers import can_remove

    answer = can_remove(open_project(), subject, module=module, oldest=oldest)
    if format_ == "json":
        say_json({**to_builtins(answer), "not_claimed": UNCLAIMED})
    else:
        for line in answer_markdown(answer) if format_ == "markdown" else answer_lines(answer):
            say(line)
    return 0 if answer.verdict is Verdict.NO_KNOWN_READER else 1
