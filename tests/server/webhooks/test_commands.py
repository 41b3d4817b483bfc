"""`fieldstone registry webhook` as an admin uses it, against a server and its database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.server.webhooks.courier import pause
from tests.server.replicas.writers import fieldstone
from tests.server.running import Ran, Serving, serving
from tests.server.webhooks.receiver import Receiver, receiving, status
from tests.server.webhooks.test_deliveries import until, written


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("registry") / "data", "--webhooks-to", "127.0.0.0/8") as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.mark.parametrize("of", ["server", "database"])
def test_a_webhook_from_its_creation_to_its_end(registry: Serving, receiver: Receiver, tmp_path: Path, of: str) -> None:
    address = registry.url if of == "server" else f"sqlite:///{registry.data}/registry.db"

    def webhook(*arguments: str) -> Ran:
        return fieldstone(registry, tmp_path, "registry", "webhook", *arguments, "--registry", address)

    receiver.answered_with(status(410))
    created = webhook("create", receiver.url, "--event", "refusal", "--module", "sh*")
    (shown,) = json.loads(webhook("list", "--format", "json").out)
    written(registry, "refuse", why="broken")
    written(registry, "release")
    receiver.next()
    until(lambda: "disabled 20" in webhook("list").out)
    enabled = webhook("enable", shown["id"])
    receiver.next()
    until(lambda: "delivered" in webhook("deliveries", shown["id"]).out)
    (delivery,) = json.loads(webhook("deliveries", shown["id"], "--format", "json").out)
    again = webhook("redeliver", shown["id"], str(delivery["number"]))
    receiver.next()
    removed = webhook("remove", shown["id"])

    assert created.out.startswith("whsec_")
    assert created.err == f"webhook {shown['id']}; its secret is not shown again\n"
    assert (shown["events"], shown["modules"], "secret" in shown) == (["refusal"], ["sh*"], False)
    assert (delivery["event"], delivery["state"], delivery["outcome"]) == ("refusal", "delivered", "204")
    assert [enabled.code, again.code, removed.code, webhook("list").out] == [0, 0, 0, ""]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "http://example.com/"), "http://example.com would send events without encryption"),
        (("create", "https://[fd00::1]/"), "is not public; `fieldstone serve --webhooks-to fd00::1` permits it"),
        (("create", "nonsense"), "the text is no address of a webhook; write it as https://HOST/PATH"),
        (("create", "https://example.com/", "--event", "rumour"), "'rumour' is not one of 'release', 'refusal'"),
        (("remove", "0" * 32), f"no webhook {'0' * 32}; `fieldstone registry webhook list` shows the ids"),
        (("deliveries", "../../policy"), "no webhook ../../policy"),
        (("redeliver", "0" * 32, "1"), "no webhook"),
        (("list", "--registry", "registry"), "registry is no shared registry, so it has no webhooks"),
    ],
)
def test_mistakes_are_told_in_a_line(registry: Serving, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    where = () if "--registry" in arguments else ("--registry", registry.url)
    ran = fieldstone(registry, tmp_path, "registry", "webhook", *arguments, *where)

    assert ran.code == 2
    assert told in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_a_server_refuses_what_is_no_network(registry: Serving, tmp_path: Path) -> None:
    ran = fieldstone(registry, tmp_path, "serve", "--webhooks-to", "10.0.0.1/8")

    assert (ran.code, "'10.0.0.1/8' is no network" in ran.err) == (2, True)
    assert not [*tmp_path.iterdir()]


def test_pauses_grow_to_an_hour() -> None:
    whole = [1, 4, 16, 64, 256, 1024, 3600, 3600]

    found = [pause(failures, 3600) for failures in (*range(1, 8), 10_000)]

    assert all(0.75 * most <= seconds <= most for seconds, most in zip(found, whole, strict=True))
