"""The uses of a consumer: its reads and writes of other teams' modules, in `fieldstone.uses.toml`.

The file lies in the consumer's own repository, and is reviewed there. Each of its `[[evidence]]` tables is about one
module, from one source: a scan of one language, a declaration by hand, an observation. A scan renews its own table
and keeps the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct, to_builtins

from fieldstone.errors import Invalid

FILE = "fieldstone.uses.toml"
"""The name of the file, in the root of the consumer's repository."""
LAYOUT = 1
"""The layout of the file that this Fieldstone writes; a file without a number has the first one."""


class Rank(StrEnum):
    """The source of evidence, the strongest first.

    `enforced`: the client package has nothing but the declared uses. `scan`: the code was read by a type checker.
    `observed`: reads were recorded while the consumer ran. `declared`: a person wrote it. `fetched`: the consumer took
    the module's package or sources, and nothing else is known of it.
    """

    ENFORCED = "enforced"
    SCAN = "scan"
    OBSERVED = "observed"
    DECLARED = "declared"
    FETCHED = "fetched"

    def is_at_least(self, other: Rank) -> bool:
        """Whether it is as strong as another one, or stronger."""
        return [*Rank].index(self) <= [*Rank].index(other)


CONCLUSIVE = frozenset({Rank.ENFORCED, Rank.SCAN, Rank.DECLARED})
"""The ranks that list all uses; others saw some."""


class How(StrEnum):
    """A way to use an element: an rpc is `read` by calling it; `whole` takes every field of a message."""

    READ = "read"
    WRITE = "write"
    WHOLE = "whole"


Places = tuple[str, ...]
"""Lines of the consumer's code, `path:line`, relative to its repository; empty for what is declared by hand."""


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The uses of one module, from one source.

    Attributes:
        module: the module's name.
        release: the version of the module that the consumer is built with.
        rank: the kind of source.
        day: the day on which it was gathered (UTC).
        by: the source in a word: the language of a scan.
        package: the name of the narrowed package that enforces the uses; see `consumers.enforced`.
        digest: the digest of the uses that the package was built from.
        unseen: what the source could not follow, `path:line: words`; nothing follows from the absence of a use then.
        read: the places of each field or rpc that is read, by full name.
        write: the places of each field that is set.
        whole: the places of each message that is taken as a whole.
    """

    module: str
    release: str
    rank: Rank
    day: date
    by: str = ""
    package: str = ""
    digest: str = ""
    unseen: Places = ()
    read: Mapping[str, Places] = {}
    write: Mapping[str, Places] = {}
    whole: Mapping[str, Places] = {}

    @property
    def is_complete(self) -> bool:
        """Whether an element without a use is not used, as far as this kind of source can know."""
        return not self.unseen and self.rank in CONCLUSIVE

    def uses(self) -> Iterator[tuple[str, How, Places]]:
        """Every use: the full name of the element, how it is used, and where."""
        for how in How:
            for name, places in getattr(self, how.value).items():
                yield name, how, places


class Uses(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The content of `fieldstone.uses.toml`.

    Attributes:
        consumer: the consumer's name.
        owner: the person or team that answers for it.
        evidence: the evidence for its uses, a table for each module and source.
        layout: the number of the file's layout.
    """

    consumer: str
    owner: str
    evidence: tuple[Evidence, ...] = ()
    layout: int = LAYOUT

    def of(self, module: str) -> tuple[Evidence, ...]:
        """The evidence about one module."""
        return tuple(evidence for evidence in self.evidence if evidence.module == module)

    def renewed(self, fresh: Evidence) -> Uses:
        """The uses with the table of the same module and source replaced."""
        kept = self.without(fresh.module, fresh.rank, fresh.by).evidence
        return msgspec.structs.replace(self, evidence=tuple(sorted((*kept, fresh), key=_order)))

    def without(self, module: str, rank: Rank, by: str) -> Uses:
        """The uses without the table of one module and source."""
        kept = tuple(one for one in self.evidence if (one.module, one.rank, one.by) != (module, rank, by))
        return msgspec.structs.replace(self, evidence=kept)


def _order(evidence: Evidence) -> tuple[str, int, str]:
    return evidence.module, [*Rank].index(evidence.rank), evidence.by


def to_toml(uses: Uses) -> str:
    """The text of the file; the same uses give the same text."""
    import tomli_w

    content: dict[str, Any] = {"consumer": uses.consumer, "owner": uses.owner}
    if uses.evidence:
        content["evidence"] = [_table(evidence) for evidence in uses.evidence]
    return tomli_w.dumps(content)


def _table(evidence: Evidence) -> dict[str, Any]:
    table: dict[str, Any] = to_builtins(evidence, builtin_types=(date,))
    for how in How:
        if uses := table.pop(how.value, None):
            table[how.value] = {name: sorted(places, key=_by_line) for name, places in sorted(uses.items())}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in table.items()}


def _by_line(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return path, int(line) if line.isdecimal() else 0


def from_toml(text: str, *, where: str) -> Uses:
    """Read the text of the file.

    Args:
        text: its content.
        where: its path, for errors.

    Raises:
        Invalid: it is no such file, or of a newer layout; the error names the key.
    """
    import tomllib

    try:
        content = tomllib.loads(text)
        if isinstance(layout := content.get("layout"), int) and layout > LAYOUT:
            raise Invalid(
                f"{where} has layout {layout}, and this Fieldstone reads {LAYOUT}", fix="install a newer Fieldstone"
            )
        return msgspec.convert(content, Uses)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise Invalid(f"{where} is no list of uses: {error}", fix="`fieldstone uses scan` writes one") from error
