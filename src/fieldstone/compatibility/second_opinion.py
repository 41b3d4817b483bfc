"""The second opinion: changes on which Fieldstone's rules and `buf breaking` disagree.

Both are compared by rule, file and subject, as a multiset. Each annotation under an id that a rule names needs a
finding for its subject, and each finding with ids of buf's needs an annotation. Positions do not count. Annotations
under other ids, as those of a newer buf, are ignored: they change no verdict.

One finding may match several annotations, and one annotation several rules. If one side reports a whole and the other
its parts, they match: a removed file and its messages, a message and those nested in it.

The subject is quoted in the annotation's message (`buf.words`). A newer buf may word it so that no declared name is
found. Then rule and file decide, up to the number of reports on the other side. So rewording alone fails no check, but
a change that only one side finds still does.
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
    parse_words,
)
from fieldstone.compatibility.finding import Covered, Finding
from fieldstone.compatibility.rules import all_rules
from fieldstone.schema.model import Schema
from fieldstone.toolchain.diagnostic import Diagnostic

_Spot = tuple[str, str, Key]
"""An id of buf's, a file, and the key of the element."""


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
    findings: Iterable[Finding], annotations: Iterable[Diagnostic], schemas: Collection[Schema] = ()
) -> list[Disagreement]:
    """Compare the findings of every rule, before any setting, with buf's in its strictest category.

    Args:
        findings: Fieldstone's findings.
        annotations: buf's annotations.
        schemas: both schemas, to check whether a quoted name is declared; without them every name counts.
    """
    known = {identifier for rule in all_rules().values() for identifier in rule.buf}
    turned = _turned(schemas)
    read = (parse_words(annotation) for annotation in annotations if annotation.rule in known)
    theirs = [named for named in read if named.key is None or named.key[0] not in turned]
    found = _Comparison([finding for finding in findings if finding.buf], theirs, schemas).disagreements()
    return sorted(found, key=lambda d: (d.path, d.finder, d.rule, d.message))


def _turned(schemas: Collection[Schema]) -> set[str]:
    """The last names of messages that are a map's entries in one schema and are declared in the other.

    buf compares the two; Fieldstone reports the map field, or the removed message.
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
    """The findings that name ids of buf's, and buf's reports under such ids."""

    def __init__(self, findings: Collection[Finding], reported: Collection[Named], schemas: Collection[Schema]) -> None:
        self.findings = findings
        self.schemas = schemas
        self.claims: dict[_Spot, list[Finding]] = defaultdict(list)
        self.in_file: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        self.broad: dict[tuple[str, str], set[Covered]] = defaultdict(set)
        for finding in findings:
            for rule, path in _candidates(finding):
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
        """The changes that only one of the two reports, or reports less often than the other."""
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
        """The spot of a finding whose names an annotation quotes, and that still lacks an annotation."""
        for key in named.possible_keys():
            spot = named.rule, named.path, key
            if len(self.seen.get(spot, ())) < self._claimed(spot):
                return spot
        return None

    def _claimed(self, spot: _Spot) -> int:
        """The number of annotations that findings at a spot account for: for each subject, the most of any finding."""
        owned: Counter[str] = Counter()
        for finding in self.claims.get(spot, ()):
            owner = finding.covered.owner
            owned[owner] = max(owned[owner], finding.covered.members.count(spot[2]), 1)
        return owned.total()

    def _slots(self, spot: _Spot, wanted: int = 1) -> int:
        """The number of annotations that a spot allows: one for each subject of a finding there, or around it.

        One, too, if findings are only about its parts, as the messages of a removed file. Findings around it are
        counted only if there are fewer than `wanted`.
        """
        rule, path, key = spot
        exact = self._claimed(spot)
        if exact >= wanted or (exact and rule in OF_TYPES):  # a type is removed once, even with its container
            return exact
        around = self._around(spot)
        near = self.in_file.get((rule, path), ())
        within = not exact and not around and any(_is_within(finding.covered, rule, key) for finding in near)
        return exact + around + within

    def _around(self, spot: _Spot) -> int:
        """The number of subjects of findings that contain the element at a spot.

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
        """The annotations without a finding to match."""
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
        """The findings that buf does not confirm."""
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
        """Whether buf reports the container of a finding's subject, or parts of it."""
        covered = finding.covered
        return any(
            _is_around(covered, rule, key) or _is_within(covered, rule, key)
            for rule, path in _candidates(finding)
            for key in self._seen_in.get((rule, path), ())
        )

    @cached_property
    def _seen_in(self) -> dict[tuple[str, str], list[Key]]:
        found: dict[tuple[str, str], list[Key]] = defaultdict(list)
        for rule, path, key in self.seen:
            found[rule, path].append(key)
        return found

    def _without_unclear(self, left: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that no annotation without a clear subject accounts for, one for each rule."""
        spent: Counter[tuple[str, str, str]] = Counter()
        counted: set[tuple[str, Covered]] = set()
        for finding in left:
            candidates = ((finding.rule, *location) for location in _candidates(finding))
            free = next((p for p in candidates if spent[p] < len(self.unclear.get(p[1:], ()))), None)
            if (finding.rule, finding.covered) in counted:
                continue
            if free is None:
                yield finding
            else:
                spent[free] += 1
                counted.add((finding.rule, finding.covered))


def _candidates(finding: Finding) -> Iterator[tuple[str, str]]:
    """The reports that buf may give of a finding: its ids in each of its files, or without a file."""
    return ((rule, path) for rule in finding.buf for path in (*finding.covered.files, ""))


def _spots(finding: Finding) -> Iterator[_Spot]:
    return ((rule, path, key) for rule, path in _candidates(finding) for key in _keys(finding.covered, rule))


def _keys(covered: Covered, rule: str) -> list[Key]:
    """The keys of an annotation of a buf rule that covers exactly this part."""
    if is_of_files(rule):
        return [WHOLE_FILE] if covered.is_of_files else []
    if rule in OF_TYPES:
        return [(name, "") for name in covered.types]
    return list(covered.members or [(name.rpartition(".")[2], "") for name in covered.types])


def _is_broad(covered: Covered, rule: str) -> bool:
    """Whether a finding covers more than one annotation of a rule names."""
    if covered.is_of_files:
        return not is_of_files(rule)
    return not covered.members and (rule in OF_TYPES or is_of_members(rule))


def _is_around(covered: Covered, rule: str, key: Key) -> bool:
    """Whether a finding covers the container of the member that an annotation names."""
    if key in _keys(covered, rule) or is_of_files(rule):
        return False
    if covered.is_of_files:
        return True
    return bool(key[1] and covered.types and not covered.members)


def _is_within(covered: Covered, rule: str, key: Key) -> bool:
    """Whether an annotation names the container of a finding's subject."""
    if key in _keys(covered, rule):
        return False
    if is_of_files(rule):
        return not covered.is_of_files
    return rule in OF_TYPES and any(name.startswith(f"{key[0]}.") for name in covered.types)


def _unmatched_by_us(named: Named) -> Disagreement:
    return Disagreement("buf", named.rule, named.path, named.annotation.message)


def _unmatched_by_buf(finding: Finding) -> Disagreement:
    return Disagreement("fieldstone", finding.rule, finding.location.path, finding.message)
