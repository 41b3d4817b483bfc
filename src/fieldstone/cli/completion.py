"""`fieldstone completion`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from fieldstone.cli.options import OneOf
from fieldstone.cli.output import say_document
from fieldstone.cli.parsing import Command
from fieldstone.cli.powershell import PowerShellComplete

_SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete, "powershell": PowerShellComplete}


@click.command(cls=Command)
@click.argument("shell", type=OneOf(list(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print a script that makes SHELL complete commands, modules, versions and rules.

    \b
    Examples:
      source <(fieldstone completion bash)
      fieldstone completion fish > ~/.config/fish/completions/fieldstone.fish
      fieldstone completion powershell >> $PROFILE
    """
    script = _SHELLS[shell](ctx.find_root().command, {}, "fieldstone", "_FIELDSTONE_COMPLETE").source()
    say_document(f"{script}\n")
    return 0
