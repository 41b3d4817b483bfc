"""Random schema pairs: what a rule says to break the wire or JSON is proven, and nothing else can be.

`FIELDSTONE_SEED` gives other pairs, `FIELDSTONE_WITNESSES` more of them (`make fuzz`); a failure prints the
seed, what is wrong and both schemas.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Direction
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context
from fieldstone.compatibility.witness import PROVABLE, Version, find_any, prove
from fieldstone.schema.descriptors import read_schema
from tests.compatibility.test_differential import ANNOUNCED, RULES, TODAY, Sources, compile_or_none, make_pair
from tests.conftest import SEED

DIRECTIONS = (Direction.READING_OLD, Direction.READ_BY_OLD)


def wrongs(old: Version, new: Version) -> list[str]:
    """Findings without a witness, and witnesses of what no finding says, one line each."""
    ledger = Ledger().advance(old.schema, old.label)
    findings = judge(Context(old.schema, new.schema, ledger, TODAY, sunsets=ANNOUNCED), RULES)
    unproven = [
        f"{finding.rule} of {finding.subject}: no witness for {surface}"
        for finding in findings
        for surface in finding.breaks
        if surface in PROVABLE and surface not in {w.surface for w in prove(finding, old, new, ledger=ledger).witnesses}
    ]
    said = {
        (surface, direction)
        for finding in findings
        for surface, for_ in finding.breaks_for.items()
        for direction in for_
    }
    silent = [
        (surface, direction) for surface in PROVABLE for direction in DIRECTIONS if (surface, direction) not in said
    ]
    found = [find_any(old, new, surface, directions=[direction]) for surface, direction in silent]
    return unproven + [f"no rule says so, but ({w.surface}) {w.message}: {w.sentence}" for w in found if w]


def check(seed: str) -> list[str] | None:
    """What is wrong with the pair of this seed; None if it does not compile, or protobuf's runtime refuses it."""
    before, after = make_pair(seed)
    old = compile_or_none(before)
    new = compile_or_none(after) if old else None
    if not old or not new:
        return None
    versions = [
        Version(label, image, read_schema(image, where=label)) for label, image in (("1.0.0", old), ("new", new))
    ]
    try:
        found = wrongs(*versions)
    except TypeError as refused:  # a rule of the language that buf does not check
        if "Couldn't build proto file" in str(refused):
            return None
        raise
    return [f"seed {seed}", *found, _text("before", before), _text("after", after)] if found else []


def _text(title: str, sources: Sources) -> str:
    return "\n".join(f"--- {title}: {path}\n{text}" for path, text in sorted(sources.items()))


def test_what_rules_say_is_proven_and_nothing_else_can_be() -> None:
    pairs = int(os.environ.get("FIELDSTONE_WITNESSES", "60"))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, (f"{SEED}-w{i}" for i in range(pairs))))
    wrong = ["\n".join(result) for result in results if result]
    assert not wrong, f"FIELDSTONE_SEED={SEED}: {len(wrong)} of {pairs} pairs\n" + "\n\n".join(wrong[:3])
    compiled = sum(result is not None for result in results)
    assert compiled >= pairs // 3, f"FIELDSTONE_SEED={SEED}: only {compiled} of {pairs} pairs compile"
