"""Completion in PowerShell, which click has no class for."""

from __future__ import annotations

import os

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_SCRIPT = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text.Trim([char[]]"'`"") }
    $env:%(complete_var)s = 'powershell_complete'
    $env:COMP_WORDS = $words -join "`n"
    $env:COMP_CWORD = $wordToComplete
    try {
        %(prog_name)s | ForEach-Object {
            $type, $value, $help = $_ -split "`t", 3
            if ($type -eq 'plain') {
                [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
            } else {
                Get-ChildItem -Path "$wordToComplete*" -Directory:($type -eq 'dir') | ForEach-Object {
                    $path = Resolve-Path -Relative -LiteralPath $_.FullName
                    [System.Management.Automation.CompletionResult]::new($path, $path, 'ProviderItem', $path)
                }
            }
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_CWORD -ErrorAction SilentlyContinue
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """Completion for Windows PowerShell and PowerShell 7.

    The words go through the environment, one a line. Each answer is a line of type, value and help, between tabs.
    """

    name = "powershell"
    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that one."""
        words, incomplete = os.environ.get("COMP_WORDS", "").split("\n")[1:], os.environ.get("COMP_CWORD", "")
        incomplete = incomplete.strip("'\"")
        if incomplete and words and words[-1] == incomplete:
            words.pop()
        return words, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """One answer; PowerShell refuses an empty help."""
        help_ = " ".join((item.help or item.value).split())
        return f"{item.type}\t{item.value}\t{help_ or ' '}"
