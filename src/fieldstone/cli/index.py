"""`fieldstone index`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.output import say
from fieldstone.cli.parsing import Group

if TYPE_CHECKING:
    from fieldstone.packaging.index.packages import Package

_FOLDERS = click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group(cls=Group)
def command() -> None:
    """Serve packages to other teams: an index for pip, uv, Poetry and npm.

    \b
    Example:
      fieldstone index serve dist
    """


@command.command("build")
@_FOLDERS
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write, for a web server.")
@click.option("--url", default="", metavar="URL", help="The address that the web server has; npm packages need it.")
def build_index(folders: tuple[Path, ...], out: Path, url: str) -> int:
    """Write an index of the packages in each FOLDER, as files that any web server can serve.

    An index only grows: packages that are in --out already stay, and none is replaced by another of the same name.

    \b
    Examples:
      fieldstone index build dist --out public
      fieldstone index build dist npm/dist --out public --url https://packages.example.com
    """
    from fieldstone.workflows.index import build

    built = build(folders, out, url)
    for path, label in built.added.items():
        say(f"{label}  {path}")
    files = f"{built.written} file{'' if built.written == 1 else 's'} written"
    say(f"{out}: {len(built.added)} added to {built.kept}, {files}.", err=True)
    return 0


@command.command("serve")
@_FOLDERS
@click.option("--host", default="127.0.0.1", show_default=True, help="Any address but localhost requires a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="A file with tokens, one a line; FIELDSTONE_INDEX_TOKEN is another.",
)
def serve_index(folders: tuple[Path, ...], host: str, port: int, token_file: Path | None) -> int:
    """Serve an index of the packages in each FOLDER, as they are at the start, until stopped.

    \b
    Examples:
      fieldstone index serve dist
      fieldstone index serve dist --host 0.0.0.0 --token-file tokens.txt
    """
    from fieldstone.errors import Invalid
    from fieldstone.workflows.index import load, require

    require("packaging", "starlette", "uvicorn")
    from fieldstone.server.access.tokens import VARIABLE, load_tokens
    from fieldstone.server.index import create_app
    from fieldstone.server.running import is_loopback, run

    tokens = load_tokens(token_file, os.environ.get(VARIABLE))
    if not tokens and not is_loopback(host):
        raise Invalid(
            f"others can reach {host}, and there is no token", fix=f"give one with --token-file or {VARIABLE}"
        )
    packages = load(folders)
    run(
        lambda lifespan: create_app(packages, tokens, lifespan),
        host,
        port,
        lambda address: _tell(packages, address, guarded=bool(tokens)),
    )
    return 0


def _tell(packages: Sequence[Package], address: str, *, guarded: bool) -> None:
    """Print the client commands on stderr; a token is named, and never shown."""
    from fieldstone.packaging.index.packages import by_name, by_project, lacking
    from fieldstone.server.access.tokens import VARIABLE

    projects, names = by_project(packages), by_name(packages)
    count = f"{len(packages)} package{'' if len(packages) == 1 else 's'}"
    say(f"{count} at {address}; stop with Ctrl-C.", err=True)
    host = address.partition("://")[2]
    if projects:
        url = f"http://token:${VARIABLE}@{host}/simple/" if guarded else f"{address}/simple/"
        if needed := lacking(packages):  # before: pip would take a package of the same name from either of two indexes
            say(f"  pip install {shlex.join(needed)}", err=True)
        say(f"  pip install --index-url {url} {' '.join(projects)}", err=True)
        say(f"  uv pip install --index {url} {' '.join(projects)}", err=True)
    for scope in dict.fromkeys(f"{name.partition('/')[0]}:" if "/" in name else "" for name in names):
        say(f"  .npmrc: {scope}registry={address}/npm/", err=True)
    if names and guarded:
        say(f"  .npmrc: //{host}/npm/:_authToken=${{{VARIABLE}}}", err=True)
