"""Every Range header gives what a plain reading of RFC 9110 says, or the whole file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.server.ranges import UnsatisfiableError, part_of

NUMBERS = st.integers(0, 12)


@given(size=NUMBERS, first=NUMBERS, last=st.none() | NUMBERS)
def test_from_a_byte_to_a_byte(size: int, first: int, last: int | None) -> None:
    content = bytes(range(size))
    header = f"bytes={first}-{'' if last is None else last}"
    expected = bytes(b for b in content if first <= b and (last is None or b <= last))
    if last is not None and last < first:
        assert part_of(size, header) is None
    elif not expected:
        with pytest.raises(UnsatisfiableError):
            part_of(size, header)
    else:
        assert content[part_of(size, header) or slice(0)] == expected


@given(size=NUMBERS, count=NUMBERS)
def test_the_last_bytes(size: int, count: int) -> None:
    content = bytes(range(size))
    if not size or not count:
        with pytest.raises(UnsatisfiableError):
            part_of(size, f"bytes=-{count}")
    else:
        assert content[part_of(size, f"bytes=-{count}") or slice(0)] == content[-count:]


@given(st.text(max_size=20))
def test_any_header_is_read(header: str) -> None:
    try:
        found = part_of(5, header)
    except UnsatisfiableError:
        return
    assert found is None or 0 <= found.start < found.stop <= 5
