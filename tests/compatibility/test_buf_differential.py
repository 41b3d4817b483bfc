"""Random schema pairs: our catalogue and `buf breaking` find the same, at the same places, with every rule.

`FIELDSTONE_SEED` gives other pairs, `FIELDSTONE_PAIRS` more of them (`make fuzz`). Seeded pairs go through
buf many at a time; those that hypothesis makes go one by one, so that it can shrink what fails.
"""

from __future__ import annotations

import copy
import os
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from fieldstone.errors import FieldstoneError
from fieldstone.schema.annotation import Annotation
from tests.compatibility.batches import Pair, by_buf, by_fieldstone, compile_pairs, live_rules
from tests.compatibility.random_schemas.mutation import Mutator
from tests.compatibility.random_schemas.placing import placed
from tests.compatibility.random_schemas.rendering import Renderer
from tests.compatibility.random_schemas.tree import Tree
from tests.compatibility.random_schemas.words import FILE_OPTIONS
from tests.conftest import SEED

BATCH = 50
PAIRS = int(os.environ.get("FIELDSTONE_PAIRS", "200"))


def make_pair(mutator: Mutator) -> tuple[Tree, Tree]:
    """Two versions of a random schema."""
    old = mutator.tree()
    new = copy.deepcopy(old)
    mutator.mutate(new, most=8)
    return old, new


def batch(first: int) -> dict[str, Pair]:
    """The pairs of `BATCH` seeds, by name."""
    made: dict[str, Pair] = {}
    for index in range(first, min(first + BATCH, PAIRS)):
        before, after = make_pair(Mutator(f"{SEED}-buf-{index}"))
        option, values = list(FILE_OPTIONS.items())[index % len(FILE_OPTIONS)]  # chance alone may leave one out
        before[0].options[option], after[0].options[option] = values[index % 2], values[0]
        name = f"p{index}"
        made[name] = placed(before, name, index), placed(after, name, index)
    return made


def differences(old: bytes, new: bytes) -> tuple[list[str], Counter[str]]:
    """What only one of the two finds, and how often each rule was found by buf."""
    theirs = by_buf(old, new, live_rules())
    ours = by_fieldstone(old, new, live_rules())
    found = [f"buf only: {line}" for line in _lines(Counter(theirs) - Counter(ours))]
    found += [f"fieldstone only: {line}" for line in _lines(Counter(ours) - Counter(theirs))]
    if not found and ours != theirs:
        found = ["another order"]
    return found, Counter(annotation.rule for annotation in theirs)


def _lines(annotations: Counter[Annotation]) -> list[str]:
    return [f"{annotation.rule} {annotation.as_text()}" for annotation in annotations.elements()]


def compare(pairs: dict[str, Pair]) -> tuple[list[str], Counter[str], int]:
    """Differences with the sources of their pairs, hits of each rule, and how many pairs compiled."""
    old, new, refused = compile_pairs(pairs)
    left = {name: pair for name, pair in pairs.items() if name not in refused}
    if not left:
        return [], Counter(), 0
    try:
        found, hits = differences(old, new)
    except FieldstoneError:  # maps of a closed enum without a zero compile, but `buf breaking` refuses them
        return _halves(left)
    guilty = [name for name in left if any(f"{name}/" in line or f'"{name}.' in line for line in found)]
    return [*found[:20], *(_text(name, pairs[name]) for name in guilty[:2])], hits, len(left)


def _halves(pairs: dict[str, Pair]) -> tuple[list[str], Counter[str], int]:
    names = list(pairs)
    if len(names) < 2:
        return [], Counter(), 0
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    one, two = (compare({name: pairs[name] for name in half}) for half in halves)
    return one[0] + two[0], one[1] + two[1], one[2] + two[2]


def _text(name: str, pair: Pair) -> str:
    parts = [f"=== {name}"]
    for title, sources in zip(("before", "after"), pair, strict=True):
        parts += [f"--- {title} {path}\n{text}" for path, text in sorted(sources.items())]
    return "\n".join(parts)


def run(firsts: Sequence[int]) -> tuple[list[str], Counter[str], int]:
    """All batches, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda first: compare(batch(first)), firsts))
    hits = sum((result[1] for result in results), Counter[str]())
    return [line for result in results for line in result[0]], hits, sum(result[2] for result in results)


def test_random_pairs_by_the_batch() -> None:
    found, hits, compiled = run(range(0, PAIRS, BATCH))
    assert not found, f"FIELDSTONE_SEED={SEED}\n" + "\n".join(found[:60])
    assert compiled >= PAIRS // 3, f"FIELDSTONE_SEED={SEED}: only {compiled} of {PAIRS} pairs compile"
    missed = sorted(set(live_rules()) - hits.keys())
    assert len(missed) <= max(1, 30 - PAIRS // 20), f"FIELDSTONE_SEED={SEED}: no pair set off {', '.join(missed)}"


@seed(SEED)
@settings(
    max_examples=max(15, PAIRS // 20),
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(st.randoms(use_true_random=False, note_method_calls=False))
def test_pairs_that_shrink(rng: random.Random) -> None:
    before, after = make_pair(Mutator(rng))
    pair = Renderer(before).sources(), Renderer(after).sources()
    note(_text("the pair", pair))
    pairs = {"acme": pair}
    old, new, refused = compile_pairs(pairs)
    if refused:
        return
    try:
        found, _ = differences(old, new)
    except FieldstoneError:
        return
    assert not found, f"FIELDSTONE_SEED={SEED}\n" + "\n".join(found)
