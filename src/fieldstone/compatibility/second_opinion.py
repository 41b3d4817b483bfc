"""Where Fieldstone's own rules and `buf breaking` disagree about a change that both know.

Both are compared by rule, file and subject, as a multiset: each annotation of buf's under an id that a rule names
needs a finding for its subject, and each finding that names ids of buf's needs an annotation for its own. Positions
do not count, nor do annotations under ids that no rule names, as those of a newer buf: they change no verdict.

A finding may be told in several annotations, and an annotation by several rules. Where one side tells the whole and
the other its parts, they meet: a file that is gone and the messages in it, a message and those nested in it.

The subject is what the words of an annotation quote (`buf.words`). A newer buf may say it in words that name nothing
that either schema declares. Then rule and file decide, as often as the other side has them: rewording alone ends no
check, and what one side finds alone, or once more than the other, still does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from fieldstone.compatibility.buf.coverage import declared, entry_name, inner_name, is_map
from fieldstone.compatibility.buf.words import (
    OF_TYPES,
    WHOLE_FILE,
    Key,
    Named,
    is_of_files,
    is_of_members,
    read_words,
)
from fieldstone.compatibility.finding import Covered, Finding
from fieldstone.compatibility.rules import all_rules
from fieldstone.schema.model import Schema
from fieldstone.toolchain.diagnostic import Annotation

_Spot = tuple[str, str, Key]
"""An id of buf's, a file, and what is named there."""


class Disagreement(Struct, frozen=True):
    """One change that only one of the two engines reports."""

    finder: str
    rule: str
    path: str
    message: str

    def __str__(self) -> str:
        """One line for a bug report."""
        other = "fieldstone" if self.finder == "buf" else "buf"
        return (
            f"{self.finder} reports {self.rule} in {self.path or 'a removed file'} and {other} does not: {self.message}"
        )


def disagreements(
    findings: Iterable[Finding], annotations: Iterable[Annotation], schemas: Collection[Schema] = ()
) -> list[Disagreement]:
    """Compare the findings of every rule, before any setting, with buf's in its strictest category.

    Args:
        findings: those of Fieldstone.
        annotations: those of buf.
        schemas: both schemas, which say whether words name anything; without them all words do.
    """
    known = {identifier for rule in all_rules().values() for identifier in rule.buf}
    turned = _turned(schemas)
    read = (read_words(annotation) for annotation in annotations if annotation.rule in known)
    theirs = [named for named in read if named.key is None or named.key[0] not in turned]
    found = _Comparison([finding for finding in findings if finding.buf], theirs, schemas).disagreements()
    return sorted(found, key=lambda d: (d.path, d.finder, d.rule, d.message))


def _turned(schemas: Collection[Schema]) -> set[str]:
    """The last names of messages that the compiler makes of a map in one schema, and that the other declares.

    buf compares the two; Fieldstone tells of the field that is the map, or of the message that left.
    """
    entries = [{*_entries(schema)} for schema in schemas]
    declared_in = [{inner_name(m.full_name, m.package) for m in schema.part.messages.values()} for schema in schemas]
    pairs = zip(entries, reversed(declared_in), strict=True)
    return {name.rpartition(".")[2] for made, written in pairs for name in made & written}


def _entries(schema: Schema) -> Iterator[str]:
    for message in schema.part.messages.values():
        own = inner_name(message.full_name, message.package)
        yield from (entry_name(own, field) for field in message.fields.values() if is_map(field))


class _Comparison:
    """The findings that name ids of buf's, and what buf reports under such ids."""

    def __init__(self, findings: Collection[Finding], reported: Collection[Named], schemas: Collection[Schema]) -> None:
        self.findings = findings
        self.schemas = schemas
        self.claims: dict[_Spot, list[Finding]] = defaultdict(list)
        self.in_file: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        self.broad: dict[tuple[str, str], set[Covered]] = defaultdict(set)
        for finding in findings:
            for rule, path in _places(finding):
                self.in_file[rule, path].append(finding)
                if _is_broad(finding.covered, rule):
                    self.broad[rule, path].add(finding.covered)
                for key in _keys(finding.covered, rule):
                    self.claims[rule, path, key].append(finding)
        self.seen: dict[_Spot, list[Named]] = defaultdict(list)
        self.unclear: dict[tuple[str, str], list[Named]] = defaultdict(list)
        for named in reported:
            self._sort_in(named)

    def disagreements(self) -> Iterator[Disagreement]:
        """The changes that only one of the two reports, or less often than the other."""
        yield from map(_unmatched_by_us, self._surplus())
        yield from map(_unmatched_by_buf, self._unconfirmed())

    def _sort_in(self, named: Named) -> None:
        spot = (named.rule, named.path, named.key) if named.key is not None else None
        if spot is None or not (self._slots(spot) or self._is_declared(spot)):
            spot = self._reworded(named)
        if spot is None:
            self.unclear[named.rule, named.path].append(named)
        else:
            self.seen[spot].append(named)

    def _is_declared(self, spot: _Spot) -> bool:
        return is_of_files(spot[0]) or not self.schemas or spot[2] in self._declared

    @cached_property
    def _declared(self) -> set[Key]:
        return {key for schema in self.schemas for key in declared(schema.part)}

    def _reworded(self, named: Named) -> _Spot | None:
        """Where a finding is about names that an annotation quotes, in whatever words, and lacks an annotation."""
        for key in named.possible_keys():
            spot = named.rule, named.path, key
            if len(self.seen.get(spot, ())) < self._claimed(spot):
                return spot
        return None

    def _claimed(self, spot: _Spot) -> int:
        """How many annotations the findings about just this account for: of each subject the most that one does."""
        owned: Counter[str] = Counter()
        for finding in self.claims.get(spot, ()):
            owner = finding.covered.owner
            owned[owner] = max(owned[owner], finding.covered.members.count(spot[2]), 1)
        return owned.total()

    def _slots(self, spot: _Spot, wanted: int = 1) -> int:
        """How many annotations there may be at a spot: one for each subject of a finding there, or around it.

        One, too, where findings are only about what it holds: the message that left with the file. What is around
        is looked for only where there are fewer than `wanted`.
        """
        rule, path, key = spot
        exact = self._claimed(spot)
        if exact >= wanted or (exact and rule in OF_TYPES):  # a type leaves once, whatever around it left, too
            return exact
        around = self._around(spot)
        near = self.in_file.get((rule, path), ())
        within = not exact and not around and any(_is_within(finding.covered, rule, key) for finding in near)
        return exact + around + within

    def _around(self, spot: _Spot) -> int:
        """How many subjects of findings hold what is named at a spot.

        The name of a nested message alone does not say what it is nested in. A rule about whole types that names an id
        for their members accounts for all of them in the file.
        """
        rule, path, key = spot
        if is_of_files(rule):
            return 0
        found = {covered for covered in self.broad.get((rule, path), ()) if covered.is_of_files or key[1]}
        if rule in OF_TYPES:
            outer = key[0].rpartition(".")[0]
            while outer:
                found |= {finding.covered for finding in self.claims.get((rule, path, (outer, "")), ())}
                outer = outer.rpartition(".")[0]
        return min(len(found), 1) if rule in OF_TYPES else len(found)

    def _surplus(self) -> Iterator[Named]:
        """The annotations that no finding is left for."""
        for spot, reported in self.seen.items():
            yield from reported[self._slots(spot, len(reported)) :]
        named_in = Counter(dict.fromkeys(self.unclear, 0))
        for (rule, path, _), reported in self.seen.items():
            named_in[rule, path] += len(reported)
        for (rule, path), reported in self.unclear.items():
            near = self.in_file.get((rule, path), [])
            if (rule, path) in self.broad:
                continue
            room = sum(max(1, len(_keys(covered, rule))) for covered in {finding.covered for finding in near})
            yield from reported[max(0, room - named_in[rule, path]) :]

    def _unconfirmed(self) -> Iterator[Finding]:
        """The findings that buf reports nothing for."""
        alike: dict[object, dict[str, Finding]] = defaultdict(dict)
        left: list[Finding] = []
        for finding in self.findings:
            covered = finding.covered
            count = sum(len(self.seen.get(spot, ())) for spot in set(_spots(finding)))
            if count:
                kind = finding.rule, finding.buf, covered.files, covered.types, covered.members
                group = alike[kind]
                group.setdefault(covered.owner, finding)
                if len(group) > count and group[covered.owner] is finding:
                    left.append(finding)
            elif not self._is_told_otherwise(finding):
                left.append(finding)
        yield from self._without_unclear(left)

    def _is_told_otherwise(self, finding: Finding) -> bool:
        """Whether buf reports what is around a finding, or parts of it."""
        covered = finding.covered
        return any(
            _is_around(covered, rule, key) or _is_within(covered, rule, key)
            for rule, path in _places(finding)
            for key in self._seen_in.get((rule, path), ())
        )

    @cached_property
    def _seen_in(self) -> dict[tuple[str, str], list[Key]]:
        found: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for rule, path, key in self.seen:
            found[rule, path].append(key)
        return found

    def _without_unclear(self, left: Iterable[Finding]) -> Iterator[Finding]:
        """Those of the findings that annotations in unclear words do not account for, one for each rule."""
        spent: Counter[tuple[str, str, str]] = Counter()
        counted: set[tuple[str, Covered]] = set()
        for finding in left:
            places = ((finding.rule, *place) for place in _places(finding))
            free = next((p for p in places if spent[p] < len(self.unclear.get(p[1:], ()))), None)
            if (finding.rule, finding.covered) in counted:
                continue
            if free is None:
                yield finding
            else:
                spent[free] += 1
                counted.add((finding.rule, finding.covered))


def _places(finding: Finding) -> Iterator[tuple[str, str]]:
    """Where buf may report a finding: its ids in each of its files, or without a file."""
    return ((rule, path) for rule in finding.buf for path in (*finding.covered.files, ""))


def _spots(finding: Finding) -> Iterator[_Spot]:
    return ((rule, path, key) for rule, path in _places(finding) for key in _keys(finding.covered, rule))


def _keys(covered: Covered, rule: str) -> list[Key]:
    """The keys of an annotation of a rule of buf's that is about just that."""
    if is_of_files(rule):
        return [WHOLE_FILE] if covered.is_of_files else []
    if rule in OF_TYPES:
        return [(name, "") for name in covered.types]
    return list(covered.members or [(name.rpartition(".")[2], "") for name in covered.types])


def _is_broad(covered: Covered, rule: str) -> bool:
    """Whether a finding is about more than buf names in one annotation of a rule."""
    if covered.is_of_files:
        return not is_of_files(rule)
    return not covered.members and (rule in OF_TYPES or is_of_members(rule))


def _is_around(covered: Covered, rule: str, key: Key) -> bool:
    """Whether a finding is about what holds the member that an annotation names."""
    if key in _keys(covered, rule) or is_of_files(rule):
        return False
    if covered.is_of_files:
        return True
    return bool(key[1] and covered.types and not covered.members)


def _is_within(covered: Covered, rule: str, key: Key) -> bool:
    """Whether an annotation names what holds that which a finding is about."""
    if key in _keys(covered, rule):
        return False
    if is_of_files(rule):
        return not covered.is_of_files
    return rule in OF_TYPES and any(name.startswith(f"{key[0]}.") for name in covered.types)


def _unmatched_by_us(named: Named) -> Disagreement:
    return Disagreement("buf", named.rule, named.path, named.annotation.message)


def _unmatched_by_buf(finding: Finding) -> Disagreement:
    return Disagreement("fieldstone", finding.rule, finding.place.path, finding.message)
