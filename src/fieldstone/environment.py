"""The environment variables that Fieldstone reads, with their meanings: for the documentation.

Programs that Fieldstone starts or uses (buf, git, node, the clients of databases and object stores) read their own.
"""

from __future__ import annotations

VARIABLES = {
    "FIELDSTONE_TOKEN": "The token for a registry on a server. Without it, the login of the host in `~/.netrc` counts, "
    "as for buf.",
    "FIELDSTONE_OFFLINE": "`1` forbids to ask any server: releases that were fetched before are read from here.",
    "FIELDSTONE_CACHE": "`1` or `true` uses the cache in `.fieldstone/` also where `CI` is set, `0` or `false` never "
    "uses it. `--cache` and `--no-cache` take precedence.",
    "FIELDSTONE_INDEX_TOKEN": "A token that `fieldstone index serve` accepts, besides those of `--token-file`.",
    "FIELDSTONE_SIGN_IN_SECRETS": "The secrets of `fieldstone serve` as a client of the issuers by which people sign "
    "in: `NAME=SECRET` for each `[sign-in.NAME]` of the policy, with spaces between them.",
    "FIELDSTONE_TRACEBACK": "Any value shows the traceback of an unexpected error, for a bug report.",
    "CI": "Any value but `0` and `false` turns the cache off: a forged cache could turn a refusal into a pass.",
    "GITHUB_ACTIONS": "`true` makes `github` the default format of `fieldstone check`.",
    "GITHUB_BASE_REF": "The target branch of a pull request on GitHub: the default of `--since`.",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "The target of a merge request on GitLab, in pipelines for merge results: "
    "the default of `--since`.",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "The base of a merge request on GitLab: the default of `--since`.",
    "NO_COLOR": "Any value switches colours off (https://no-color.org).",
    "FORCE_COLOR": "Any value but `0` switches colours on, also in a pipe or a file. `CLICOLOR_FORCE` does the same.",
    "CLICOLOR_FORCE": "As `FORCE_COLOR` (https://bixense.com/clicolors).",
    "CLICOLOR": "`0` switches colours off.",
    "TERM": "`dumb` switches colours off.",
    "COLUMNS": "The width of lines on a terminal, in characters.",
    "VIRTUAL_ENV": "The active virtual environment: its Python is asked by `fieldstone uses scan`.",
    "PYTHONPATH": "Kept for the Python that `fieldstone uses scan` runs.",
    "NETRC": "The file with the logins of hosts, instead of `~/.netrc`.",
    "HOME": "The folder of the user. Without it buf keeps its cache in the system's temporary folder.",
}
"""Name to meaning, those of Fieldstone first."""
