"""Limits of buf, by their error messages, and the workarounds."""

from __future__ import annotations

import re

_BESIDE = "declare the messages beside each other: buf nests no deeper than 31 levels"
_LESS_DEEP = (
    "declare the messages beside each other: buf compares no change that lies deeper than 30 levels. "
    "`check --no-second-opinion` does without buf"
)
_NO_MESSAGE_SET = (
    "leave out `message_set_wire_format`, or list the files of that message in a module of their own that is not "
    "checked: buf neither lints nor compares a MessageSet. `check --no-style --no-second-opinion` does without buf"
)
_NO_UNUSED_OPTIONS = "leave out an `import option` that nothing in its file uses: buf neither lints nor compares one"
_WAYS_OUT = {
    r"nesting depth must be less than": _BESIDE,
    r"is a MessageSet": _NO_MESSAGE_SET,
    r"source_path: must contain no more than 64": _LESS_DEEP,
    r"got dependency index of \d+ but length of imports is": _NO_UNUSED_OPTIONS,
    r"unused dependency index \d+ is out of range": _NO_UNUSED_OPTIONS,
}


def way_out(problem: str) -> str:
    """The workaround for a limit of buf's.

    Args:
        problem: buf's error message.

    Returns:
        the advice; empty if the message is about no known limit.
    """
    return next((advice for words, advice in _WAYS_OUT.items() if re.search(words, problem)), "")
