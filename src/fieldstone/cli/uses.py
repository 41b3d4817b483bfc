"""`fieldstone uses`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.options import NameAndVersion, OneOf, environment_option, party_option
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Group

if TYPE_CHECKING:
    from fieldstone.consumers.uses import Evidence, Uses

_SHOWN = 3
"""The number of elements without a use that a summary names."""

_registry_option = click.option(
    "--registry",
    "address",
    metavar="ADDRESS",
    default="",
    help="The registry, instead of that of the settings: https://HOST, with a token in FIELDSTONE_TOKEN or ~/.netrc; "
    "or a folder.",
)


_consumer_option = click.option(
    "--consumer", default="", help="The name of this consumer, when fieldstone.uses.toml is new."
)
_owner_option = click.option(
    "--owner", default="", help="Who answers for it: a team or an address, when the file is new."
)


@click.group(cls=Group)
def command() -> None:
    """Say what this repository reads of other teams' modules: scan, observe, publish; and what runs where.

    \b
    Examples:
      fieldstone uses scan src --consumer billing --owner team-billing
      fieldstone uses publish
    """


@command.command("scan")
@click.argument("paths", nargs=-1)
@_consumer_option
@_owner_option
@click.option("--lang", "language", type=OneOf(["python", "typescript"]), default="python", show_default=True)
@click.option(
    "--python",
    default="",
    metavar="PATH",
    help="The Python that has mypy and the client packages; by default that of the active virtual environment, else "
    "of .venv.",
)
def scan_code(paths: tuple[str, ...], consumer: str, owner: str, language: str, python: str) -> int:
    """Scan the code below PATHS and write fieldstone.uses.toml.

    PATHS are files and folders of Python, by default the working directory, or one tsconfig.json, by default that of
    the working directory. The type checker of the consumer's environment reads them: mypy, or TypeScript.

    Review and commit the file. It lists the lines that read or write each field, and those that no type explains: as
    long as there are any, nobody can conclude that a field is not read.

    \b
    Examples:
      fieldstone uses scan src --consumer billing --owner team-billing
      fieldstone uses scan --lang typescript
    """
    from fieldstone.consumers.uses import FILE
    from fieldstone.workflows.uses import scan

    default = "tsconfig.json" if language == "typescript" else "."
    uses, found = scan(Path.cwd(), paths or (default,), language, consumer=consumer, owner=owner, python=python)
    for evidence in uses.evidence:
        if evidence.by == language and evidence.module in found.releases:
            say(f"{evidence.module} {evidence.release}: {_summary(evidence, uses)}")
    for place in found.partial:
        say(f"{place.path}:{place.line}: {place.words} has a part of its fields here: JSON and text lose the others")
    say(f"{FILE}: {_several(found.files, 'file')} scanned; commit it, then `fieldstone uses publish`.", err=True)
    return 0


@command.command("observe")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_consumer_option
@_owner_option
def observe_reads(files: tuple[Path, ...], consumer: str, owner: str) -> int:
    """Add the reads that fieldstone_runtime.reading has recorded in FILES to fieldstone.uses.toml.

    They are evidence of what is read, and none of what is not: no answer follows from the absence of a read.

    \b
    Example:
      fieldstone uses observe reads.json
    """
    from fieldstone.consumers.uses import FILE
    from fieldstone.workflows.uses import observe

    uses, found = observe(Path.cwd(), files, consumer=consumer, owner=owner)
    for evidence in found:
        say(f"{evidence.module} {evidence.release}: {len({*evidence.read, *evidence.whole})} elements read")
    say(f"{FILE}: what {uses.consumer} read in {len(files)} runs; commit it.", err=True)
    return 0


def _summary(evidence: Evidence, uses: Uses) -> str:
    """A table of evidence in words."""
    from fieldstone.consumers.enforced import unused

    names = {name for name, _, _ in evidence.uses()}
    if not evidence.package:
        return f"{_several(len(names), 'element')} used, {_several(len(evidence.unseen), 'line')} not followed"
    idle = unused(evidence, uses)
    shown = ", ".join(idle[:_SHOWN]) + (f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else "")
    without_use = f"; without a use in this code: {shown}" if idle else ""
    return f"enforced: {evidence.package} has {_several(len(names), 'element')}{without_use}"


@command.command("publish")
@click.option("--version", default="", help="The version of this consumer; by default the commit of HEAD.")
@click.option(
    "--module", "modules", multiple=True, metavar="MODULE", help="Publish the evidence about this module only."
)
@_registry_option
def publish_uses(version: str, modules: tuple[str, ...], address: str) -> int:
    """Publish fieldstone.uses.toml to the registry.

    \b
    Example:
      fieldstone uses publish --version 4.2.0
    """
    from fieldstone.workflows.uses import publish

    registry = _address(address)
    published = publish(Path.cwd(), registry, version, modules)
    named = ", ".join(dict.fromkeys(evidence.module for evidence in published.uses.evidence)) or "no module"
    say(f"{published.consumer} {published.version}: published to {registry}; it reads {named}.", err=True)
    return 0


def _deployment(name: str) -> Callable[[Callable[..., int]], click.Command]:
    """A command about NAME@VERSION in an environment."""

    def decorate(run: Callable[..., int]) -> click.Command:
        options = (
            click.argument("what", metavar="NAME@VERSION", type=NameAndVersion()),
            environment_option,
            party_option,
            _registry_option,
        )
        for option in reversed(options):
            run = option(run)
        return command.command(name)(run)

    return decorate


@_deployment("deployed")
def deployed(what: tuple[str, str], environment: str, party: str | None, address: str) -> int:
    """Say that NAME@VERSION runs in an environment, in place of the version before.

    NAME is a consumer whose uses were published, or a module: then its providers serve that release there.

    \b
    Examples:
      fieldstone uses deployed billing@4.2.0 --env production
      fieldstone uses deployed telemetry@1.4.0 --env production
    """
    return _deploy(what, environment, party, address, "deployed")


@_deployment("released")
def released(what: tuple[str, str], environment: str, party: str | None, address: str) -> int:
    """Say that NAME@VERSION was handed out, and stays in use beside the others, as mobile apps do.

    \b
    Example:
      fieldstone uses released app@2.1.0 --env app-store
    """
    return _deploy(what, environment, party, address, "released")


@_deployment("ended")
def ended(what: tuple[str, str], environment: str, party: str | None, address: str) -> int:
    """Say that NAME@VERSION runs in an environment no longer.

    \b
    Example:
      fieldstone uses ended app@2.1.0 --env app-store
    """
    return _deploy(what, environment, party, address, "ended")


@command.command("retire")
@click.argument("consumer")
@_registry_option
def retire_consumer(consumer: str, address: str) -> int:
    """Say that CONSUMER is gone for good: none of its versions runs, and none counts.

    What it published stays on record. Publishing a new version brings it back.

    \b
    Example:
      fieldstone uses retire old-reports
    """
    from fieldstone.workflows.deployments import retire

    retire(_address(address), consumer)
    say(f"{consumer}: retired; its versions do not count any more.", err=True)
    return 0


def _deploy(what: tuple[str, str], environment: str, party: str | None, address: str, stay: str) -> int:
    from fieldstone.consumers.published import Party, Stay
    from fieldstone.workflows.deployments import deploy

    name, version = what
    meant = Party(party) if party else None
    done = deploy(_address(address), name, version, environment, stay=Stay(stay), party=meant)
    say(f"{done.party} {done.what}: {stay} in {environment}.", err=True)
    return 0


def _address(address: str) -> str:
    """The address of a registry: the given one, or that of the settings."""
    from fieldstone.registry import folder_of

    address = address or open_project(bare=True).settings.registry
    folder = folder_of(address)
    return address if folder is None else str(folder.absolute())


def _several(count: int, things: str) -> str:
    return f"{count} {things}{'' if count == 1 else 's'}"
