"""A known use of an element, as a finding names it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Reader(Struct, frozen=True):
    """A use that a change of an element concerns.

    Attributes:
        consumer: the consumer's name.
        owner: who answers for it.
        version: its version.
        environments: where that version runs.
        element: the full name of the used element: the changed one, or one that contains it or is in it.
        how: `read`, `write` or `whole`.
        places: the lines of its code.
        rank: the kind of evidence: `enforced`, `scan`, `observed`, `declared`.
        day: the day of the evidence (UTC).
        release: the version of the module that it is built with.
        publisher: who published the evidence, as the server knows it; empty in a folder, whose history in git tells.
    """

    consumer: str
    owner: str
    version: str
    environments: tuple[str, ...]
    element: str
    how: str
    places: tuple[str, ...]
    rank: str
    day: date
    release: str
    publisher: str = ""
