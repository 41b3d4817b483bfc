"""The events of webhooks have the schema that the documentation shows."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from msgspec import json

from fieldstone.registry.sql.audit import Entry, Row
from fieldstone.registry.webhooks.events import EVENTS, OF_ACTIONS, body

SCHEMA = json.decode((Path(__file__).resolve().parents[2] / "docs/reference/webhook-event.schema.json").read_bytes())


def event_of(action: str, **details: object) -> bytes:
    entry = Entry(action, "ada", "token-id", "shop", dict(details), "2026-11-29T16:56:48Z")
    return body(Row(7, json.encode(entry).decode(), "0" * 64))


def test_the_schema_names_all_events_and_facts() -> None:
    assert SCHEMA["properties"]["type"]["enum"] == [*EVENTS]
    facts = SCHEMA["properties"]["data"]["properties"]["facts"]["properties"]
    assert {name for event in OF_ACTIONS.values() for name in event.facts} == {*facts}


@pytest.mark.parametrize("action", OF_ACTIONS)
def test_an_event_has_no_more_than_its_facts(action: str) -> None:
    event = json.decode(event_of(action, digest="b5:1", surprise="x"))

    jsonschema.validate(event, SCHEMA)
    assert event["data"]["who"] == "ada"
    assert "token-id" not in str(event)
    assert "surprise" not in event["data"]["facts"]


def test_long_texts_and_lists_are_cut() -> None:
    long = event_of("propose", breaks=[f"field-removed a.B.{number} {'x' * 9_000}" for number in range(1_000)])

    breaks = json.decode(long)["data"]["facts"]["breaks"]

    assert (len(breaks), len(breaks[0])) == (100, 4_003)
