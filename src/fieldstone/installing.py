"""The command that installs something beside Fieldstone, for the way in which Fieldstone itself was installed.

pipx leaves `pipx_metadata.json` in each environment that it makes, uv `uv-receipt.toml` in that of a tool. Where a
distribution came from, if not from an index, is in its `direct_url.json`
(https://packaging.python.org/specifications/direct-url/).
"""

from __future__ import annotations

import json
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fieldstone.errors import Unavailable

_TOOL = "fieldstone"
_FOLDERS = {"fieldstone-runtime": "packages/fieldstone-runtime"}
"""Our other distributions, each with its folder in the repository."""


def with_extra(extra: str) -> str:
    """The command that installs Fieldstone again with one of its extras."""
    return _tool(_requirement(_TOOL, extra))


def require(what: str, extra: str, *modules: str) -> None:
    """Raise if one of these Python modules, which one of Fieldstone's extras provides, is not installed.

    Args:
        what: what needs it, for the error: "an index".
        extra: the extra.
        modules: the modules.

    Raises:
        Unavailable: one is not installed.
    """
    missing = [module for module in modules if not find_spec(module)]
    if missing:
        raise Unavailable(
            f"{what} takes {missing[0]}, which {sys.executable} cannot import",
            fix=f"install it: `{with_extra(extra)}`",
        )


def beside(distribution: str, extra: str = "") -> str:
    """The command that installs another distribution into the environment of Fieldstone.

    Args:
        distribution: its name: one of ours, or of another project.
        extra: one of its extras; empty for none.
    """
    is_ours = distribution in _FOLDERS
    requirement = _requirement(distribution, extra) if is_ours else [_named(distribution, extra)]
    match _installer():
        case "pipx":
            words = ["pipx", "inject", _TOOL, *requirement]
        case "uv tool":
            words = ["uv", "tool", "install", "--force", "--with", requirement[-1], *_requirement(_TOOL)]
        case _:
            words = [*_into_environment(), *requirement]
    return shlex.join(words)


def _tool(requirement: list[str]) -> str:
    match _installer():
        case "pipx":
            words = ["pipx", "install", "--force", *requirement]
        case "uv tool":
            words = ["uv", "tool", "install", "--force", *requirement]
        case _:
            words = [*_into_environment(), *requirement]
    return shlex.join(words)


def _installer() -> str:
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx"
    return "uv tool" if (prefix / "uv-receipt.toml").is_file() else "pip"


def _into_environment() -> list[str]:
    """The start of a command that installs into this environment; one that uv made has no pip."""
    return ["pip", "install"] if find_spec("pip") else ["uv", "pip", "install", "--python", sys.executable]


def _requirement(distribution: str, extra: str = "") -> list[str]:
    """The arguments that name one of our distributions, from where Fieldstone came."""
    name, origin = _named(distribution, extra), _origin()
    folder = _FOLDERS.get(distribution, "")
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        revision = vcs.get("requested_revision") or vcs.get("commit_id", "")
        return [f"{name} @ {vcs['vcs']}+{url}@{revision}{f'#subdirectory={folder}' if folder else ''}"]
    if "dir_info" in origin and url.startswith("file:"):
        return [*(["-e"] if origin["dir_info"].get("editable") else []), _in_folder(url, folder, extra)]
    return [f"{name} @ {url}" if url and not folder else name]


def _in_folder(url: str, folder: str, extra: str) -> str:
    from urllib.parse import unquote, urlsplit

    path = Path(unquote(urlsplit(url).path)) / folder
    return f"{path}[{extra}]" if extra else str(path)


def _named(distribution: str, extra: str) -> str:
    return f"{distribution}[{extra}]" if extra else distribution


def _origin() -> dict[str, Any]:
    """Where Fieldstone came from; empty if from an index, or if it was not installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import distribution as installed

    try:
        found = json.loads(installed(_TOOL).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
