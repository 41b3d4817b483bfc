"""A page as its tests play it: files are written, edits applied and commands run, in order, as a reader would.

In a page's Markdown:

- a ``console`` block has commands after ``$``, each with all that it prints below it;
- a block with ``title="PATH"`` is a file with this text, and a ``diff`` block with it an edit of that file;
- ``<!-- starts with: NAME -->`` names the state of ``states.py`` that the page starts with, in a folder of that name,
  and ``<!-- starts with: NAME in FOLDER -->`` another folder;
- ``<!-- keeps running -->`` before a console block: its last command goes on while the reader types elsewhere.
"""

from __future__ import annotations

import difflib
import re

from tests.pages.shell import Shell
from tests.pages.varying import alike

BLOCK = re.compile(
    r"^(?P<mark><!-- keeps running -->\n+)?"
    r"(?P<open>```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n)(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
STARTS = re.compile(r"^<!-- starts with: (\S+)(?: in (\S+))? -->$", re.MULTILINE)


def is_played(text: str) -> bool:
    """Whether a page has anything to run."""
    return any(block["kind"] == "console" for block in BLOCK.finditer(text))


def beginning(text: str) -> tuple[str, str]:
    """The name of the state that a page starts with, and of the folder."""
    found = STARTS.search(text)
    state = found[1] if found else "empty"
    return state, (found and found[2]) or state


def play(text: str, shell: Shell) -> str:
    """The page with what its commands print now. It is the same text if nothing changed that may not vary."""
    return BLOCK.sub(lambda block: _play_block(block, shell), text)


def difference(text: str, played: str) -> str:
    """The lines of a page that are not what its commands print."""
    return "\n".join(difflib.unified_diff(text.splitlines(), played.splitlines(), "page", "printed", n=2, lineterm=""))


def _play_block(block: re.Match[str], shell: Shell) -> str:
    kind, title, body = block["kind"], block["title"], block["body"]
    if kind == "console":
        body = _console(body, shell, keeps_running=bool(block["mark"]))
    elif kind == "diff" and title:
        path = shell.folder / title
        shell.write(title, edited(path.read_text("utf-8"), body, title))
    elif title:
        shell.write(title, body)
    return f"{block['mark'] or ''}{block['open']}{body}```"


def _console(body: str, shell: Shell, *, keeps_running: bool) -> str:
    before, *parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert parts, f"a console block needs a command after `$ `:\n{body}"
    assert not before, f"a console block begins with `$ `:\n{body}"
    shown = []
    for number, part in enumerate(parts, 1):
        command, expected = _command(part)
        start = keeps_running and number == len(parts)
        printed = shell.start(command) if start else shell.run(command)
        assert "Traceback (most recent call last)" not in printed, f"$ {command}\n{printed}"
        said = expected if alike(expected, printed) else printed.rstrip("\n") + "\n" * bool(printed.strip())
        shown.append(f"$ {command}\n{said}")
    return "".join(shown)


def _command(part: str) -> tuple[str, str]:
    """A command, which goes on after a backslash, and the output below it."""
    lines = part.split("\n")
    last = next(n for n, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :])


def edited(text: str, diff: str, path: str) -> str:
    """A text after an edit: lines after `-` are replaced by those after `+`, between unmarked ones that stay.

    Raises:
        AssertionError: If the lines to replace are not exactly once in the text.
    """
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    new = "".join(line[1:] for line in lines if not line.startswith("-"))
    assert text.count(old) == 1, f"{path} has these lines {text.count(old)} times, not once:\n{old}\nin:\n{text}"
    return text.replace(old, new)
