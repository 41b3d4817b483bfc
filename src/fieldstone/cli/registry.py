"""`fieldstone registry`."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import Modules, OneOf, ReleasedModule, ReleaseName, VersionName, cache_option
from fieldstone.cli.output import say, say_json, say_record
from fieldstone.cli.parsing import Group
from fieldstone.cli.registry_access import policy, show_audit, token, verify_shared
from fieldstone.cli.verify_package import verify_packages
from fieldstone.cli.webhooks import webhook
from fieldstone.suggestions import did_you_mean

if TYPE_CHECKING:
    from fieldstone.project.project import Project
    from fieldstone.registry import Defect
    from fieldstone.workflows.heads import Head


@click.group(cls=Group)
def command() -> None:
    """List, show, export and verify releases; administer a shared registry.

    \b
    Examples:
      fieldstone registry list
      fieldstone registry show telemetry 1.2.0
      fieldstone registry verify
    """


@command.command("list")
@click.argument("modules", nargs=-1, type=ReleasedModule(), cls=Modules)
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
def list_releases(modules: tuple[str, ...], format_: str) -> int:
    """List the releases of MODULES, or of all, oldest first.

    \b
    Example:
      fieldstone registry list telemetry
    """
    from fieldstone.errors import NotFound
    from fieldstone.report.documents import kind_of, release_document

    registry = open_project().registry
    known = registry.modules()
    for module in modules:
        if module not in known:
            fix = did_you_mean(module, known, f"it has {', '.join(known) or 'none'}")
            raise NotFound(f"no release of {module} in {registry.address}", fix=fix)
    found = [release for module in modules or known for release in registry.releases(module)]
    if format_ == "json":
        say_json([release_document(release) for release in found])
        return 0
    width = max((len(f"{release.name} {release.version}") for release in found), default=0)
    for release in found:
        say(f"{f'{release.name} {release.version}':{width}}  {release.released_at}  {kind_of(release)}")
    if not found:
        say(f"no releases in {registry.address}", err=True)
    return 0


@command.command("show")
@click.argument("module", type=ReleasedModule())
@click.argument("version", type=VersionName(), required=False)
@click.option("--format", "format_", type=OneOf(["text", "json"]), default="text")
def show_release(module: str, version: str | None, format_: str) -> int:
    """Show a release of MODULE, the newest by default: its address, digest and changes.

    \b
    Example:
      fieldstone registry show telemetry 1.2.0
    """
    from fieldstone.errors import NotFound
    from fieldstone.report.documents import kind_of, release_document

    registry = open_project().registry
    versions = registry.versions(module)
    if not versions:
        known = registry.modules()
        fix = did_you_mean(module, known, f"it has {', '.join(known) or 'none'}")
        raise NotFound(f"no release of {module} in {registry.address}", fix=fix)
    release = registry.release(module, version or str(versions[-1]))
    if format_ == "json":
        say_json(release_document(release))
        return 0
    rows = {
        "version": f"{release.version} ({kind_of(release)})",
        "released": release.released_at,
        "where": _relative(registry.label(release)),
        "digest": release.digest,
        "commit": release.commit or "none",
        "compiler": release.compiler,
        "rules": str(release.rules),
        "previous": release.previous.version if release.previous else "none",
        "beside": ", ".join(link.version for link in release.beside) or "no other line",
        "imports": ", ".join(f"{link.name} {link.version}" for link in release.dependencies) or "nothing released",
    }
    say(f"{module} {release.version}")
    for name, value in rows.items():
        say(f"  {name:9} {value}")
    for change in release.changes:
        say(f"  - {change}")
    for permission in [*(waiver.text for waiver in release.waivers), *(exempt.text for exempt in release.exemptions)]:
        say(f"  - {permission}")
    return 0


@command.command("export")
@click.argument("module", type=ReleasedModule())
@click.argument("version", type=VersionName())
@click.argument("folder", type=click.Path(path_type=Path))
def export_release(module: str, version: str, folder: Path) -> int:
    """Write the sources of a release of MODULE, with all that it imports, into FOLDER, as a buf workspace.

    The folder of a release in the registry lacks the files that did not change since an older release.

    \b
    Example:
      fieldstone registry export telemetry 1.2.0 /tmp/telemetry-1.2.0
    """
    from fieldstone.cli.progress import shown_progress
    from fieldstone.workflows.export import export

    registry = open_project().registry
    release = registry.release(module, version)
    with shown_progress(f"exporting {module} {version}"):
        export(registry, release, folder)
    say(f"Exported {module} {release.version} to {folder}")
    return 0


@command.command("head")
def show_heads() -> int:
    """Print the newest release of each module's lines as a line of JSON: module, version, seal and count.

    Kept outside the registry, in a signed tag or another repository, these lines prove later that no release was
    removed or replaced: `fieldstone registry verify --head FILE`.

    \b
    Example:
      fieldstone registry head > heads.jsonl
    """
    from fieldstone.registry import open_registry
    from fieldstone.workflows.heads import heads

    for head in heads(open_registry(open_project().settings.registry)):
        say_record(head.to_json())
    return 0


@command.command("verify")
@click.argument("address", metavar="[URL]", required=False)
@click.option(
    "--since", metavar="REF", help="Refuse edits and deletions since a git revision, and audit newer releases."
)
@click.option(
    "--head",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="Refuse a registry that lacks heads in a file from `registry head`; - is standard input.",
)
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    type=ReleaseName(),
    metavar="MODULE@VERSION",
    help="Do not apply today's settings to this release and those before it: they were judged when released.",
)
@click.option("--full", is_flag=True, help="Audit again what already passed in this checkout, or what REF has.")
@click.option(
    "--allowed-signers",
    "signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Refuse releases without a signature by a key in FILE, which has the form of ssh-keygen(1), ALLOWED SIGNERS.",
)
@click.option(
    "--audit-head",
    metavar="NUMBER:HASH",
    default="",
    help="With URL: refuse an audit that lacks this row, as an earlier verify printed it.",
)
@cache_option
def verify_registry(
    address: str | None,
    since: str | None,
    head: TextIO | None,
    trusted: tuple[str, ...],
    *,
    signers: Path | None,
    audit_head: str,
    full: bool,
    cache: bool | None,
) -> int:
    """Recompute everything that the registry claims.

    It checks digests, chain, images and ledgers; and each release's version, summary of changes and waivers, by
    comparing it with the release before. With URL, that of a shared registry, its audit is verified as well: the chain
    of its rows, and that they tell of exactly the releases that are there. That needs the token of an admin.

    \b
    Examples:
      fieldstone registry verify
      fieldstone registry verify --since origin/main
      fieldstone registry verify --head heads.jsonl
      fieldstone registry verify https://contracts.example.com
      fieldstone registry verify --allowed-signers allowed_signers
    """
    from fieldstone.cli.progress import shown_progress
    from fieldstone.workflows.heads import parse_heads

    if audit_head and not address:
        raise click.UsageError("--audit-head needs the URL of a registry")
    if since and address:
        raise click.UsageError("--since compares with git, and the registry at URL does not lie in it")
    anchored = parse_heads(_lines(head), where=head.name) if head else []
    if address:
        with shown_progress("verifying the registry"):
            count, history, defects = verify_shared(address, audit_head, _versions(trusted), anchored)
    else:
        project = open_project(cached=cache)
        address = project.settings.registry
        count, history, defects = _verify_own(project, since, _versions(trusted), anchored, full=full)
    if signers:
        from fieldstone.registry import open_registry
        from fieldstone.workflows.signing import signature_defects

        defects = [*defects, *signature_defects(open_registry(address), signers, _versions(trusted))]
    if defects:
        _show_defects(defects, address)
        return 1
    more = f" {history} of them accepted as history: judged, whatever the verdict." if history else ""
    say(f"{_relative(address)}: {count} release{'' if count == 1 else 's'}, sound.{more}", err=True)
    return 0


def _verify_own(
    project: Project, since: str | None, trusted: Mapping[str, str], anchored: list[Head], *, full: bool
) -> tuple[int, int, list[Defect]]:
    """The numbers of releases and of those accepted as history, and the defects, of the registry of the settings."""
    from fieldstone.cli.progress import watched
    from fieldstone.workflows.verify import verify

    with watched(project, "verifying the registry"):
        defects = verify(project, since=since, trusted=trusted, anchored=anchored, full=full)
    registry = project.registry
    releases = [] if defects else [one for module in registry.modules() for one in registry.releases(module)]
    return len(releases), sum(bool(release.accepted) for release in releases), defects


def _show_defects(defects: list[Defect], address: str) -> None:
    for defect in defects:
        say(f"error[{defect.kind}]: {defect.module} {defect.version}: {defect.problem}")
        say(f"  --> {_relative(defect.path)}")
        say(f"   = fix: {defect.fix}")
    say(f"{_relative(address)}: {len(defects)} defect{'' if len(defects) == 1 else 's'}.", err=True)


@command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_registry(source: str, target: str) -> int:
    """Copy all releases of a registry to another: a folder, a database, or a server.

    Each release is copied to the byte, and verified where it arrives. What is known of consumers goes with them. An
    interrupted copy goes on when it is run again. It is refused if TO has other releases of a module than FROM, or
    other uses of a version. To a server, it requires the token of an admin in FIELDSTONE_TOKEN or ~/.netrc.

    \b
    Examples:
      fieldstone registry copy registry https://contracts.acme.dev
      fieldstone registry copy https://contracts.acme.dev sqlite:///backup.db
    """
    from fieldstone.cli.progress import shown_progress
    from fieldstone.workflows.copying import copy

    with shown_progress("copying") as told:
        done = copy(_absolute(source), _absolute(target), on_progress=told)
    there = f", {done.present:,} were there already" if done.present else ""
    uses = f", with {done.uses:,} published uses" if done.uses else ""
    say(f"{_relative(_absolute(target))}: {done.copied:,} copied{uses}{there}; verified.", err=True)
    return 0


def _absolute(address: str) -> str:
    """An address whose folder is absolute."""
    from fieldstone.registry import folder_of

    folder = folder_of(address)
    return address if folder is None else str(folder.absolute())


for access in (token, policy, show_audit, verify_packages, webhook):
    command.add_command(access)


def _lines(file: TextIO) -> list[str]:
    from fieldstone.errors import Unavailable

    try:
        return file.readlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"cannot read {file.name}: {error}", fix="name a file of `registry head`") from error


def _versions(named: tuple[str, ...]) -> dict[str, str]:
    """Module to version, from arguments like `shop@1.2.0`."""
    found: dict[str, str] = {}
    for word in named:
        module, at, version = word.partition("@")
        if not (module and at and version):
            raise click.BadParameter(f"{word} is no release: write it as shop@1.2.0", param_hint="--trust")
        found[module] = version
    return found


def _relative(path: str) -> str:
    return os.path.relpath(path) if Path(path).is_absolute() else path
