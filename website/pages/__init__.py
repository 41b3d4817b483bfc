"""The pages that come from the code: what the tool knows of itself, each from the one place that declares it."""

from __future__ import annotations

from collections.abc import Mapping

from website.pages import commands, environment, exit_codes, reports, rules, settings, vocabulary


def generated_pages() -> Mapping[str, str]:
    """Path below docs/ to the Markdown of every page that is not written by hand."""
    return {
        "reference/annotations.md": vocabulary.page(),
        "reference/environment.md": environment.page(),
        "reference/exit-codes.md": exit_codes.page(),
        "reference/reports.md": reports.page(),
        "reference/settings.md": settings.page(),
        **commands.pages(),
        **rules.pages(),
    }
