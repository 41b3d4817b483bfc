"""`fieldstone waive`."""

from __future__ import annotations

import os.path

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName, RuleId, VersionName
from fieldstone.cli.output import say


@click.command()
@click.argument("rule", type=RuleId())
@click.argument("subject")
@click.option("--reason", required=True, help="Why the break is accepted.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day that the waiver holds, in UTC.")
@click.option("--owner", default="", help="Who answers for it; by default git's user.email.")
@click.option("--module", default="", type=ModuleName(), help="The module; by default the one that has the finding.")
@click.option("--against", type=VersionName(), metavar="REF", help="Judge against this, as `check` does, to see it.")
def command(rule: str, subject: str, *, reason: str, until: str, owner: str, module: str, against: str | None) -> int:
    """Permit what RULE finds on SUBJECT until a day, and write that into the settings.

    RULE and SUBJECT are those of a finding that there is now. It is shown in every report, refuses
    nothing, and asks for the major version as before.

    \b
    Example:
      fieldstone waive field-removed acme.shop.v1.Order.note --reason "nobody wrote it" --until 2027-01-31
    """
    from fieldstone.workflows.waive import waive

    done = waive(
        open_project(), rule, subject, reason=reason, until=until, owner=owner, module=module, against=against or ""
    )
    say(f"{os.path.relpath(done.place.path)}:{done.place.line}: {done.waiver.text}")
    return 0
