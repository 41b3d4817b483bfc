"""Reads that were observed while a consumer's tests ran: what `fieldstone_runtime.reading` has written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec
from msgspec import Struct

from fieldstone.consumers.uses import Evidence, Places, Rank
from fieldstone.errors import Conflict, Invalid

Found = Mapping[str, Mapping[str, Places]]
"""By module and full name, the places."""


class Observed(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one file.

    Attributes:
        day: the day of the run (UTC).
        releases: the release of each module of which something was read.
        read: the fields that were read.
        whole: the messages of which all fields were read.
    """

    day: date
    releases: Mapping[str, str]
    read: Found
    whole: Found


def from_json(content: bytes, *, where: str) -> Observed:
    """Read one file.

    Args:
        content: its content.
        where: its path, for errors.

    Raises:
        Invalid: it is no such file.
    """
    try:
        return msgspec.json.decode(content, type=Observed)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{where} has no recorded reads: {error}", fix="`fieldstone_runtime.reading` writes such files"
        ) from error


def evidence(runs: Iterable[Observed], language: str) -> list[Evidence]:
    """The evidence that runs give together, about each module.

    Args:
        runs: the runs of the same code.
        language: the language of the code.

    Raises:
        Conflict: they were of different releases of a module.
    """
    found: dict[str, Evidence] = {}
    for run in runs:
        for module, release in sorted(run.releases.items()):
            fresh = Evidence(
                module,
                release,
                Rank.OBSERVED,
                run.day,
                by=language,
                read=run.read.get(module, {}),
                whole=run.whole.get(module, {}),
            )
            found[module] = _together(found[module], fresh) if module in found else fresh
    return list(found.values())


def _together(one: Evidence, other: Evidence) -> Evidence:
    if one.release != other.release:
        raise Conflict(
            f"the recorded reads are of {one.module} {one.release} and of {other.release}",
            fix="record all of them with the same client package",
        )
    return msgspec.structs.replace(
        one,
        day=min(one.day, other.day),
        read=_joined(one.read, other.read),
        whole=_joined(one.whole, other.whole),
    )


def _joined(one: Mapping[str, Places], other: Mapping[str, Places]) -> dict[str, Places]:
    names = sorted({*one, *other})
    return {name: tuple(sorted({*one.get(name, ()), *other.get(name, ())})) for name in names}
