"""The text of `buf-plugin-fieldstone`, the shell script that buf starts.

buf starts a plugin nine times or more for one check, and all calls but the last have the same answers. The script has
them as bytes, so that only the last call starts Python. It is committed as src/fieldstone/cli/buf-plugin-fieldstone; a
test compares. Renew it:

    python -c 'from fieldstone.workflows.buf_check.launcher import text; print(text(), end="")' \
        > src/fieldstone/cli/buf-plugin-fieldstone
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fieldstone.workflows.buf_check.answers import FIXED

_WIDTH = 100
"""The most bytes of an answer in one line of the script."""

_HEAD = """\
#!/bin/sh
# The buf check plugin of Fieldstone. `buf breaking` starts it as buf.yaml says:
#   plugins:
#     - plugin: buf-plugin-fieldstone
# It prints the answers that never change, and passes on everything else to `fieldstone-buf-plugin` beside it.
# Do not edit: src/fieldstone/workflows/buf_check/launcher.py writes it.
case $* in
--protocol)
    echo 1
    ;;
"""
_TAIL = """\
*)
    real=$(readlink -f "$0")
    exec "${real%/*}/fieldstone-buf-plugin" "$@"
    ;;
esac
"""


def text() -> str:
    """The script."""
    return _HEAD + "".join(_case(call, answer()) for call, answer in FIXED.items()) + _TAIL


def _case(call: str, answer: Any) -> str:
    lines = "".join(f"    printf '{line}'\n" for line in _lines(answer.SerializeToString(deterministic=True)))
    return f"{call}\\ --format\\ binary)\n{lines}    ;;\n"


def _lines(output: bytes) -> Iterator[str]:
    for start in range(0, len(output), _WIDTH):
        yield "".join(map(_escaped, output[start : start + _WIDTH]))


def _escaped(byte: int) -> str:
    """A byte as in the format of `printf`: letters, digits, blanks and dots as they are, others in octal."""
    character = chr(byte)
    return character if character.isascii() and (character.isalnum() or character in " ._/,") else f"\\{byte:03o}"
