"""Where the native engine and `buf breaking` disagree about a change that both know.

Two comparisons. The exact one holds our catalogue of buf's rules (`buf_rules/`) against buf: the same rules
at the same places, as often. The other holds Fieldstone's own rules against buf, per file: every id that buf
reports and a rule names must belong to a rule that found something there, and every finding that names
ids of buf's must meet one of them. So what Fieldstone judges on its own stays tied to what both know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from fieldstone.compatibility import buf_rules
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.schema.annotation import Annotation
from fieldstone.schema.declarations import Declarations


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


STRICTEST = "FILE"
"""The category of buf that the second opinion is asked for."""


def by_the_catalogue(
    old: bytes, new: bytes, unaltered: Mapping[str, Collection[str]] | None = None
) -> list[Annotation]:
    """What our catalogue says of a pair of images, in buf's strictest category and without imports.

    Args:
        old: the one, in bytes.
        new: the other.
        unaltered: what files declare at their top that is the same in both: path to names.

    Raises:
        FieldstoneError: the bytes are no image.
    """
    ids = [rule.id for rule in buf_rules.all_rules().values() if STRICTEST in rule.categories.get("v2", ())]
    sides = Declarations(old, where="the baseline"), Declarations(new, where="the image")
    return buf_rules.as_annotations(buf_rules.judge(*sides, ids, unaltered or {}))


def exact_disagreements(ours: Iterable[Annotation], theirs: Iterable[Annotation]) -> list[Disagreement]:
    """What only one of the two reports, or less often than the other: rule, file, line and column count, not words.

    Rules that the catalogue does not know, of a newer buf, are left out.
    """
    known = buf_rules.all_rules().keys()
    mine, other = list(ours), [annotation for annotation in theirs if annotation.rule in known]
    found = [Disagreement("buf", a.rule, a.path, a.message) for a in _only_in(other, mine)]
    found += [Disagreement("fieldstone", a.rule, a.path, a.message) for a in _only_in(mine, other)]
    return sorted(found, key=lambda d: (d.path, d.finder, d.rule, d.message))


def _only_in(some: Collection[Annotation], others: Iterable[Annotation]) -> list[Annotation]:
    by_key = {_key(annotation): annotation for annotation in some}
    left = Counter(map(_key, some)) - Counter(map(_key, others))
    return [by_key[key] for key in left.elements()]


def _key(annotation: Annotation) -> tuple[str | int, ...]:
    place = annotation.path, annotation.line, annotation.column, annotation.end_line, annotation.end_column
    # Where a file is gone there is no place, and only the words tell two findings apart.
    return annotation.rule, *place, "" if annotation.path else annotation.message


def disagreements(findings: Iterable[Finding], annotations: Iterable[Annotation]) -> list[Disagreement]:
    """Compare the findings of every rule, before any setting, with buf's in its strictest category.

    What buf reports under ids that no rule names (`unknown_to`) is left out.
    """
    ours, reported = list(findings), list(annotations)
    unknown = unknown_to(all_rules().values(), reported)
    theirs = [annotation for annotation in reported if annotation not in unknown]
    found = [_unmatched_by_us(annotation) for annotation in theirs if not _matches_any(annotation, ours)]
    found += [_unmatched_by_buf(finding) for finding in ours if finding.buf and not _confirmed(finding, theirs)]
    return sorted(set(found), key=lambda d: (d.path, d.finder, d.rule, d.message))


def unknown_to(rules: Iterable[Rule], annotations: Iterable[Annotation]) -> list[Annotation]:
    """What buf reports under ids that no native rule names: its word alone counts there."""
    named = {identifier for rule in rules for identifier in rule.buf}
    return [annotation for annotation in annotations if annotation.rule not in named]


def _matches_any(annotation: Annotation, findings: Collection[Finding]) -> bool:
    return any(annotation.rule in f.buf and _same_place(f, annotation) for f in findings)


def _confirmed(finding: Finding, annotations: Collection[Annotation]) -> bool:
    return any(annotation.rule in finding.buf and _same_place(finding, annotation) for annotation in annotations)


def _same_place(finding: Finding, annotation: Annotation) -> bool:
    places = {finding.place.path, finding.was_at.path if finding.was_at else finding.place.path}
    return not annotation.path or annotation.path in places


def _unmatched_by_us(annotation: Annotation) -> Disagreement:
    return Disagreement("buf", annotation.rule, annotation.path, annotation.message)


def _unmatched_by_buf(finding: Finding) -> Disagreement:
    return Disagreement("fieldstone", finding.rule, finding.place.path, finding.message)
