"""`protoc-gen-fieldstone`: the plugin that `buf generate` runs; the response goes to standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Answer the request on standard input; errors are part of the response, unexpected ones one line."""
    from fieldstone.cli import unforeseen
    from fieldstone.printed import printable_line
    from fieldstone.workflows.protoc_plugin import respond

    if sys.stdin.isatty():
        sys.exit("protoc-gen-fieldstone is a plugin: name it in buf.gen.yaml and run `buf generate`")
    try:
        answer = respond(sys.stdin.buffer.read(), Path.cwd())
    except Exception as error:
        if os.environ.get("FIELDSTONE_TRACEBACK"):
            raise
        sys.exit(printable_line(f"error: {unforeseen(error)}"))
    sys.stdout.buffer.write(answer)
