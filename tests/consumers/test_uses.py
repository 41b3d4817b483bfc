"""The file of uses: read as it was written, and refused with the key that is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from fieldstone.consumers.uses import Evidence, Rank, Uses, from_toml, to_toml
from fieldstone.errors import Invalid

DAY = date(2026, 11, 29)
SCANNED = Evidence(
    "shop",
    "1.4.0",
    Rank.SCAN,
    DAY,
    by="python",
    unseen=("src/a.py:3: `.total` of a value without a type",),
    read={"acme.shop.v1.Order.total": ("src/a.py:9", "src/a.py:41")},
    whole={"acme.shop.v1.Order": ("src/b.py:1",)},
)
DECLARED = Evidence("shop", "1.4.0", Rank.DECLARED, DAY, by="go", read={"acme.shop.v1.Order.id": ()})


def test_uses_are_read_as_they_were_written() -> None:
    uses = Uses("billing", "team-billing", (SCANNED, DECLARED))

    assert from_toml(to_toml(uses), where="here") == uses


def test_a_scan_renews_its_own_table_and_keeps_the_others() -> None:
    uses = Uses("billing", "team-billing", (SCANNED, DECLARED))

    fresh = Evidence("shop", "1.5.0", Rank.SCAN, DAY, by="python")

    assert uses.renewed(fresh).evidence == (fresh, DECLARED)


def test_an_observation_never_shows_that_something_is_not_used() -> None:
    assert DECLARED.is_complete
    assert not SCANNED.is_complete
    assert not Evidence("shop", "1.4.0", Rank.OBSERVED, DAY).is_complete


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('owner = "a"', "consumer"),
        ('consumer = "a"\nowner = "b"\n[[evidence]]\nmodule = "shop"', "release"),
        ('consumer = "a"\nowner = "b"\nreads = 1', "reads"),
        ("consumer = \n1", "line 1"),
        ('consumer = "a"\nowner = 4', "owner"),
        (to_toml(Uses("a", "b", (DECLARED,))).replace("declared", "guessed"), "guessed"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        from_toml(text, where="fieldstone.uses.toml")


def test_a_file_of_a_newer_layout_says_so() -> None:
    with pytest.raises(Invalid, match="here has layout 2, and this Fieldstone reads 1"):
        from_toml('layout = 2\nconsumer = "a"\nowner = "b"\n', where="here")
