"""The command line: parse, call a workflow, render, exit."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from fieldstone.errors import FieldstoneError
from fieldstone.exit_codes import CLEAN, FAILED, INTERRUPTED


def main() -> None:
    """Run the command line; never shows a traceback unless FIELDSTONE_TRACEBACK is set."""
    atexit.register(gc.freeze)  # the process ends: a last collection would take 20 ms
    if sys.argv[1:2] == ["check"]:
        gc.disable()  # the process is short: collecting would add a fifth to the time of a large schema
    import click

    from fieldstone.cli.group import cli
    from fieldstone.cli.output import say_error, say_help
    from fieldstone.cli.parsing import notes_of, problem_of

    if os.environ.get("_FIELDSTONE_COMPLETE", "").startswith("powershell"):
        import fieldstone.cli.powershell  # noqa: F401 - it registers itself

    try:
        code = cli.main(prog_name="fieldstone", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say_help(error.format_message())
        code = FAILED
    except click.ClickException as error:
        say_error(problem_of(error), notes=notes_of(error))
        code = FAILED
    except click.Abort:
        code = INTERRUPTED
    except FieldstoneError as error:
        say_error(*str(error).split("\n"))
        code = error.exit_code
    except Exception as error:
        if os.environ.get("FIELDSTONE_TRACEBACK"):
            raise
        say_error(unforeseen(error))
        code = FAILED
    sys.exit(code if isinstance(code, int) else CLEAN)


def unforeseen(error: Exception) -> str:
    """The text for an unexpected error; one of the operating system, such as a full disk, is no bug."""
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"the system refused: {where}{error.strerror or error}"
    return (
        f"Fieldstone failed: {type(error).__name__}: {error}; please report it with the output of "
        "the same command under FIELDSTONE_TRACEBACK=1"
    )
