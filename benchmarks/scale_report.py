"""The figures of `scale.py` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.scale_cases import BUF, FULL, LESS, MODES, OWN, WELL, WITHOUT, Measured, less, peak
from benchmarks.scale_runs import Result, middle, ratio
from benchmarks.scale_tree import Released

NONE = "-"
FEWEST = "with the fewest releases"
ABSENT = "not available"


def cases(measured: Sequence[Measured]) -> Iterator[str]:
    """A table of times, and one of ratios and memory: a row for each case and way to run Fieldstone."""
    names = ["tree", "changed", "mode"]
    both = [(one, mode, _names(one, mode)) for one in measured for mode in MODES if mode == OWN or mode in one.times]
    columns = ["files that depend on it", BUF, f"{WELL} (+ filtering)", OWN, *LESS]
    rows = [[*name, *_times(one, mode)] for one, mode, name in both]
    yield from table([*names, *columns, "the second opinion"], rows)
    yield "\nTimes as fast as each way to use buf, and peak memory (MiB of the largest process, children included):\n"
    ratios = [f"{buf} / {own}" for own in (OWN, *LESS) for buf in (BUF, WELL)]
    rows = [[*name, *_ratios(one, mode), *_memory(one, mode)] for one, mode, name in both]
    yield from table([*names, *ratios, *(f"peak of {way}" for way in (BUF, WELL, OWN))], rows)


def growth(title: str, measured: Sequence[Measured]) -> Iterator[str]:
    """A table of the times and ratios against what grows."""
    yield f"\n{title}\n"
    columns = [BUF, WELL, *MODES]
    ratios = [f"{buf} / {mode}" for mode in MODES for buf in (BUF, WELL)]
    rows = []
    for one in measured:
        times = [seconds(one.times.get(way)) for way in columns]
        compared = [compare(one.times, buf, mode) for mode in MODES for buf in (BUF, WELL)]
        rows.append([f"{one.files:,}", f"{one.changed:,} ({_share(one)})", *times, *compared])
    yield from table(["files", "changed", *columns, *ratios], rows)


def growth_of_releases(measured: Sequence[tuple[int, Measured]]) -> Iterator[str]:
    """A table of Fieldstone's times by the number of releases, beside those of the fewest with the same change."""
    fewest: dict[str, Sequence[Result]] = {}
    rows = []
    for count, one in measured:
        own = one.times.get(OWN, ())
        times = {OWN: own, FEWEST: fewest.setdefault(one.case.what, own)}
        rows.append([f"{count:,}", f"{one.files:,}", one.case.what, seconds(own), compare(times, OWN, FEWEST)])
    if rows:
        yield "\nTime against the number of releases:\n"
        yield from table(["releases", "files", "changed", OWN, f"{OWN} / {FEWEST}"], rows)


def releases(made: Mapping[str, Released]) -> Iterator[str]:
    """What the first release of each tree cost, when it was made."""
    rows = [
        [size, f"{len(one.files):,}", seconds([one.release]), f"{peak([one.release]):,.0f}"]
        for size, one in made.items()
    ]
    yield "\n`fieldstone release`, the first one of a tree, once:\n"
    yield from table(["tree", "files", "time", "peak memory, MiB"], rows)


def statistics(measured: Sequence[Measured]) -> Iterator[str]:
    """What `fieldstone check --stats` says of each case."""
    for one in measured:
        if one.stats:
            yield f"- {one.case.size}, {one.case.what}: {one.stats}"


def failures(measured: Sequence[Measured], made: Mapping[str, Released]) -> Iterator[str]:
    """What did not end well, and what it said."""
    for size, released in made.items():
        if not released.release.is_good:
            yield f"- {size}: release: {_end(released.release)}"
    for one in measured:
        for way, results in one.times.items():
            if not results[-1].is_good:
                yield f"- {one.case.size}, {one.case.what}: {way}: {_end(results[-1])}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown."""
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join('---' for _ in columns)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def seconds(results: Sequence[Result] | None) -> str:
    """The median for people, or how it ended."""
    if not results:
        return NONE
    if results[-1].is_late:
        return f"> {results[-1].seconds:.0f} s"
    took = f"{middle(results):.3g} s"
    return took if results[-1].is_good else f"exit {results[-1].code} after {took}"


def compare(times: Mapping[str, Sequence[Result]], way: str, other: str) -> str:
    """The ratio of the times of two ways; at least or at most that where one was late, none where one failed."""
    one, two = times.get(way), times.get(other)
    if not one or not two or (one[-1].is_late and two[-1].is_late):
        return NONE
    if not all(result.is_good or result.is_late for result in (one[-1], two[-1])):
        return NONE
    bound = "> " if one[-1].is_late else "< " if two[-1].is_late else ""
    return f"{bound}{ratio(one, two):.3g}"


def _names(one: Measured, mode: str) -> list[str]:
    how = "--full" if mode == FULL else "incremental"
    return [f"{one.case.size} ({one.files:,})", f"{one.case.what} ({_share(one)})", how]


def _times(one: Measured, mode: str) -> list[str]:
    own = [one.times.get(way) for way in _ways(mode)]
    well = seconds(one.times.get(WELL)) + (f" (+ {one.filtering:.3g} s)" if one.changed else "")
    times = [seconds(one.times[BUF]), well, *map(seconds, own)]
    return [f"{one.dependents:,}", *times, _second_opinion(own[0], one.times.get(less(mode, WITHOUT)))]


def _ratios(one: Measured, mode: str) -> list[str]:
    return [compare(one.times, buf, own) for own in _ways(mode) for buf in (BUF, WELL)]


def _ways(mode: str) -> list[str]:
    """A mode of Fieldstone with all that it does, and with less."""
    return [mode, *(less(mode, what) for what in LESS)]


def _memory(one: Measured, mode: str) -> list[str]:
    return [f"{peak(one.times[way]):,.0f}" if way in one.times else NONE for way in (BUF, WELL, mode)]


def _second_opinion(own: Sequence[Result] | None, without: Sequence[Result] | None) -> str:
    """What it adds, in the middle of the rounds."""
    if not own or not without or not own[-1].is_good or not without[-1].is_good:
        return ABSENT
    return f"{median(one.seconds - two.seconds for one, two in zip(own, without, strict=True)):.2f} s"


def _share(one: Measured) -> str:
    return f"{one.changed / one.files * 100:.3g} %" if one.changed else "0 %"


def _end(result: Result) -> str:
    return f"ended after {result.seconds:.0f} s" if result.is_late else f"exit {result.code}: {result.said}"
