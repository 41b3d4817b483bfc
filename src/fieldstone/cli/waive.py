"""`fieldstone waive`."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import ModuleName, OneOf, RuleId, VersionName, line_option
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command
from fieldstone.cli.progress import watched

if TYPE_CHECKING:
    from fieldstone.workflows.waive import Waived


@click.command(cls=Command)
@click.argument("rule", type=RuleId())
@click.argument("subject", default="")
@click.option("--all", "all_", is_flag=True, help="Permit all current findings of RULE, in one entry with a list.")
@click.option(
    "--below",
    default="",
    metavar="PATH|PACKAGE",
    help="With --all, only findings in this file, folder, package, message, enum or service.",
)
@click.option("--reason", required=True, help="The reason to accept the break.")
@click.option(
    "--class",
    "reason_class",
    type=OneOf(["no-known-reader", "bug-fix", "coordinated", "accepted"]),
    help="The kind of reason. `no-known-reader` holds only as long as no consumer is known to use SUBJECT.",
)
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day of the waiver, in UTC.")
@click.option("--owner", default="", help="The owner: a team or an address; by default git's user.email.")
@click.option("--module", default="", type=ModuleName(), help="The module; by default the one with the finding.")
@line_option
@click.option("--against", type=VersionName(), metavar="REF", help="Compare with this, as in `check`, to find it.")
def command(
    rule: str,
    subject: str,
    *,
    all_: bool,
    below: str,
    reason: str,
    reason_class: str | None,
    until: str,
    owner: str,
    module: str,
    line: str | None,
    against: str | None,
) -> int:
    """Permit a finding of RULE on SUBJECT until a date, and write the waiver into the settings.

    RULE and SUBJECT are those of a current finding. Every report still shows it, and it still needs the major version,
    but it refuses nothing. With --all, all findings of RULE are permitted, each by its exact subject: later findings
    are not.

    \b
    Examples:
      fieldstone waive field-removed acme.shop.v1.Order.note --reason "nobody wrote it" --until 2027-01-31
      fieldstone waive field-removed acme.shop.v1.Order.note --class no-known-reader --reason "all asked" \\
        --until 2027-01-31
      fieldstone waive --all file-option-changed --below acme.shop.v1 --reason "we moved" --until 2027-01-31
    """
    from fieldstone.workflows.waive import Terms, waive, waive_all

    _require_one(subject, below, all_=all_)
    terms, named = Terms(reason, until, owner, reason_class or ""), against or ""
    project = open_project().on_line([module] if module else [], line)
    with watched(project, "looking for the finding"):
        if all_:
            done = waive_all(project, rule, terms, below=below, module=module, against=named)
        else:
            done = [waive(project, rule, subject, terms, module=module, against=named)]
    for waived in done:
        for text in _lines(waived):
            say(text)
    return 0


def _require_one(subject: str, below: str, *, all_: bool) -> None:
    """Raise unless either a subject or all findings are named."""
    if all_ and subject:
        raise click.UsageError(f"--all permits all findings of the rule: name {subject} without it, or use --below")
    if not all_ and below:
        raise click.UsageError("--below needs --all")
    if not all_ and not subject:
        raise click.UsageError("name the SUBJECT of a finding, or permit all of the rule with --all")


def _lines(waived: Waived) -> Iterator[str]:
    """The entry in words, and the subjects of one with several."""
    first, *others = waived.waivers
    at = f"{os.path.relpath(waived.location.path)}:{waived.location.line}"
    if not others:
        yield f"{at}: {first.text}"
        return
    yield f"{at}: `{first.rule}` on {len(waived.waivers)} subjects of {first.module} waived {first.terms}"
    yield from (f"  - {waiver.subject}" for waiver in waived.waivers)
