"""HTTP routes: how they are read, and which of them a newer version still answers."""

from __future__ import annotations

import pytest

from fieldstone.compatibility.custom_options.routes import OPTION, Route, missing_routes, routes_of
from fieldstone.schema.location import Location
from fieldstone.schema.model import Field, Message, Rpc, Schema
from fieldstone.schema.options import Option, Value


def rpc(**parts: Value) -> Rpc:
    option = Option("", {path.replace("__", "."): value for path, value in parts.items()})
    return Rpc(full_name="a.S.Get", location=Location("a"), request="a.R", response="a.R", custom={OPTION: option})


def message(name: str, *fields: tuple[int, str, str]) -> Message:
    held = {
        number: Field(
            full_name=f"{name}.{field}",
            location=Location("a"),
            number=number,
            type=type_,
            cardinality="singular",
            presence="explicit",
            json_name=field,
        )
        for number, field, type_ in fields
    }
    return Message(full_name=name, location=Location("a"), package="a", file="a", fields=held)


def schema(*messages: Message) -> Schema:
    return Schema(messages={held.full_name: held for held in messages})


NOTHING = schema(), schema()


def test_every_binding_is_a_route_of_its_own() -> None:
    parts: dict[str, Value] = {
        "selector": "a.S.Get",
        "post": "/a",
        "body": "*",
        "response_body": "r",
        "additional_bindings[1].custom.path": "/c",
        "additional_bindings[0].get": "/b",
        "additional_bindings[1].custom.kind": "HEAD",
        "additional_bindings[2].post": "/a",
        "additional_bindings[2].body": "*",
        "additional_bindings[2].response_body": "r",
    }
    assert routes_of(rpc(**parts)) == [Route("POST", "/a", "*", "r"), Route("GET", "/b"), Route("HEAD", "/c")]
    assert str(routes_of(rpc(**parts))[0]) == 'POST /a body: "*" response_body: "r"'


def test_what_gateways_ignore_is_no_route() -> None:
    nested: dict[str, Value] = {"additional_bindings[0].additional_bindings[0].get": "/b"}
    assert routes_of(rpc(get="/a", **nested)) == [Route("GET", "/a")]
    assert routes_of(rpc(body="*")) == []
    assert routes_of(rpc(**{"": "no message"})) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/v1/{id}", "/v1/{id=*}"),
        ("/v1/{id=*}:stop", "/v1/{id}:stop"),
        ("/v1/{name=runs/*/steps/*}", "/v1/{name=runs/*/steps/*}"),
    ],
)
def test_the_same_template_in_other_words_is_the_same_route(old: str, new: str) -> None:
    assert missing_routes(rpc(get=old), rpc(get=new), NOTHING) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/v1/{id}", "/v1/{id=**}"),
        ("/v1/{id}", "/v1/*"),
        ("/v1/{id}", "/v1/{run}"),
        ("/v1/{id}:stop", "/v1/{id}:start"),
        ("/v1/steps", "/v1/steps/"),
        ("/v1/steps", "/v1/Steps"),
    ],
)
def test_another_template_is_another_route(old: str, new: str) -> None:
    assert missing_routes(rpc(get=old), rpc(get=new), NOTHING) == [Route("GET", old)]


def test_a_renamed_field_may_be_named_anew_wherever_a_route_names_it() -> None:
    inner = schema(message("a.R", (1, "step", "a.T")), message("a.T", (2, "id", "string")))
    later = schema(message("a.R", (1, "item", "a.T")), message("a.T", (2, "key", "string")))
    old = rpc(put="/v1/{step.id=x/*}", body="step", response_body="step")
    new = rpc(put="/v1/{item.key=x/*}", body="item", response_body="item")
    assert missing_routes(old, new, (inner, later)) == []
    assert missing_routes(old, rpc(put="/v1/{item.id=x/*}", body="item"), (inner, later)) != []


def test_a_name_that_another_field_took_is_no_renaming() -> None:
    before = schema(message("a.R", (1, "id", "string"), (2, "run", "string")))
    after = schema(message("a.R", (1, "run", "string"), (2, "id", "string")))
    assert missing_routes(rpc(get="/v1/{id}"), rpc(get="/v1/{run}"), (before, after)) == [Route("GET", "/v1/{id}")]
