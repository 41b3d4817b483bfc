"""The page of exit codes."""

from __future__ import annotations

from fieldstone.exit_codes import MEANINGS
from website.pages.markdown import table


def page() -> str:
    """Every exit code with its meaning."""
    rows = ((f"`{code}`", meaning) for code, meaning in MEANINGS.items())
    return (
        "# Exit codes\n\nThe same for every command.\n\n"
        f"{table(['code', 'meaning'], rows)}\n\n"
        "A pipeline must fail on 2 as on 1: what could not be judged is not allowed. Findings go to standard output, "
        "everything else to standard error.\n"
    )
