"""The pre-commit hooks of `.pre-commit-hooks.yaml` and of `fieldstone init`.

pre-commit does not pass deleted files to hooks, so the checks always run. A weaker policy is reported but
accepted in a hook: the pipeline decides about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.compatibility.finding import WEAKENED

HOOKS_FILE = ".pre-commit-config.yaml"
_COMMON = {"require_serial": True, "stages": ["pre-commit"]}
_ALWAYS = {"always_run": True, "pass_filenames": False, **_COMMON}
FORMAT = "fieldstone-format"
"""The id of the hook that rewrites files."""
HOOKS: tuple[Mapping[str, Any], ...] = (
    {
        "id": FORMAT,
        "name": "format schemas",
        "description": "Formats the .proto files of the commit as `buf format` does, and stops it if one changed.",
        "entry": "fieldstone format",
        "types": ["proto"],
        "pass_filenames": True,
        **_COMMON,
    },
    {
        "id": "fieldstone-check",
        "name": "schemas stay compatible, releases unchanged",
        "description": "Refuses what breaks anything ever released, edits a release, or lacks the style that buf.yaml "
        "asks for.",
        "entry": f"fieldstone check --since HEAD --accept {WEAKENED}",
        **_ALWAYS,
    },
)
"""The hooks for every repository with schemas, without the key `language`."""

GENERATE: Mapping[str, Any] = {
    "id": "fieldstone-generate",
    "name": "generated code is fresh",
    "description": "Refuses a commit whose generated code is not what its schemas say.",
    "entry": "fieldstone generate --check",
    **_ALWAYS,
}
"""The hook for repositories that commit generated code; it requires `fieldstone[generate]`."""


def manifest() -> list[dict[str, Any]]:
    """The content of `.pre-commit-hooks.yaml`: pre-commit installs Fieldstone, and buf with it.

    `.[generate]` is Fieldstone with that extra, installed from pre-commit's checkout.
    """
    generate = {**GENERATE, "language": "python", "additional_dependencies": [".[generate]"]}
    return [*({**hook, "language": "python"} for hook in HOOKS), generate]


def local_config(
    prefix: str = "", *, generated: bool = False, formats: bool = True, existing: str = ""
) -> dict[str, Any]:
    """A pre-commit configuration that runs the installed `fieldstone`.

    Args:
        prefix: the folder of the command if it is not on PATH: `.venv/bin/`.
        generated: whether the repository commits generated code.
        formats: whether commits are formatted.
        existing: the text of a configuration; its hooks are left out.
    """
    wanted = [hook for hook in (*HOOKS, *([GENERATE] if generated else [])) if formats or hook["id"] != FORMAT]
    chosen = [hook for hook in wanted if hook["id"] not in existing]
    hooks = [{**hook, "entry": prefix + hook["entry"], "language": "system"} for hook in chosen]
    return {"repos": [{"repo": "local", "hooks": hooks}]}
