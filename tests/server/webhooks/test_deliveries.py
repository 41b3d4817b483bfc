"""Events arrive at their receivers, signed and once, whatever receivers answer and servers do."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import jsonschema
import pytest
from msgspec import json
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from fieldstone.errors import Denied, Invalid, NotFound
from fieldstone.registry.sql import audit
from fieldstone.registry.sql.database import Database
from fieldstone.registry.webhooks.deliveries import Delivery
from fieldstone.workflows.webhooks import Webhooks, open_webhooks
from fieldstone.workflows.webhooks.messages import IssuedWebhook, WebhookWish
from tests.codegen.server import PostgresServer
from tests.registry.test_sql import database_of
from tests.server.running import LONGEST, ORDER, Buf, Serving, new_token, serving
from tests.server.webhooks.receiver import Receiver, receiving, status

_HERE = ("--webhooks-to", "127.0.0.0/8", "--webhooks-to", "::1")
_SCHEMA = Path(__file__).resolve().parents[3] / "docs/reference/webhook-event.schema.json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry that may send to receivers on this machine."""
    with serving(tmp_path_factory.mktemp("registry") / "data", *_HERE) as found:
        yield found


@pytest.fixture(autouse=True)
def admin(registry: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_TOKEN", registry.token)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_releases_and_refusals_arrive_signed(registry: Serving, receiver: Receiver, buf: Buf) -> None:
    issued = created(registry, receiver, module="ho*")
    for module in ("hooked", "other"):
        buf.module(module, {f"acme/{module}/v1/order.proto": ORDER.replace("shop", module)})
        assert buf("push", "--create", cwd=module).code == 0
    released = receiver.next()
    buf.edit("hooked/acme/hooked/v1/order.proto", "int64 total = 2;", "string total = 2;")
    assert buf("push", cwd="hooked").code != 0
    refused = receiver.next()

    for received in (released, refused):
        Verifier(issued.secret).verify(received.body, dict(received.headers))
        jsonschema.validate(received.event, json.decode(_SCHEMA.read_bytes()))
        assert received.headers["host"] == f"localhost:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        Verifier(created(registry, receiver).secret).verify(released.body, dict(released.headers))
    assert released.event["type"] == "release"
    assert released.event["data"]["module"] == "hooked"
    assert released.event["data"]["facts"]["version"] == "1.0.0"
    assert refused.event["type"] == "refusal"
    assert "field-type-changed" in refused.event["data"]["facts"]["why"]


def test_markup_in_an_event_is_escaped(registry: Serving, receiver: Receiver) -> None:
    created(registry, receiver)
    written(registry, "refuse", why="</script><b>&\u2028" + "x" * 10_000)

    received = receiver.next()

    assert not {*b"<>&"} & {*received.body}
    assert received.event["data"]["facts"]["why"].startswith("</script><b>&\u2028xxx")
    assert len(received.body) < 5_000


def endless(handler: BaseHTTPRequestHandler) -> None:
    """An answer without an end, until nobody reads it."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def test_of_a_huge_answer_the_status_alone_is_read(registry: Serving, receiver: Receiver) -> None:
    receiver.answered_with(endless)
    hook = created(registry, receiver)
    written(registry, "refuse")

    assert settled(registry, hook).state == "delivered"


def test_a_failed_attempt_is_repeated_with_the_same_id_and_body(registry: Serving, receiver: Receiver) -> None:
    elsewhere = receiver.url.replace("hook", "elsewhere")
    receiver.answered_with(status(500), status(302, Location=elsewhere))
    hook = created(registry, receiver)
    written(registry, "refuse", why="once")

    first, second, third = receiver.next(), receiver.next(), receiver.next()
    delivery = settled(registry, hook)

    assert first.message == second.message == third.message
    assert first.body == second.body == third.body
    assert (delivery.state, delivery.attempts, delivery.outcome) == ("delivered", 3, "204")


def test_a_receiver_that_is_gone_disables_its_webhook_until_it_is_enabled(
    registry: Serving, receiver: Receiver
) -> None:
    receiver.answered_with(status(410))
    hooks, hook = open_webhooks(registry.url), created(registry, receiver)
    written(registry, "refuse", why="first")
    receiver.next()
    until(lambda: all(one.disabled_at for one in hooks.every() if one.id == hook.webhook.id))
    written(registry, "refuse", why="second")
    assert receiver.requests.empty()

    hooks.enable(hook.webhook.id)
    arrived = {receiver.next().event["data"]["facts"]["why"] for _ in range(2)}

    assert arrived == {"first", "second"}
    assert "disable-webhook" in actions(registry)


def test_a_delivery_is_given_up_after_days_and_can_be_made_again(registry: Serving) -> None:
    with receiving() as receiver:
        hook = created(registry, receiver)  # the receiver is down before anything is sent
    written(registry, "refuse")
    hooks = open_webhooks(registry.url)
    until(lambda: bool(newest(hooks, hook)) and newest(hooks, hook)[0].attempts > 0)
    aged = "UPDATE webhook_deliveries SET created_at = '2020-01-01T00:00:00Z' WHERE webhook = ?"
    changed(registry, aged, hook.webhook.id)
    given_up = settled(registry, hook)
    until(lambda: '"outcome":"given_up"' in registry.log)
    attempts = registry.log.count(f'"webhook":"{hook.webhook.id}"')
    with receiving() as receiver:
        changed(registry, "UPDATE webhooks SET url = ? WHERE id = ?", receiver.url, hook.webhook.id)
        hooks.redeliver(hook.webhook.id, given_up.number)
        receiver.next()
        made = settled(registry, hook)

    assert given_up.state == "failed"
    assert given_up.attempts == attempts
    assert "not reached" in given_up.outcome
    assert (made.state, made.attempts) == ("delivered", 1)
    headers = {"Authorization": f"Bearer {registry.token}"}
    metrics = httpx.get(f"{registry.url}/metrics", headers=headers, timeout=LONGEST).text
    assert 'fieldstone_webhook_attempts_total{outcome="given_up"} 1.0' in metrics
    assert "s3cret" not in registry.log


@pytest.mark.slow
def test_a_slow_receiver_fails_and_holds_up_no_other(registry: Serving, receiver: Receiver) -> None:
    def slow(_handler: BaseHTTPRequestHandler) -> None:
        time.sleep(12)

    receiver.answered_with(slow)
    hook = created(registry, receiver)
    with receiving() as quick:
        created(registry, quick)
        written(registry, "refuse")
        quick.next()
        assert newest(open_webhooks(registry.url), hook)[0].state == "pending"
    receiver.next()
    receiver.next()

    assert settled(registry, hook).attempts == 2


def test_hosts_inside_are_refused_at_creation_and_at_delivery(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "data") as strict:
        monkeypatch.setenv("FIELDSTONE_TOKEN", strict.token)
        with pytest.raises(Invalid, match="not public; `fieldstone serve --webhooks-to"):
            created(strict, receiver)
        with pytest.raises(Invalid, match="cannot be resolved"):
            open_webhooks(strict.url).create(WebhookWish(url="https://no-such-host.invalid/"))
        hook = created(strict, receiver, address=database(strict))  # which knows no options of servers
        written(strict, "refuse")
        until(lambda: bool(newest(open_webhooks(strict.url), hook)[0].attempts))

        assert "not public" in newest(open_webhooks(strict.url), hook)[0].outcome
    assert receiver.requests.empty()


def test_the_certificate_must_be_of_the_host(
    tmp_path: Path, registry: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = tmp_path / "pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=here -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", pem, "-out", tmp_path / "crt"], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + (tmp_path / "crt").read_bytes())
    trusting = {"SSL_CERT_FILE": str(tmp_path / "crt")}
    with receiving(pem) as receiver, serving(tmp_path / "data", *_HERE, environment=trusting) as served:
        monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
        hooks, good = open_webhooks(served.url), created(served, receiver)
        other = hooks.create(WebhookWish(url=receiver.url.replace("localhost", "127.0.0.1")))
        written(served, "refuse")

        assert settled(served, good).state == "delivered"
        until(lambda: bool(newest(hooks, other)[0].attempts))
        assert "not valid for '127.0.0.1'" in newest(hooks, other)[0].outcome


def test_webhooks_are_for_admins_of_all_modules_and_in_the_audit(
    registry: Serving, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = created(registry, receiver)
    hooks = open_webhooks(registry.url)
    for wish in (WebhookWish(url=receiver.url, events=("rumour",)), WebhookWish(url=receiver.url, modules=())):
        with pytest.raises(Invalid):
            hooks.create(wish)
    for id_ in ("0" * 32, "../tokens"):
        with pytest.raises(NotFound, match="no webhook"):
            hooks.remove(id_)
    with pytest.raises(NotFound, match="no delivery"):
        hooks.redeliver(hook.webhook.id, 2**70)
    hooks.remove(hook.webhook.id)
    assert hook.webhook.id not in {one.id for one in hooks.every()}
    rows = [row.line for row in audit.rows(Database(database(registry)))]
    assert not [row for row in rows if "s3cret" in row or hook.secret in row]
    assert {"create-webhook", "remove-webhook"} <= {*actions(registry)}

    for name, scope, module in (("ci-hooks", "approve", "*"), ("half-admin", "admin", "shop*")):
        monkeypatch.setenv("FIELDSTONE_TOKEN", new_token(registry, name, scope, module=module))
        refused = open_webhooks(registry.url)
        for ask in (refused.every, lambda refused=refused: refused.create(WebhookWish(url=receiver.url))):
            with pytest.raises(Denied):
                ask()


@pytest.mark.slow
def test_what_a_killed_server_had_not_noted_is_delivered_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)  # until the server is gone

    with receiving() as receiver:
        receiver.answered_with(held)
        with serving(tmp_path / "data", *_HERE) as served:
            monkeypatch.setenv("FIELDSTONE_TOKEN", served.token)
            hook = created(served, receiver)
            written(served, "refuse")
            first = receiver.next()
            os.killpg(served.process.pid, signal.SIGKILL)
            served.process.wait(LONGEST)
        with serving(tmp_path / "data", *_HERE) as again:
            second = receiver.next()
            assert settled(again, hook).state == "delivered"

    assert (first.message, first.body) == (second.message, second.body)


@pytest.mark.slow
def test_two_servers_on_one_database_deliver_each_event_once(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ("--database", database_of(postgres), *_HERE)
    with receiving() as receiver, serving(tmp_path / "one", *address) as one:
        monkeypatch.setenv("FIELDSTONE_TOKEN", one.token)
        hook = created(one, receiver)
        with serving(tmp_path / "one", *address, log=tmp_path / "two.log") as two:
            for number in range(100):
                written(one, "refuse", address=address[1], why=str(number))
            told = [receiver.next().event["data"]["facts"]["why"] for _ in range(100)]
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(LONGEST)
            written(two, "refuse", address=address[1], why="last")
            last = receiver.next().event["data"]["facts"]["why"]
            assert settled(two, hook).state == "delivered"

    assert told == [str(number) for number in range(100)]
    assert last == "last"
    assert receiver.requests.empty()


def created(registry: Serving, receiver: Receiver, *, module: str = "*", address: str = "") -> IssuedWebhook:
    """A webhook to a receiver."""
    return open_webhooks(address or registry.url).create(WebhookWish(url=receiver.url, modules=(module,)))


def database(registry: Serving) -> str:
    return f"sqlite:///{registry.data}/registry.db"


def written(registry: Serving, action: str, *, address: str = "", **details: str) -> None:
    """A row of the audit, as a push writes it."""
    opened = Database(address or database(registry))
    with opened.transaction() as connection:
        entry = audit.Entry(action, "ada", module="shop", details={"why": "", **details})
        audit.append(connection, entry, is_sqlite=opened.is_sqlite)


def changed(registry: Serving, statement: str, *values: str) -> None:
    """Change the rows of a webhook."""
    with closing(sqlite3.connect(registry.data / "registry.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def actions(registry: Serving) -> list[str]:
    return [row.entry.action for row in audit.rows(Database(database(registry)))]


def newest(hooks: Webhooks, hook: IssuedWebhook) -> list[Delivery]:
    """The newest delivery of a webhook, once there is one."""
    until(lambda: bool(hooks.deliveries(hook.webhook.id)))
    return hooks.deliveries(hook.webhook.id)[:1]


def settled(registry: Serving, hook: IssuedWebhook) -> Delivery:
    """The newest delivery of a webhook, once it ended."""
    hooks = open_webhooks(registry.url)
    until(lambda: newest(hooks, hook)[0].state != "pending")
    return newest(hooks, hook)[0]


def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    latest = time.monotonic() + LONGEST
    while not happened():
        assert time.monotonic() < latest
        time.sleep(0.05)
