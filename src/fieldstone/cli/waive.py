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
@click.option("--reason", required=True, help="The reason to accept the break.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day of the waiver, in UTC.")
@click.option("--owner", default="", help="The owner: a team or an address; by default git's user.email.")
@click.option("--module", default="", type=ModuleName(), help="The module; by default the one with the finding.")
@click.option("--against", type=VersionName(), metavar="REF", help="Compare with this, as in `check`, to find it.")
def command(rule: str, subject: str, *, reason: str, until: str, owner: str, module: str, against: str | None) -> int:
    """Permit a finding of RULE on SUBJECT until a date, and write the waiver into the settings.

    RULE and SUBJECT are those of a current finding. Every report still shows it, and it still needs the major version,
    but it refuses nothing.

    \b
    Example:
      fieldstone waive field-removed acme.shop.v1.Order.note --reason "nobody wrote it" --until 2027-01-31
    """
    from fieldstone.workflows.waive import waive

    done = waive(
        open_project(), rule, subject, reason=reason, until=until, owner=owner, module=module, against=against or ""
    )
    say(f"{os.path.relpath(done.location.path)}:{done.location.line}: {done.waiver.text}")
    return 0
