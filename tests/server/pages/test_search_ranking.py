"""The search in names: what is found, and in which order."""

from __future__ import annotations

from fieldstone.server.pages.search.names import Name, Names
from fieldstone.server.pages.search.ranking import Corpus, Match

SHOP = Names(
    "shop",
    "1.0.0",
    [
        Name("module", "shop", "Orders and baskets"),
        Name("message", "acme.shop.v1.Order", "What a buyer ordered"),
        Name("message", "acme.shop.v1.OrderLine"),
        Name("message", "acme.shop.v1.GetOrderRequest"),
        Name("field", "acme.shop.v1.Basket.order_id", "The order that it became"),
        Name("field", "acme.shop.v1.Basket.HTTPStatus2xx"),
        Name("value", "acme.shop.v1.State.STATE_PAID", "The Order was paid"),
    ],
)


def found(text: str, most: int = 100) -> list[tuple[str, Match]]:
    hits, _ = Corpus([SHOP]).search(text, lambda _: True, most)
    return [(hit.name.own, hit.match) for hit in hits]


def test_a_whole_name_comes_before_its_beginning_a_word_and_a_comment() -> None:
    assert found("order") == [
        ("Order", Match.EXACT),
        ("OrderLine", Match.BEGINNING),
        ("order_id", Match.BEGINNING),
        ("GetOrderRequest", Match.WORD),
        ("shop", Match.COMMENT),
        ("STATE_PAID", Match.COMMENT),
    ]


def test_words_of_all_spellings_are_found() -> None:
    for text, own in (
        ("request", "GetOrderRequest"),
        ("PAID", "STATE_PAID"),
        ("status", "HTTPStatus2xx"),
        ("2", "HTTPStatus2xx"),
    ):
        assert own in dict(found(text)), text
    assert found("rder") == []


def test_all_words_must_match_and_the_worst_counts() -> None:
    assert found("order buyer") == [("Order", Match.COMMENT)]
    assert found("order nothing") == []


def test_a_full_name_is_found() -> None:
    assert found("acme.shop.v1.Order")[0] == ("Order", Match.EXACT)
    assert found("acme.shop.v1.ord")[:2] == [("Order", Match.BEGINNING), ("OrderLine", Match.BEGINNING)]


def test_the_best_remain_if_there_are_too_many() -> None:
    assert found("order", most=2) == [("Order", Match.EXACT), ("OrderLine", Match.BEGINNING)]


def test_line_ends_and_other_signs_find_nothing_and_break_nothing() -> None:
    for text in ("", " ", "\n", "\norder\n", "%", "*", "(", "\x00", "\u017f", "\u0130"):
        found(text)


def test_modules_that_the_reader_may_not_know_of_are_not_searched() -> None:
    other = Names("hidden", "1.0.0", [Name("module", "hidden"), Name("message", "acme.hidden.v1.Order")])
    hits, is_cut = Corpus([other, SHOP]).search("order", lambda module: module == "shop", 2)
    assert [(hit.names.module, hit.name.own) for hit in hits] == [("shop", "Order"), ("shop", "OrderLine")]
    assert is_cut
