"""The exit codes of every command."""

from __future__ import annotations

CLEAN = 0
FINDINGS = 1
FAILED = 2
INTERRUPTED = 130

MEANINGS = {
    CLEAN: "The job is done, and no finding counts.",
    FINDINGS: "Findings that count: the change, the release or the registry is refused; a format or generated file is "
    "not up to date.",
    FAILED: "The job could not be done: wrong arguments or settings, a schema that does not compile, a registry that "
    "cannot be read. One line on standard error says what was looked for, and where.",
    INTERRUPTED: "Interrupted by Ctrl-C (128 + SIGINT, as shells have it).",
}
"""Exit code to its meaning, for the documentation."""
