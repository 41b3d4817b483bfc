"""`fieldstone registry webhook`: the webhooks of a shared registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf
from fieldstone.cli.output import say, say_json
from fieldstone.cli.parsing import Group
from fieldstone.cli.registry_access import registry_option
from fieldstone.registry.webhooks.events import EVENTS

if TYPE_CHECKING:
    from fieldstone.workflows.webhooks import Webhooks


def _opened(address: str) -> Webhooks:
    from fieldstone.workflows.index import require

    require("sqlalchemy")
    from fieldstone.workflows.webhooks import open_webhooks

    return open_webhooks(address or open_project().settings.registry)


@click.group(cls=Group)
def webhook() -> None:
    """Have a shared registry tell other programs of releases, refusals, proposals and decisions.

    \b
    Example:
      fieldstone registry webhook list
    """


@webhook.command("create")
@click.argument("url", metavar="ADDRESS")
@click.option("--event", "events", multiple=True, type=OneOf(EVENTS), help="Can be repeated; all by default.")
@click.option(
    "--module", "modules", multiple=True, default=("*",), metavar="PATTERN", help="Modules, as 'shop*'; all by default."
)
@registry_option
def create_webhook(url: str, events: tuple[str, ...], modules: tuple[str, ...], address: str) -> int:
    """Post events to ADDRESS from now on, and print the secret that signs them: it is shown this once.

    The requests are signed as the Standard Webhooks specification says. ADDRESS is https://HOST/PATH.

    \b
    Example:
      fieldstone registry webhook create https://ci.example.com/contracts --event release --module 'shop*'
    """
    from fieldstone.workflows.webhooks.messages import WebhookWish

    issued = _opened(address).create(WebhookWish(url=url, events=events or EVENTS, modules=modules))
    say(issued.secret)
    say(f"webhook {issued.webhook.id}; its secret is not shown again", err=True)
    return 0


@webhook.command("list")
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
@registry_option
def list_webhooks(format_: str, address: str) -> int:
    """List all webhooks, without their secrets.

    \b
    Example:
      fieldstone registry webhook list --registry https://contracts.example.com
    """
    from msgspec import to_builtins

    found = _opened(address).every()
    if format_ == "json":
        say_json([to_builtins(one) for one in found])
        return 0
    for one in found:
        state = f"disabled {one.disabled_at}" if one.disabled_at else "enabled"
        counts = f"{one.pending} pending, {one.failed} failed"
        say(f"{one.id}  {one.url}  {','.join(one.events)}  {','.join(one.modules)}  {state}  {counts}")
    return 0


@webhook.command("remove")
@click.argument("id_", metavar="ID")
@registry_option
def remove_webhook(id_: str, address: str) -> int:
    """Remove the webhook of an ID, with what it has still to deliver.

    \b
    Example:
      fieldstone registry webhook remove 0b6f3a1c9d3e4f60a1b2c3d4e5f60718
    """
    _opened(address).remove(id_)
    say(f"webhook {id_} is removed", err=True)
    return 0


@webhook.command("enable")
@click.argument("id_", metavar="ID")
@registry_option
def enable_webhook(id_: str, address: str) -> int:
    """Let the webhook of an ID go on, which was disabled because its receiver answered 410 (gone).

    It goes on with what it has not delivered. A webhook that rests after failures tries again at once.

    \b
    Example:
      fieldstone registry webhook enable 0b6f3a1c9d3e4f60a1b2c3d4e5f60718
    """
    _opened(address).enable(id_)
    say(f"webhook {id_} is enabled", err=True)
    return 0


@webhook.command("deliveries")
@click.argument("id_", metavar="ID")
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
@registry_option
def list_deliveries(id_: str, format_: str, address: str) -> int:
    """List the newest deliveries of the webhook of an ID, at most 1,000, with their state and last answer.

    A delivery has the number of the row of the audit that it tells of.

    \b
    Example:
      fieldstone registry webhook deliveries 0b6f3a1c9d3e4f60a1b2c3d4e5f60718
    """
    from msgspec import to_builtins

    found = _opened(address).deliveries(id_)
    if format_ == "json":
        say_json([to_builtins(one) for one in found])
        return 0
    for one in found:
        when = f"ended {one.ended_at}" if one.ended_at else f"next attempt {one.next_attempt_at}"
        tries = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
        say(f"{one.number}  {one.event}  {one.state}  {tries}  {when}  {one.outcome}".rstrip())
    return 0


@webhook.command("redeliver")
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@registry_option
def redeliver(id_: str, number: int, address: str) -> int:
    """Deliver an event of the webhook of an ID again, by the NUMBER of its delivery, with the same webhook-id.

    \b
    Example:
      fieldstone registry webhook redeliver 0b6f3a1c9d3e4f60a1b2c3d4e5f60718 42
    """
    _opened(address).redeliver(id_, number)
    say(f"delivery {number} will be made again", err=True)
    return 0
