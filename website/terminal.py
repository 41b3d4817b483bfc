"""A real terminal: commands run in a scratch repository, their colours as HTML."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

_SCHEMA = """syntax = "proto3";
package shop.v1;

message Order {
  string id = 1;
  double total = 2;
}
"""
_CODES = {
    "1": "bold", "2": "dim", "3": "italic", "4": "underline",
    "31": "red", "32": "green", "33": "yellow", "34": "blue", "35": "magenta", "36": "cyan",
    "90": "dim", "91": "red", "92": "green", "93": "yellow", "94": "blue", "95": "magenta", "96": "cyan",
}  # fmt: skip
"""The codes of SGR (ECMA-48, 8.3.117) that Fieldstone prints, and the class of each."""
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_ERASED = re.compile(r"[^\n]*\r")
"""Progress: what a carriage return overwrites."""
_OTHER = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-ln-z]")
"""Links (OSC 8) and movements of the cursor, which a page does not show."""


def session() -> str:
    """A check that refuses a change of type, as HTML of a terminal.

    Raises:
        RuntimeError: the check did not refuse it.
    """
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _set_up(folder)
        source = folder / "proto" / "shop" / "v1" / "shop.proto"
        source.write_text(_SCHEMA.replace("double total", "float total"), "utf-8")
        output, code = _run(["check"], folder)
    if code != 1:
        raise RuntimeError(f"the check for the first page ended with {code}:\n{output}")
    edit = "sed -i 's/double total/float total/' proto/shop/v1/shop.proto"
    return as_html([(edit, ""), ("fieldstone check", output), ("echo $?", f"{code}\n")])


def as_html(commands: list[tuple[str, str]]) -> str:
    """Commands with their outputs as one terminal."""
    parts = (f'<span class="term-prompt">$</span> {escape(command)}\n{to_html(output)}' for command, output in commands)
    body = "".join(parts).rstrip("\n")
    return f'<div class="terminal"><pre tabindex="0" aria-label="A terminal">{body}</pre></div>'


def to_html(output: str) -> str:
    """A terminal's output with spans instead of its codes for colours."""
    plain = _OTHER.sub("", _ERASED.sub("", output.replace("\r\n", "\n")))
    made, style = "", set[str]()
    for number, part in enumerate(_SGR.split(plain)):
        if number % 2:
            style = _styled(style, part)
        elif part:
            names = " ".join(f"term-{name}" for name in sorted(style))
            made += f'<span class="{names}">{escape(part)}</span>' if names else escape(part)
    return made


def _styled(style: set[str], codes: str) -> set[str]:
    for code in codes.split(";"):
        style = set() if code in {"", "0"} else style | {_CODES[code]} if code in _CODES else style
    return style


def _set_up(folder: Path) -> None:
    source = folder / "proto" / "shop" / "v1" / "shop.proto"
    source.parent.mkdir(parents=True)
    source.write_text(_SCHEMA, "utf-8")
    (folder / "buf.yaml").write_text(
        "version: v2\nmodules:\n  - path: proto\n    name: example.com/acme/shop\n", "utf-8"
    )
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
    for arguments in (["init"], ["release", "shop"]):
        output, code = _run(arguments, folder)
        if code:
            raise RuntimeError(f"fieldstone {' '.join(arguments)} ended with {code}:\n{output}")


def _run(arguments: list[str], folder: Path) -> tuple[str, int]:
    """A command's output and exit code on a terminal of 90 columns."""
    settings = {"TERM": "xterm-256color", "COLUMNS": "90", "FORCE_COLOR": "1"}
    unset = {"NO_COLOR", "CI", "GITHUB_ACTIONS", "GITHUB_BASE_REF"}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | settings
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fieldstone", *arguments]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        output = b""
        try:
            while part := os.read(ours, 65536):
                output += part
        except OSError:  # Linux, when the other end is closed
            pass
    os.close(ours)
    return output.decode(), process.returncode
