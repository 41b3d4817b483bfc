"""Any Accept header gets a form that it takes, or none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fieldstone.server.negotiation import OFFERED, choose

RANGES = st.sampled_from([*OFFERED, "*/*", "text/*", "application/*", "image/png"])
WISHES = st.dictionaries(RANGES, st.sampled_from(["0", "0.1", "0.5", "1"]), min_size=1)


@given(WISHES)
def test_what_is_refused_never_comes_and_what_is_taken_does(wishes: dict[str, str]) -> None:
    found = choose(", ".join(f"{kind};q={weight}" for kind, weight in wishes.items()))
    assert found is None or wishes.get(found) != "0"
    if any(float(wishes.get(offered, "0")) > 0 for offered in OFFERED):
        assert found is not None


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert choose(header) in {None, *OFFERED}
