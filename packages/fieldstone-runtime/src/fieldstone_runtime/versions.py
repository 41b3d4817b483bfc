"""The versions of a record, which tell whether it was changed since it was read."""

from __future__ import annotations

from collections.abc import Sequence

from fieldstone_runtime.errors import StaleRecordError, ValueRefusedError


def next_version(record: object, attribute: str) -> int:
    """The version that a record has once it is written.

    Raises:
        ValueRefusedError: its version is no int.
    """
    version = getattr(record, attribute, None)
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueRefusedError(type(record).__name__, attribute, version, "an int")
    return version + 1


def refuse_stale(record: object, key: Sequence[str], version: int, stored: int | None) -> None:
    """Let a record pass that is written over the version that is stored.

    Args:
        record: the record.
        key: the attributes of its primary key.
        version: the version that is to be written over.
        stored: the version that is stored; None where there is no such record.

    Raises:
        StaleRecordError: it is another version.
    """
    if stored != version:
        raise StaleRecordError(type(record).__name__, tuple(getattr(record, name) for name in key), version, stored)
