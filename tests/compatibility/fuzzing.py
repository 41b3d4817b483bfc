"""Random pairs of schemas by the batch: compiled and held against buf together, then judged one by one."""

from __future__ import annotations

import copy
import random
import re
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from msgspec import Struct

from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Direction, Finding, Surface
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.second_opinion import disagreements
from fieldstone.compatibility.sunsets.notice import Introduction, SunsetHistory
from fieldstone.compatibility.witness import PROVABLE, Version, find_any, prove
from fieldstone.errors import FieldstoneError
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import IMPORT_MARK, is_import, parse_image
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic
from tests.compatibility.batches import compile_all
from tests.compatibility.random_schemas.mutation import Mutator
from tests.compatibility.random_schemas.placing import placed
from tests.compatibility.random_schemas.reducing import Trees, keys, without
from tests.compatibility.random_schemas.rendering import Renderer
from tests.compatibility.soundness import Oracle, Side, UnsupportedError

TODAY = date(2026, 1, 1)
ANNOUNCED = SunsetHistory(introduced=lambda _element: Introduction("1.0.0", date(2000, 1, 1)))
"""Every sunset was released long ago."""
RULES = [rule for rule in all_rules().values() if not rule.is_style]
DIRECTIONS = (Direction.READING_OLD, Direction.READ_BY_OLD)
BATCH = 100

OUTSIDE = re.compile(r"^(p\d+/other/|(?!p\d+/))")
"""The paths of files that do not belong to the module of a pair."""


class Wrong(Struct, frozen=True):
    """One thing that is wrong with a pair: its kind, by which it is counted and reduced, and the words for it."""

    kind: str
    text: str


class Tally(Struct):
    """What a batch came to: what is wrong, by the number of the pair, and how many were judged and how many lines."""

    wrong: dict[int, list[Wrong]]
    judged: int = 0
    lines: int = 0
    refused: int = 0
    unsupported: int = 0
    seconds: dict[str, float] = {}


class Compiled(Struct, frozen=True):
    """A pair as the judge gets it, and what buf says of it; None if buf refuses to compare it."""

    old: bytes
    new: bytes
    annotations: list[Diagnostic] | None


def make_trees(seed: str) -> Trees:
    """Two versions of a random schema: half of them small and different in one thing, some different in many."""
    mutator = Mutator(seed)
    old = mutator.small_tree() if mutator.chance(0.65) else mutator.tree()
    if mutator.chance(0.1):
        mutator.retire(old)
    new = copy.deepcopy(old)
    mutator.mutate(new, most=mutator.rng.choice([1, 1, 1, 1, 4, 4, 4, 12]))
    return (new, old) if mutator.chance(0.4) else (old, new)


def compiled(trees: Mapping[int, Trees]) -> dict[int, Compiled]:
    """All pairs of which both sides compile."""
    made = {
        f"p{index}": (placed(copy.deepcopy(old), f"p{index}", index), placed(copy.deepcopy(new), f"p{index}", index))
        for index, (old, new) in trees.items()
    }
    images, names = [], list(made)
    for side in (0, 1):
        image, refused = compile_all([made[name][side] for name in names])
        names = [name for name in names if name not in refused]
        images.append(_split(image, names) if names else {})
    if not names:
        return {}
    names = [name for name in names if images[0][name] and images[1][name]]  # buf builds no module without a file
    if not names:
        return {}
    opinions = _opinions({name: (images[0][name], images[1][name]) for name in names})
    return {int(name[1:]): Compiled(images[0][name], images[1][name], opinions[name]) for name in names}


def _split(image: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The image of each pair, with all that it imports."""
    whole = parse_image(image, where="the batch")
    by_path = {}
    for file in whole.file:
        if OUTSIDE.match(file.name) and not is_import(file):
            file.MergeFromString(IMPORT_MARK)
        by_path[file.name] = file
    wanted: dict[str, set[str]] = {name: set() for name in names}
    for file in reversed(whole.file):  # imports come before those that need them
        name = file.name.partition("/")[0]
        for pair, needed in wanted.items():
            if (name == pair and not is_import(file)) or file.name in needed:
                needed |= {file.name, *file.dependency}
    return {pair: _image(whole, needed) for pair, needed in wanted.items()}


def _image(whole: FileDescriptorSet, paths: set[str]) -> bytes:
    made = FileDescriptorSet()
    made.file.extend(file for file in whole.file if file.name in paths)
    return bytes(made.SerializeToString())


def _opinions(images: Mapping[str, tuple[bytes, bytes]]) -> dict[str, list[Diagnostic] | None]:
    """What buf says of each pair, asked about all at once; None of one that it refuses."""
    joint = [_joined([pair[side] for pair in images.values()]) for side in (0, 1)]
    try:
        found = breaking(joint[0], joint[1])
    except FieldstoneError as refused:  # a map of an enum without a zero compiles, but `buf breaking` refuses it
        bad = {name for name in re.findall(r"\bp\d+(?=[/.])", str(refused)) if name in images}
        if not bad:
            raise
        left = {name: pair for name, pair in images.items() if name not in bad}
        return dict.fromkeys(bad) | (_opinions(left) if left else {})
    by_pair: dict[str, list[Diagnostic] | None] = {name: [] for name in images}
    for annotation in found:
        name = re.search(r"\bp\d+(?=[/.])", annotation.path or annotation.message)
        assert name, annotation
        by_pair[name[0]] = [*(by_pair[name[0]] or []), annotation]
    return by_pair


def _joined(images: Sequence[bytes]) -> bytes:
    made = parse_image(images[0], where="the batch")
    known = {file.name for file in made.file}
    for image in images[1:]:
        for file in parse_image(image, where="the batch").file:
            if file.name not in known:
                known.add(file.name)
                made.file.append(file)
    return bytes(made.SerializeToString())


def breaking(old: bytes, new: bytes) -> list[Diagnostic]:
    """What buf finds between two images."""
    with tempfile.TemporaryDirectory() as folder:
        return buf.breaking(old, new, scratch=Path(folder)).diagnostics(what="buf breaking")


def judged(pair: Compiled, seed: str) -> tuple[list[Wrong], int]:
    """All that is wrong with the verdict on a pair, and of how many lines it consists.

    Raises:
        UnsupportedError: protobuf's runtime refuses a schema that buf compiles.
    """
    sides = [Side(image) for image in (pair.old, pair.new)]
    try:
        old, new = (
            Version(label, image, load_schema(image, where=label))
            for label, image in (("1.0.0", pair.old), ("new", pair.new))
        )
        ledger = Ledger().advance(old.schema, old.label)
        findings = judge(Context(old.schema, new.schema, ledger, TODAY, sunsets=ANNOUNCED), RULES)
        found = _disagreements(findings, pair.annotations, (old.schema, new.schema))
        found += [*_unproven(findings, old, new, ledger), *_unsaid(findings, old, new)]
        found += _losses(findings, old, new, sides, seed)
    except Exception as error:  # noqa: BLE001 - whatever ends a check is a failure of it
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} in {Path(where.filename).name}:{where.name}"
        return [Wrong(kind, f"{kind}: {str(error)[:300]}")], 1
    return found, len(findings) + 4


def _disagreements(
    findings: Sequence[Finding], annotations: list[Diagnostic] | None, schemas: tuple[Schema, Schema]
) -> list[Wrong]:
    found = disagreements(findings, annotations, schemas) if annotations is not None else []
    return [Wrong(f"disagreement: {d.finder} {d.rule}", str(d)) for d in found]


def _unproven(findings: Sequence[Finding], old: Version, new: Version, ledger: Ledger) -> Iterator[Wrong]:
    for finding in findings:
        for surface in {*finding.breaks} & {*PROVABLE}:
            if surface not in {witness.surface for witness in prove(finding, old, new, ledger=ledger).witnesses}:
                text = f"{finding.rule} of {finding.subject}: no witness for {surface}: {finding.message}"
                yield Wrong(f"false: {finding.rule} {surface}", text)


def _silent(findings: Sequence[Finding]) -> list[tuple[Surface, Direction]]:
    said = {(surface, d) for finding in findings for surface, for_ in finding.breaks_for.items() for d in for_}
    return [(surface, d) for surface in PROVABLE for d in DIRECTIONS if (surface, d) not in said]


def _unsaid(findings: Sequence[Finding], old: Version, new: Version) -> Iterator[Wrong]:
    for surface, direction in _silent(findings):
        witness = find_any(old, new, surface, directions=[direction])
        if witness:
            text = f"no rule says so, but ({surface}) {witness.message}: {witness.sentence}"
            yield Wrong(f"unsound: {surface} {direction}", text)


def _losses(findings: Sequence[Finding], old: Version, new: Version, sides: list[Side], seed: str) -> Iterator[Wrong]:
    names = sorted(old.schema.messages.keys() & new.schema.messages.keys())
    for surface, direction in _silent(findings):
        is_old_data = direction is Direction.READING_OLD
        writer, reader = sides if is_old_data else reversed(sides)
        oracle = Oracle(
            writer, reader, as_json=surface is Surface.JSON, is_old_data=is_old_data, rng=random.Random(seed)
        )
        loss = next((loss for name in names for loss in oracle.losses(name)), None)
        if loss:
            yield Wrong(f"unsound by the oracle: {surface} {direction}", f"({surface}, {direction}) {loss}")


def run_batch(seed: str, indices: Sequence[int]) -> Tally:
    """Make, compile and judge the pairs of one batch."""
    start = time.perf_counter()
    trees = {index: make_trees(f"{seed}-{index}") for index in indices}
    pairs = compiled(trees)
    tally = Tally({}, refused=len(indices) - len(pairs), seconds={"buf": time.perf_counter() - start})
    for index, pair in pairs.items():
        try:
            found, lines = judged(pair, f"{seed}-{index}")
        except UnsupportedError:
            tally.unsupported += 1
            continue
        tally.judged += 1
        tally.lines += lines
        if found:
            tally.wrong[index] = found
    tally.seconds["all"] = time.perf_counter() - start
    return tally


def run(seed: str, count: int, processes: int = 2) -> Tally:
    """Judge so many pairs in several processes."""
    batches = [range(first, min(first + BATCH, count)) for first in range(0, count, BATCH)]
    whole = Tally({})
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for tally in pool.map(run_batch, [seed] * len(batches), batches):
            whole.wrong |= tally.wrong
            for part in ("judged", "lines", "refused", "unsupported"):
                setattr(whole, part, getattr(whole, part) + getattr(tally, part))
            whole.seconds = dict(Counter(whole.seconds) + Counter(tally.seconds))
    return whole


def by_kind(tally: Tally) -> dict[str, list[int]]:
    """The numbers of the pairs that are wrong, by kind."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, wrongs in tally.wrong.items():
        for kind in dict.fromkeys(wrong.kind for wrong in wrongs):
            found[kind].append(index)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def reduced(trees: Trees, kind: str, rounds: int = 12) -> tuple[Trees, Wrong]:
    """The smallest pair found that is wrong in the same way, and the words for it.

    Every part that can be left out by itself is left out; then all of them at once, if that is still wrong.
    """
    wrong = _wrongs({0: trees}, kind).get(0, Wrong(kind, "does not fail when judged by itself"))
    for _ in range(rounds):
        options = keys(trees)[:150]
        tried = {index: without(trees, [key]) for index, key in enumerate(options)}
        failing = _wrongs(tried, kind)
        if not failing:
            break
        together = {n: without(trees, [options[i] for i in list(failing)[:n]]) for n in _powers(len(failing))}
        failing = _wrongs(together, kind) or {1: failing[min(failing)]}
        trees, wrong = together[max(failing)], failing[max(failing)]
    return trees, wrong


def _powers(most: int) -> list[int]:
    return sorted({1, most, *(2**n for n in range(1, 8) if 2**n < most)})


def _wrongs(tried: Mapping[int, Trees], kind: str) -> dict[int, Wrong]:
    """What is wrong in this way with each of these pairs."""
    found: dict[int, Wrong] = {}
    for index, pair in compiled(tried).items():
        with suppress(UnsupportedError):
            wrongs = [wrong for wrong in judged(pair, str(index))[0] if wrong.kind == kind]
            found |= {index: wrongs[0]} if wrongs else {}
    return dict(sorted(found.items()))


def described(seed: str, index: int, kind: str) -> str:
    """The smallest pair of its kind, as people read it."""
    trees, wrong = reduced(make_trees(f"{seed}-{index}"), kind)
    parts = [f"=== {kind} (pair {index} of FIELDSTONE_SEED={seed}, reduced)", wrong.text]
    for title, tree in zip(("before", "after"), trees, strict=True):
        parts += [f"--- {title} {path}\n{text}" for path, text in sorted(Renderer(tree).sources().items())]
    return "\n".join(parts)
