"""The command line: parse, call a workflow, render, exit."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from fieldstone.errors import FieldstoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldstone.workflows.project import Project

_COULD_NOT = 2
_INTERRUPTED = 130

_NOT_INCREMENTAL = {"--full", "--profile", "--help", "-h"}
"""With these a check does not ask git what may have changed."""


def main() -> None:
    """Run the command line; never shows a traceback unless FIELDSTONE_TRACEBACK is set."""
    atexit.register(gc.freeze)  # the process ends: to look for garbage once more would take it 20 ms
    if sys.argv[1:2] == ["check"]:
        gc.disable()  # the process ends with its answer, and collecting would cost a large schema a fifth of its time
    begun = _begun(sys.argv[1:])
    import click

    from fieldstone.cli.group import cli
    from fieldstone.cli.output import say, say_wrong_usage

    try:
        code = cli.main(prog_name="fieldstone", standalone_mode=False, obj=begun)
    except click.ClickException as error:
        say_wrong_usage(error)
        code = _COULD_NOT
    except click.Abort:
        code = _INTERRUPTED
    except FieldstoneError as error:
        for line in f"error: {error}".split("\n"):
            say(line, err=True)
        code = _COULD_NOT
    except Exception as error:
        if os.environ.get("FIELDSTONE_TRACEBACK"):
            raise
        say(f"error: {unforeseen(error)}", err=True)
        code = _COULD_NOT
    finally:
        if begun is not None and begun.cache.standing is not None:
            begun.cache.standing.close()
    sys.exit(code if isinstance(code, int) else 0)


def _begun(arguments: Sequence[str]) -> Project | None:
    """The project of a check, with git at work on it while the command line is imported and parsed.

    Whatever is wrong with it, the command meets again, and tells.
    """
    if arguments[:1] != ["check"] or _NOT_INCREMENTAL & {*arguments}:
        return None
    from fieldstone.cache.asked_before import ask_again
    from fieldstone.cli.opening import permission

    asked, permitted = None, permission(asked=_cache_option(arguments))
    with suppress(Exception):
        if not permitted.is_wanted:
            return None
        asked = ask_again(os.getcwd(), permitted)  # noqa: PTH109 - before pathlib is imported
        from pathlib import Path

        from fieldstone.workflows.looking import ask_git
        from fieldstone.workflows.project import Project

        project = Project.at(Path.cwd(), permission=permitted)
        if project.cache.store.folder is not None:
            ask_git(project, asked)
        elif asked is not None:
            asked.close()
        return project
    if asked is not None:
        asked.close()
    return None


def _cache_option(arguments: Sequence[str]) -> bool | None:
    """The choice of `--cache` or `--no-cache`; None without either."""
    given = [argument for argument in arguments if argument in {"--cache", "--no-cache"}]
    return given[-1] == "--cache" if given else None


def unforeseen(error: Exception) -> str:
    """What to say of an error that nothing else explains; a full disk is nobody's mistake."""
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"the system refused: {where}{error.strerror or error}"
    return (
        f"Fieldstone failed: {type(error).__name__}: {error}; please report it with the output of "
        "the same command under FIELDSTONE_TRACEBACK=1"
    )
