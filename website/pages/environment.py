"""The page of environment variables."""

from __future__ import annotations

from fieldstone.environment import VARIABLES
from website.pages.markdown import table


def page() -> str:
    """Every variable that Fieldstone reads, with its meaning."""
    rows = ((f"`{name}`", meaning) for name, meaning in VARIABLES.items())
    return (
        "# Environment variables\n\n"
        f"{table(['variable', 'meaning'], rows)}\n\n"
        "Programs and libraries that Fieldstone uses read their own: buf, git and node; the clients of databases "
        "(`PGPASSWORD` and others of libpq), of object stores (`AWS_ACCESS_KEY_ID` and others) and of Kafka.\n"
    )
