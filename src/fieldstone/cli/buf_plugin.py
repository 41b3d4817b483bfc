"""`fieldstone-buf-plugin`: the plugin that `buf breaking` runs; responses go to standard output.

`buf-plugin-fieldstone` beside this file answers most calls before Python starts; this program answers all.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    """Answer one call; errors are part of the response, unexpected ones one line."""
    gc.disable()  # the process is short
    from fieldstone.cli import unforeseen
    from fieldstone.errors import FieldstoneError
    from fieldstone.printed import printable_line
    from fieldstone.workflows.buf_plugin import respond

    def note(text: str) -> None:
        print(printable_line(f"fieldstone: {text}"), file=sys.stderr)  # noqa: T201 - buf passes it on

    try:
        answer = respond(sys.argv[1:], sys.stdin.buffer.read, Path.cwd(), note)
    except FieldstoneError as error:
        sys.exit(printable_line(f"error: {error}"))
    except Exception as error:
        if os.environ.get("FIELDSTONE_TRACEBACK"):
            raise
        sys.exit(printable_line(f"error: {unforeseen(error)}"))
    sys.stdout.buffer.write(answer)
