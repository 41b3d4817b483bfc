"""The documentation of a release says all that its sources say, and what its history knows."""

from __future__ import annotations

import pytest

from fieldstone.documentation.document import summary_of
from fieldstone.documentation.model import Documentation, Member, Part, TypeDocument
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.sql import open_store
from fieldstone.workflows.browse import documentation_of
from tests.server.running import Serving


@pytest.fixture(scope="module")
def shop(past: Serving) -> Documentation:
    """shop 2.0.0."""
    registry = FetchedRegistry(open_store(f"sqlite:///{past.data}/registry.db"))
    return documentation_of(registry, registry.release("shop", "2.0.0"))


@pytest.fixture(scope="module")
def order(shop: Documentation) -> TypeDocument:
    """Its message `Order`."""
    return shop.types["acme.shop.v1.Order"]


def member(type_: TypeDocument, name: str) -> Member:
    return next(one for one in type_.members if one.name == name)


def test_contents_list_types_by_package_with_their_first_sentence(shop: Documentation) -> None:
    (package,) = shop.contents.packages
    listed = {one.name: (one.kind, one.summary, one.since) for one in package.types}

    assert listed == {
        "audience": ("extension", "Who may read the field.", "1.0.0"),
        "GetOrderRequest": ("message", "", "1.0.0"),
        "Order": ("message", "An order.", "1.0.0"),
        "Order.Line": ("message", "A line of an order.", "1.0.0"),
        "OrderService": ("service", "Reads orders.", "1.0.0"),
        "OrderState": ("enum", "The life of an order.", "1.0.0"),
        "Refund": ("message", "", "1.1.0"),
    }
    (file,) = package.files
    assert (file.syntax, file.comment) == ("edition 2023", "What a buyer ordered, and how it is paid.")
    assert file.detached == ("Written by the people of the shop.",)
    assert file.features == (("field_presence", "IMPLICIT"),)


def test_comments_options_and_features_are_those_of_the_source(order: TypeDocument) -> None:
    id_, total, state = (member(order, name) for name in ("id", "total", "state"))

    assert order.comment.endswith("- paid, see `OrderState`\n- sent")
    assert (id_.comment, id_.trailing) == ("The number that the buyer sees.", "Never changes.")
    assert id_.options == (("(acme.shop.v1.audience)", '"buyers"'),)
    assert "(Three remarks that belong to nothing.)" in total.detached
    assert id_.features == ()
    assert state.features == (("field_presence", "EXPLICIT"),)
    assert (id_.presence, state.presence) == ("implicit", "explicit")


def test_types_lead_to_where_they_are_declared(shop: Documentation, order: TypeDocument) -> None:
    line = Part("acme.shop.v1.Order.Line", "acme.shop.v1.Order.Line", "shop", "2.0.0")

    assert member(order, "by_shelf").type == (Part("map<string, "), line, Part(">"))
    watch = member(shop.types["acme.shop.v1.OrderService"], "WatchOrders")
    assert [part.text for part in watch.type] == [
        "(", "stream ", "acme.shop.v1.GetOrderRequest", ") returns (", "stream ", "acme.shop.v1.Order", ")",
    ]  # fmt: skip
    assert order.mentions == ("acme.shop.v1.OrderService.GetOrder", "acme.shop.v1.OrderService.WatchOrders")
    assert [one.name for one in order.inside] == ["Line"]
    assert shop.types["acme.shop.v1.Order.Line"].around == order.full_name


def test_types_of_other_modules_lead_to_their_release(past: Serving) -> None:
    registry = FetchedRegistry(open_store(f"sqlite:///{past.data}/registry.db"))
    found = documentation_of(registry, registry.release("shop", "1.1.0")).types["acme.shop.v1.Order"]

    assert member(found, "total_price").type == (
        Part("acme.money.v1.Amount", "acme.money.v1.Amount", "money", "1.0.0"),
    )


def test_history_says_what_is_new_and_what_changed(order: TypeDocument) -> None:
    told = {one.name: (one.since, one.changed) for one in order.members}

    assert (told["id"], told["note"], told["total"]) == (("1.0.0", ""), ("1.1.0", ""), ("1.0.0", "2.0.0"))
    assert member(order, "total").lifecycle.deprecated


def test_the_rest_of_a_message_is_there(shop: Documentation, order: TypeDocument) -> None:
    assert order.reserved == ("2", "9", "20 to 29", "1000 to max", '"gone"', '"total_price"')
    (payment,) = order.oneofs
    assert (payment.name, payment.comment) == ("payment", "How it is paid.")
    assert [one.name for one in order.members if one.oneof == "payment"] == ["card", "invoice"]
    count = member(shop.types["acme.shop.v1.Order.Line"], "count")
    assert (count.json_name, count.has_own_json_name) == ("howMany", True)
    assert not member(order, "by_shelf").has_own_json_name
    assert shop.types["acme.shop.v1.OrderState"].facts == (("enum", "open: unknown numbers are kept"),)
    assert shop.types["acme.shop.v1.audience"].facts == (("extends", "google.protobuf.FieldOptions"),)


@pytest.mark.parametrize(
    ("comment", "summary"),
    [
        ("One. Two.", "One."),
        ("It is, e.g. this, one\nsentence. Next", "It is, e.g. this, one sentence."),
        ("A title\n\nText.", "A title"),
        ("", ""),
        ("x" * 200, "x" * 160 + "…"),
    ],
)
def test_a_summary_is_the_first_sentence(comment: str, summary: str) -> None:
    assert summary_of(comment) == summary
