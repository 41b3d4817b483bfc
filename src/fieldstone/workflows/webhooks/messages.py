"""The arguments and results of webhooks, as their protocol has them."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.registry.webhooks.events import EVENTS
from fieldstone.registry.webhooks.hooks import Webhook


class WebhookWish(Struct, frozen=True, kw_only=True):
    """A webhook to create; the attributes are arguments of `hooks.create`."""

    url: str
    modules: tuple[str, ...] = ("*",)
    events: tuple[str, ...] = EVENTS


class IssuedWebhook(Struct, frozen=True):
    """A new webhook and its secret, which is never shown again."""

    webhook: Webhook
    secret: str
