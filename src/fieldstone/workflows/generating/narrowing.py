"""The part of a release that a consumer uses, by its file of uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from semver import Version

from fieldstone.checking.baseline import ledger_of
from fieldstone.codegen.client_package import Narrowing
from fieldstone.codegen.names import contracts_distribution
from fieldstone.codegen.narrowing.declarations import Declarations
from fieldstone.codegen.narrowing.image import narrowed
from fieldstone.compatibility.ledger import Ledger
from fieldstone.consumers.enforced import declared, enforced
from fieldstone.consumers.uses import FILE, How, Uses, to_toml
from fieldstone.errors import FieldstoneError, Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.registry.consumers.refusals import check_name
from fieldstone.registry.release import Release
from fieldstone.schema.image import parse_image
from fieldstone.suggestions import did_you_mean

_SHOWN = 3
"""The number of unknown names that an error lists."""


class Part(Struct, frozen=True):
    """A release, or the part of it that a consumer uses.

    Attributes:
        image: its files and all that they import, compiled, in bytes.
        files: the import paths of its own files that code is generated from.
        narrowing: whom it is narrowed for, and to what; None for the whole release.
    """

    image: bytes
    files: tuple[str, ...]
    narrowing: Narrowing | None = None


def narrow(project: Project, release: Release, uses: Uses, image: bytes, files: Iterable[str]) -> Part:
    """The part of a release that a consumer uses.

    Args:
        project: the project with the registry.
        release: the release.
        uses: what the consumer uses.
        image: the compiled release.
        files: the import paths of its own files that code is generated from.

    Raises:
        FieldstoneError: the uses are of other modules, or have names that the release has not.
    """
    check_name(uses.consumer, "a consumer")
    elements, wholes = _declared(release, uses)
    whole = parse_image(image, where=f"the image of {release.name} {release.version}")
    everything = Declarations.of(whole.file)
    unknown = [name for name in sorted({*elements, *wholes}) if not everything.has(name)]
    if unknown:
        raise _unknown(project, release, unknown, everything)
    narrow = narrowed(whole, [*files], elements, wholes)
    if not narrow.files:
        raise Invalid(
            f"nothing that {uses.consumer} uses is in the code of {release.name} {release.version}",
            fix=f"`fieldstone uses scan` writes {FILE}; or declare fields there by hand",
        )
    package = contracts_distribution(release.name, release.version, consumer=uses.consumer)
    day = datetime.fromisoformat(release.released_at).date()
    evidence = enforced(release.name, release.version, day, package, narrow.elements, enums=narrow.enums)
    text = to_toml(Uses(uses.consumer, uses.owner, (evidence,)))
    return Part(narrow.image, narrow.files, Narrowing(uses.consumer, evidence.digest, text, narrow.partial))


def _declared(release: Release, uses: Uses) -> tuple[set[str], set[str]]:
    """The names of declared elements, and of messages that are taken as a whole."""
    evidence = declared(uses, release.name)
    if not evidence:
        modules = ", ".join(dict.fromkeys(one.module for one in uses.evidence)) or "no module"
        raise NotFound(
            f"the uses of {uses.consumer} are of {modules}, and none is of {release.name}",
            fix=f"`fieldstone uses scan` writes {FILE}; or declare fields there by hand",
        )
    found = {(name, how is How.WHOLE) for one in evidence for name, how, _ in one.uses()}
    return {name for name, whole in found if not whole}, {name for name, whole in found if whole}


def _unknown(project: Project, release: Release, names: list[str], known: Declarations) -> FieldstoneError:
    newest = project.registry.release(release.name, str(project.registry.versions(release.name)[-1]))
    ledger = ledger_of(project.registry, newest)
    told = [f"{name} ({_when(ledger, name, release)})" for name in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    otherwise = f"remove the lines of {FILE}, or name another release: `fieldstone package {release.name}@VERSION`"
    return NotFound(
        f"{release.name} {release.version} lacks {len(names)} of the declared uses: {', '.join(told)}{more}",
        fix=did_you_mean(names[0], known.names, otherwise) if len(names) == 1 else otherwise,
    )


def _when(ledger: Ledger, name: str, release: Release) -> str:
    """When a name came, or went."""
    lifetimes = [*_lifetimes(ledger, name)]
    if not lifetimes:
        return "no release has it"
    since, until = lifetimes[-1]
    if until and Version.parse(until) <= Version.parse(release.version):
        return f"gone since {until}"
    return f"there since {since}"


def _lifetimes(ledger: Ledger, name: str) -> Iterator[tuple[str, str | None]]:
    """The releases with which a type or member of a type came and went."""
    scope, _, last = name.rpartition(".")
    history = ledger.type(name)
    if history.since:
        yield history.since, history.until
    yield from ((use.since, use.until) for use in ledger.type(scope).members if use.name == last)
