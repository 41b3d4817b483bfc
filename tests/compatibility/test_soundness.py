"""Random schema pairs: always a verdict, and every verdict sound.

Each pair goes through both engines, and they must agree. What a rule says to break the wire or JSON is proven by a
witness. Where no rule says so, neither the search for a witness nor the oracle of random messages finds a loss. An
exception of any kind is a failure. `FIELDSTONE_SEED` gives other pairs, `FIELDSTONE_PAIRS` more of them (`make fuzz`).
A failure prints the seed, and for each kind of failure the smallest pair that was found.
"""

from __future__ import annotations

import os

import pytest

from tests.compatibility.fuzzing import by_kind, described, run
from tests.conftest import SEED

pytestmark = pytest.mark.slow

PAIRS = int(os.environ.get("FIELDSTONE_PAIRS", "100"))
SHOWN = 12
"""So many kinds of failure are shown with a reduced pair."""


@pytest.mark.timeout(7200)
def test_every_verdict_on_random_pairs_is_sound() -> None:
    tally = run(SEED, PAIRS)
    summary = (
        f"FIELDSTONE_SEED={SEED}: {PAIRS} pairs, {tally.judged} judged in {tally.lines} lines, {tally.refused} refused "
        f"by the compiler, {tally.unsupported} by protobuf's runtime, {len(tally.wrong)} wrong"
    )
    print(summary)
    kinds = [f"{len(indices)} x {kind}: pairs {indices[:5]}" for kind, indices in by_kind(tally).items()]
    shown = [described(SEED, indices[0], kind) for kind, indices in [*by_kind(tally).items()][:SHOWN]]
    assert not tally.wrong, "\n".join([summary, *kinds, *shown])
    assert tally.judged >= PAIRS // 2, summary
