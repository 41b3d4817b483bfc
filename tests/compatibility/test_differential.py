"""Random schema pairs: the native engine and `buf breaking` must agree on every one.

`FIELDSTONE_SEED` gives other pairs, `FIELDSTONE_PAIRS` more of them (`make fuzz`); a failure prints the
seed, the disagreement and both schemas.
"""

from __future__ import annotations

import copy
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.notice import Introduction, SunsetHistory
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.errors import FieldstoneError
from fieldstone.schema import buf
from fieldstone.schema.annotation import Annotation
from fieldstone.schema.descriptors import read_schema
from tests.compatibility.random_schemas.mutation import Mutator
from tests.compatibility.random_schemas.rendering import Renderer
from tests.conftest import SEED

TODAY = date(2026, 1, 1)
ANNOUNCED = SunsetHistory(introduced=lambda _element: Introduction("1.0.0", date(2000, 1, 1)))
"""Every sunset was released long ago."""
RULES = [rule for rule in all_rules().values() if not rule.is_style]


Sources = dict[str, str]


def make_pair(seed: str) -> tuple[Sources, Sources]:
    """Two versions of a random schema, as source."""
    mutator = Mutator(seed)
    old = mutator.tree()
    if mutator.chance(0.2):
        mutator.retire(old)
    new = copy.deepcopy(old)
    mutator.mutate(new)
    return Renderer(old).sources(), Renderer(new).sources()


def compile_or_none(sources: Sources) -> bytes | None:
    """The image, or None if the compiler refuses the sources."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in sources.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text)
        try:
            return buf.build(".", cwd=Path(folder)).output(what="build")
        except FieldstoneError:
            return None


def compare(seed: str) -> list[str] | None:
    """What the engines disagree about on the pair of this seed; None if buf cannot read the pair."""
    before, after = make_pair(seed)
    old = compile_or_none(before)
    new = compile_or_none(after) if old else None
    if not old or not new:
        return None
    context = Context(read_schema(old, where="old"), read_schema(new, where="new"), Ledger(), TODAY, sunsets=ANNOUNCED)
    findings = judge(context, RULES)
    try:
        annotations = breaking(old, new)
    except FieldstoneError:  # maps of an enum without a zero compile, but `buf breaking` refuses them
        return None
    found = [str(d) for d in disagreements(findings, annotations)]
    return [f"seed {seed}", *found, _text("before", before), _text("after", after)] if found else []


def breaking(old: bytes, new: bytes) -> list[Annotation]:
    """What buf finds between two images."""
    with tempfile.TemporaryDirectory() as folder:
        return buf.breaking(old, new, scratch=Path(folder)).annotations(what="buf breaking")


def _text(title: str, sources: Sources) -> str:
    return "\n".join(f"--- {title}: {path}\n{text}" for path, text in sorted(sources.items()))


def test_both_engines_agree_on_random_pairs() -> None:
    pairs = int(os.environ.get("FIELDSTONE_PAIRS", "60"))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, (f"{SEED}-{i}" for i in range(pairs))))
    disagreeing = ["\n".join(result) for result in results if result]
    assert not disagreeing, f"FIELDSTONE_SEED={SEED}\n" + "\n\n".join(disagreeing[:3])
    compiled = sum(result is not None for result in results)
    assert compiled >= pairs // 3, f"FIELDSTONE_SEED={SEED}: only {compiled} of {pairs} pairs compile"
