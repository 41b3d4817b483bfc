"""`fieldstone lsp`."""

from __future__ import annotations

import click


@click.command()
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, as it always does.")
def command(*, stdio: bool) -> int:  # noqa: ARG001 - there is no other way to talk
    """Serve an editor: findings while typing, fixes for them, the next free numbers, and the history of an element.

    An editor starts it, and stops it. It speaks the Language Server Protocol over standard input and output, beside
    `buf lsp`. docs/editor.md has the settings for VS Code, Neovim and Helix.

    \b
    Example:
      fieldstone lsp
    """
    from fieldstone.installing import require

    require("an editor", "lsp", "pygls")
    from fieldstone.lsp.server import serve

    serve()
    return 0
