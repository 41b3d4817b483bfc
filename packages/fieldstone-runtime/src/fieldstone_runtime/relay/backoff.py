"""Pauses before something is tried again."""

from __future__ import annotations

import random

LONGEST = 300.0
"""Seconds between two attempts, at most."""

_FIRST = 0.2
_RANDOM = random.SystemRandom()


def delay(attempts: int) -> float:
    """Seconds to wait after so many failures in a row, from 1: exponential, with jitter.

    Half of it is left to chance ("equal jitter",
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that relays that failed together
    do not come back together.
    """
    whole = min(LONGEST, _FIRST * 2.0 ** min(attempts - 1, 30))
    return whole / 2 + _RANDOM.uniform(0, whole / 2)
