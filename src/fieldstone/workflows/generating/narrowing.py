"""The part of a release that a consumer uses, by its file of uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.codegen.client_package import Narrowing
from fieldstone.codegen.names import contracts_distribution
from fieldstone.codegen.narrowing.image import narrowed
from fieldstone.consumers.enforced import declared, enforced
from fieldstone.consumers.uses import FILE, Evidence, How, Uses, to_toml
from fieldstone.errors import Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.registry.consumers.refusals import check_name
from fieldstone.registry.release import Release
from fieldstone.schema.image import parse_image
from fieldstone.workflows.known_names import check_names


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
    evidence = _declared(release, uses)
    check_names(Uses(uses.consumer, uses.owner, evidence), project.registry)
    used = {(name, how is How.WHOLE) for one in evidence for name, how, _ in one.uses()}
    elements, wholes = ([name for name, is_whole in used if is_whole is wanted] for wanted in (False, True))
    whole = parse_image(image, where=f"the image of {release.name} {release.version}")
    narrow = narrowed(whole, [*files], elements, wholes)
    if not narrow.files:
        raise Invalid(
            f"nothing that {uses.consumer} uses is in the code of {release.name} {release.version}",
            fix=f"`fieldstone uses scan` writes {FILE}; or declare fields there by hand",
        )
    package = contracts_distribution(release.name, release.version, consumer=uses.consumer)
    day = datetime.fromisoformat(release.released_at).date()
    carried = enforced(release.name, release.version, day, package, narrow.elements, enums=narrow.enums)
    text = to_toml(Uses(uses.consumer, uses.owner, (carried,)))
    return Part(narrow.image, narrow.files, Narrowing(uses.consumer, carried.digest, text, narrow.partial))


def _declared(release: Release, uses: Uses) -> tuple[Evidence, ...]:
    """The evidence about a release's module, as if it were all about that release."""
    evidence = declared(uses, release.name)
    if not evidence:
        modules = ", ".join(dict.fromkeys(one.module for one in uses.evidence)) or "no module"
        raise NotFound(
            f"the uses of {uses.consumer} are of {modules}, and none is of {release.name}",
            fix=f"`fieldstone uses scan` writes {FILE}; or declare fields there by hand",
        )
    return tuple(replace(one, release=release.version) for one in evidence)
