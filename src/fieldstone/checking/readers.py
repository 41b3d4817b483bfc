"""Readers: what is known about who uses the elements of a module, and whether a policy takes it as enough."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from msgspec import Struct

from fieldstone.checking.judgement import today_utc
from fieldstone.consumers.answer import Answer, Readers, Verdict
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.published import Known
from fieldstone.consumers.uses import Rank
from fieldstone.errors import FieldstoneError
from fieldstone.project.settings import ModuleSettings
from fieldstone.registry import Registry
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema


def structure_of(registry: Registry, release: Release) -> Structure:
    """The structure of a release.

    Raises:
        FieldstoneError: its image is missing or damaged.
    """
    if release.retired:
        return Structure(Schema())
    where = f"{registry.label(release)}/{IMAGE}"
    return Structure(load_schema(registry.read(release, IMAGE), where=where, own_files=release.sources.keys()))


class NoKnownReader(Struct, frozen=True, dict=True):
    """The question of a policy whether an element has no known reader; nobody is asked before it is called.

    Attributes:
        registry: where the releases are.
        newest: the newest release of the module; None for a new module.
        settings: the module's settings, which say what evidence must be.
        ask: gives what is known of consumers.
    """

    registry: Registry
    newest: Release | None
    settings: ModuleSettings
    ask: Callable[[], Known]

    def __call__(self, subject: str) -> str:
        """The reason why an element is not known to have no reader, as part of a sentence; empty if it is.

        If nobody can be asked, that is a reason, too.
        """
        if self.newest is None:
            return ""
        try:
            readers = self._readers
        except FieldstoneError as error:
            return f"nobody could be asked who uses it: {error.problem}"
        return _reason(readers.can_remove(readers.structure.nearest(subject)))

    @cached_property
    def _readers(self) -> Readers:
        newest = self.newest
        assert newest is not None  # noqa: S101 - a new module has no readers to ask for
        days, rank = self.settings.evidence_days, Rank(self.settings.evidence_rank)
        structure = structure_of(self.registry, newest)
        return Readers.known(self.ask(), newest.name, structure, today_utc(), days, at_least=rank)


def _reason(answer: Answer) -> str:
    if answer.verdict is Verdict.NO_KNOWN_READER:
        return ""
    if answer.readers:
        first, *others = answer.readers
        at = f" ({first.places[0]})" if first.places else ""
        return f"{first.consumer} {first.version} uses it{at}{_more(len(others))}"
    first_doubt, *more = answer.doubts
    return f"who uses it is unknown: {first_doubt.problem}{_more(len(more))}"


def _more(count: int) -> str:
    return f", and {count:,} more" if count else ""
