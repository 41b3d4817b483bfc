"""`fieldstone proposal`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Group

if TYPE_CHECKING:
    from fieldstone.proposals.shown import Shown
    from fieldstone.workflows.proposals import Proposals

_STATES = ["open", "approved", "rejected", "withdrawn", "released"]
_registry_option = click.option(
    "--registry",
    "address",
    metavar="URL",
    default="",
    help="The registry, instead of that of the settings: https://HOST, with a token in FIELDSTONE_TOKEN or ~/.netrc; "
    "or the address of its database, sqlite:///PATH or postgresql://USER@HOST/NAME.",
)
_format_option = click.option("--format", "format_", type=OneOf(["text", "markdown", "json"]), default="text")
_number_argument = click.argument("number", type=click.IntRange(1))
_revision_option = click.option(
    "--revision", type=click.IntRange(1), help="The revision that you have seen; needed if there are several."
)
_reason_option = click.option("--reason", required=True, help="Why; it stays with the proposal.")


def _decision(command: Callable[..., int]) -> Callable[..., int]:
    """The argument and the options of every decision."""
    for option in (_registry_option, _format_option, _revision_option, _reason_option, _number_argument):
        command = option(command)
    return command


@click.group(cls=Group)
def command() -> None:
    """List, show, decide and release proposals: breaking changes that wait for the owners of a module.

    \b
    Examples:
      fieldstone proposal list --state open
      fieldstone proposal approve 7 --reason "billing has moved to amount"
    """


@command.command("list")
@click.option("--state", type=OneOf(_STATES), help="Only those in this state.")
@click.option("--module", default="", help="Only those of this module.")
@_format_option
@_registry_option
def list_proposals(state: str | None, module: str, format_: str, address: str) -> int:
    """List the proposals of modules that you may read, oldest first.

    \b
    Examples:
      fieldstone proposal list
      fieldstone proposal list --state approved --module shop --format json
    """
    from msgspec import to_builtins

    from fieldstone.proposals.proposal import State
    from fieldstone.report.documents.proposals import list_lines, list_markdown

    found = _opened(address).every(State(state) if state else None, module)
    if format_ == "json":
        say_json([to_builtins(one) for one in found])
        return 0
    for line in list_markdown(found) if format_ == "markdown" else list_lines(found):
        say(line)
    return 0


@command.command("show")
@_number_argument
@_format_option
@_registry_option
def show_proposal(number: int, format_: str, address: str) -> int:
    """Show a proposal: its findings, whom it may break, what was decided, and what it lacks.

    \b
    Example:
      fieldstone proposal show 7
    """
    show(_opened(address).one(number), format_)
    return 0


@command.command("approve")
@_decision
def approve(number: int, **options: Any) -> int:
    """Approve a revision of a proposal. Its authors cannot; a new revision needs new approval.

    \b
    Examples:
      fieldstone proposal approve 7 --reason "billing has moved to amount"
      fieldstone proposal approve 7 --revision 2 --reason "now with a sunset"
    """
    return _decide("approve", number, **options)


@command.command("reject")
@_decision
def reject(number: int, **options: Any) -> int:
    """Reject a proposal, which is final: another attempt is another proposal.

    \b
    Example:
      fieldstone proposal reject 7 --reason "billing still reads total until March"
    """
    return _decide("reject", number, **options)


@command.command("withdraw")
@_decision
def withdraw(number: int, **options: Any) -> int:
    """Withdraw a proposal of your own, which is final.

    \b
    Example:
      fieldstone proposal withdraw 7 --reason "the field stays"
    """
    return _decide("withdraw", number, **options)


@command.command("revoke")
@_decision
@click.option("--of", default="", metavar="NAME", help="Whose approval; by default your own. Others take an admin.")
def revoke(number: int, of: str, **options: Any) -> int:
    """Revoke an approval, as long as the proposal is not released.

    \b
    Examples:
      fieldstone proposal revoke 7 --reason "the app still sends it"
      fieldstone proposal revoke 7 --of alice --reason "alice has left the team"
    """
    return _decide("revoke", number, of=of, **options)


@command.command("release")
@_number_argument
@_format_option
@_registry_option
def release(number: int, format_: str, address: str) -> int:
    """Release an approved proposal with exactly the waivers that were approved.

    It is judged again: if its findings are others than those that were approved, it is refused. An author or somebody
    who approved it can release it, with the scope push.

    \b
    Example:
      fieldstone proposal release 7
    """
    show(_opened(address).release(number), format_, findings=False)
    return 0


def show(found: Shown, format_: str, *, findings: bool = True) -> None:
    """Print a proposal.

    Args:
        found: the proposal.
        format_: text, markdown or json.
        findings: whether text has its findings.
    """
    from msgspec import to_builtins

    from fieldstone.report.documents.proposals import shown_lines, shown_markdown

    if format_ == "json":
        say_json(to_builtins(found))
        return
    for line in shown_markdown(found) if format_ == "markdown" else shown_lines(found, findings=findings):
        say(line)


def _decide(
    decision: str, number: int, *, reason: str, revision: int | None, format_: str, address: str, of: str = ""
) -> int:
    from fieldstone.proposals.proposal import Kind
    from fieldstone.workflows.proposals.local import newest_revision
    from fieldstone.workflows.proposals.messages import Deciding

    opened, kind = _opened(address), Kind(decision)
    about = revision or newest_revision(opened, number, kind)
    found = opened.decide(number, Deciding(decision=kind, revision=about, reason=reason, of=of))
    show(found, format_, findings=False)
    return 1 if found.note else 0


def _opened(address: str) -> Proposals:
    from fieldstone.workflows.proposals import open_proposals

    return open_proposals(address or open_project(bare=True).settings.registry)
