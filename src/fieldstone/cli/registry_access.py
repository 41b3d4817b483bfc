"""`fieldstone registry token`, `policy` and `audit`: the administration of a shared registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import OneOf
from fieldstone.cli.output import say, say_document, say_json, say_record
from fieldstone.cli.parsing import Command, Group
from fieldstone.registry.scopes import SCOPES

if TYPE_CHECKING:
    from fieldstone.registry import Defect
    from fieldstone.workflows.administering import Administration
    from fieldstone.workflows.heads import Head

registry_option = click.option(
    "--registry",
    "address",
    metavar="URL",
    default="",
    help="The registry, instead of that of the settings: https://HOST, with the token of an admin in FIELDSTONE_TOKEN "
    "or ~/.netrc; or the address of its database, sqlite:///PATH or postgresql://USER@HOST/NAME.",
)


def _opened(address: str) -> Administration:
    from fieldstone.workflows.index import require

    require("sqlalchemy")
    from fieldstone.workflows.administering import open_administration

    return open_administration(address or open_project().settings.registry)


@click.group(cls=Group)
def token() -> None:
    """Create, list and revoke the tokens of a shared registry.

    \b
    Example:
      fieldstone registry token list
    """


@token.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=OneOf(SCOPES), help="Can be repeated.")
@click.option(
    "--module", "modules", multiple=True, default=("*",), metavar="PATTERN", help="Modules, as 'shop*'; all by default."
)
@click.option("--days", default=90.0, show_default=True, type=click.FloatRange(0, 3650, min_open=True))
@registry_option
def create_token(name: str, scopes: tuple[str, ...], modules: tuple[str, ...], days: float, address: str) -> int:
    """Create a token, and print its secret: it is shown this once.

    \b
    Example:
      fieldstone registry token create ci-shop --scope push --module 'shop*'
    """
    from fieldstone.workflows.administering.messages import TokenWish

    issued = _opened(address).create_token(TokenWish(name=name, scopes=scopes, modules=modules, days=days))
    say(issued.secret)
    say(f"token {issued.token.id} of {name}, until {issued.token.expires_at}; its secret is not stored", err=True)
    return 0


@token.command("list")
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
@registry_option
def list_tokens(format_: str, address: str) -> int:
    """List all tokens, without their secrets.

    \b
    Example:
      fieldstone registry token list --registry https://contracts.example.com
    """
    from msgspec import to_builtins

    found = _opened(address).tokens()
    if format_ == "json":
        say_json([to_builtins(one) for one in found])
        return 0
    for one in found:
        state = f"revoked {one.revoked_at}" if one.revoked_at else f"until {one.expires_at}"
        used = f"used {one.used_at}" if one.used_at else "never used"
        say(f"{one.id}  {one.name}  {','.join(one.scopes)}  {','.join(one.modules)}  {state}  {used}")
    return 0


@token.command("revoke")
@click.argument("id_", metavar="ID")
@registry_option
def revoke_token(id_: str, address: str) -> int:
    """Revoke the token of an ID: at once on the server that is asked, on its replicas within a second.

    \b
    Example:
      fieldstone registry token revoke 0b6f3a1c9d3e4f60a1b2c3d4e5f60718
    """
    _opened(address).revoke_token(id_)
    say(f"token {id_} is revoked", err=True)
    return 0


@click.group(cls=Group)
def policy() -> None:
    """Show and set the policy of a shared registry.

    \b
    Example:
      fieldstone registry policy show
    """


@policy.command("show")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file instead.")
@registry_option
def show_policy(address: str, *, schema: bool) -> int:
    """Print the policy in force.

    \b
    Example:
      fieldstone registry policy show > policy.toml
    """
    if schema:
        from fieldstone.project.server_policy_schema import json_schema

        say_document(json_schema())
        return 0
    stored = _opened(address).policy()
    say_document(stored.content)
    since = f"policy {stored.number}, since {stored.created_at}" if stored.number else "no policy: the defaults hold"
    say(since, err=True)
    return 0


@policy.command("set")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--after", type=click.IntRange(0), help="Refuse if the policy in force has another number.")
@registry_option
def set_policy(file: TextIO, after: int | None, address: str) -> int:
    """Set the policy to that in FILE; - is standard input. Older ones stay in the registry.

    \b
    Example:
      fieldstone registry policy set policy.toml --registry https://contracts.example.com
    """
    from fieldstone.errors import Unavailable
    from fieldstone.project.server_policy import load
    from fieldstone.workflows.administering.messages import NewPolicy

    try:
        content = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"cannot read {file.name}: {error}") from error
    load(content, file=file.name)
    opened = _opened(address)
    number = opened.policy().number if after is None else after
    stored = opened.set_policy(NewPolicy(content, number))
    say(f"policy {stored.number} is in force", err=True)
    return 0


@click.command("audit", cls=Command)
@click.option("--since", default="0", metavar="NUMBER|TIME", help="Only rows after a number, or since a time in UTC.")
@registry_option
def show_audit(since: str, address: str) -> int:
    """Print the audit of a shared registry as lines of JSON: every write with who, by which credential, and what.

    Each line has the row's number, its entry to the byte, and its hash: the SHA-256 of the hash before it, a line end,
    and the entry.

    \b
    Examples:
      fieldstone registry audit --since 1200
      fieldstone registry audit --since 2026-11-01T00:00:00Z
    """
    from fieldstone.workflows.audit import audit_lines

    for line in audit_lines(_opened(address), since):
        say_record(line)
    return 0


def verify_shared(
    address: str, audit_head: str, trusted: Mapping[str, str], anchored: Iterable[Head]
) -> tuple[int, int, list[Defect]]:
    """The numbers of releases and of those accepted as history, and the defects of a shared registry.

    The head of its audit goes to standard error.
    """
    import tempfile

    from fieldstone.workflows.index import require

    require("sqlalchemy")
    from fieldstone.workflows.verify_shared import verify_shared as verify

    with tempfile.TemporaryDirectory(prefix="fieldstone-verify-") as folder:
        found = verify(address, Path(folder).resolve(), audit_head=audit_head, trusted=trusted, anchored=anchored)
    say(f"audit: {found.rows} row{'' if found.rows == 1 else 's'}, head {found.head or 'none'}", err=True)
    return found.releases, found.accepted, [*found.defects]
