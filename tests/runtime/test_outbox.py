"""The keys of events: none comes twice, and each tells its record's."""

from __future__ import annotations

import os

import pytest
from fieldstone_runtime.outbox import escaped, event_marks, record_key


def forked_marks() -> list[str]:
    """Marks that a forked process makes."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, "\n".join(event_marks(3)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as text:
        return text.read().splitlines()


def test_no_mark_comes_twice() -> None:
    marks = [mark for count in (0, 1, 2, 1024, 1025) for mark in event_marks(count)]
    marks += [mark for _ in range(200) for mark in event_marks(1)]
    assert len(set(marks)) == len(marks) == 2252


def test_a_forked_process_has_marks_of_its_own() -> None:
    event_marks(1)
    assert len({*forked_marks(), *forked_marks(), *event_marks(3)}) == 9


@pytest.mark.parametrize("key", ["run-1/episode/7", "a@b", "@", "", escaped("50% / off@home")])
def test_a_key_tells_its_record(key: str) -> None:
    (mark,) = event_marks(1)
    assert record_key(key + mark) == key
    assert mark.count("@") == 1
