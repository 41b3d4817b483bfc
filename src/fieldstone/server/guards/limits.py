"""The limits of a server; each has an option of `fieldstone serve`."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.registry.archive import LARGEST

LARGEST_REQUEST = LARGEST
"""The most bytes of a request's body, also after decompression."""
LARGEST_QUESTION = 2**20
"""The most bytes of a request's body from a caller who may not push."""
LARGEST_HEAD = 64 * 2**10
"""The most bytes of a request's line and headers."""
SLOWEST = 16 * 2**10
"""The least bytes a second, of a body that arrives and of an answer that is taken, after `request_seconds`."""
MOST_WAITING = 32
"""The most pushes of one caller that wait."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of a server.

    Attributes:
        rate: the requests that a caller may send in a second, and twice as many at once; 0 for any number.
        connections: the connections at once; an address other than this machine may have half of them.
        request_seconds: the time in which the head of a request must arrive, and in which its body must begin to
            arrive at `SLOWEST`.
        processes: the processes that judge pushes; one caller gets at most all but one.
        push_seconds: the time to judge a push.
        compile_seconds: the processor time of buf for a push; 0 for any time.
        stop_seconds: the time that running requests have after the server is stopped.
    """

    rate: int = 500
    connections: int = 1_000
    request_seconds: int = 20
    processes: int = 3
    push_seconds: int = 60
    compile_seconds: int = 15
    stop_seconds: int = 20
