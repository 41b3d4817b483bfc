"""`fieldstone can-i-deploy`."""

from __future__ import annotations

import click
from msgspec import to_builtins

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import NameAndVersion, OneOf, environment_option, max_age_option, party_option
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Command


@click.command(cls=Command)
@click.argument("what", metavar="NAME@VERSION", type=NameAndVersion())
@environment_option
@party_option
@max_age_option
@click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
def command(what: tuple[str, str], *, environment: str, party: str | None, oldest: int | None, format_: str) -> int:
    """Say whether NAME@VERSION fits what runs in an environment.

    A version of a consumer is compared with the releases that providers serve there, a release of a module with the
    consumers that run there: each use must exist in the served release, and neither side may lose what the other
    writes. `fieldstone uses deployed` says what runs where.

    The answer is `blocked` (exit code 1), `no known obstacle` (0), or `unknown` (1). It is never "safe": who published
    no uses is not known.

    \b
    Examples:
      fieldstone can-i-deploy billing@4.2.0 --env production
      fieldstone can-i-deploy telemetry@2.0.0 --env production --format json
    """
    from fieldstone.consumers.deploying import NOT_CLAIMED, Deployable
    from fieldstone.consumers.published import Party
    from fieldstone.report.documents.deploying import readiness_lines, readiness_markdown
    from fieldstone.workflows.deployments import can_deploy

    name, version = what
    meant = Party(party) if party else None
    answer = can_deploy(open_project(), name, version, environment, party=meant, max_age=oldest)
    if format_ == "json":
        say_json({**to_builtins(answer), "not_claimed": NOT_CLAIMED})
    else:
        for line in readiness_markdown(answer) if format_ == "markdown" else readiness_lines(answer):
            say(line)
    return 0 if answer.verdict is Deployable.NO_KNOWN_OBSTACLE else 1
