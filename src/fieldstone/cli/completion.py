"""`fieldstone completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ["bash", "zsh", "fish"]


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that teaches SHELL to complete commands, modules, versions and rules.

    \b
    Examples:
      source <(fieldstone completion bash)
      fieldstone completion fish > ~/.config/fish/completions/fieldstone.fish
    """
    found = get_completion_class(shell)
    assert found is not None, "every shell on offer has a completion class"
    click.echo(found(ctx.find_root().command, {}, "fieldstone", "_FIELDSTONE_COMPLETE").source())
    return 0
