"""Enforced uses: those of a client package that has nothing but what its consumer declared.

The package carries them as a file of uses, with their digest. A scan copies the table when nothing else of the module
is installed, and every registry computes the digest again: a table that was written by hand, or changed after the
package was built, is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

from msgspec.structs import replace

from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.errors import Invalid


def declared(uses: Uses, module: str) -> tuple[Evidence, ...]:
    """The evidence that a package is narrowed by: all but that of a narrowed package, unless there is no other."""
    evidence = uses.of(module)
    others = tuple(one for one in evidence if one.rank is not Rank.ENFORCED)
    return others or evidence


def enforced(
    module: str, release: str, day: date, package: str, elements: Iterable[str], *, enums: Iterable[str]
) -> Evidence:
    """The evidence that a narrowed package gives.

    Args:
        module: the module's name.
        release: the release that the package is made of.
        day: the day of that release (UTC).
        package: the name of the package.
        elements: the full names of everything in it but enums.
        enums: those of its enums, which it has with all values.
    """
    whole = set(enums)
    names = {*leaves({*elements, *whole})}
    return Evidence(
        module,
        release,
        Rank.ENFORCED,
        day,
        package=package,
        digest=digest(module, release, names),
        read=dict.fromkeys(sorted(names - whole), ()),
        whole=dict.fromkeys(sorted(whole), ()),
    )


def digest(module: str, release: str, names: Iterable[str]) -> str:
    """The digest of the enforced uses of a release of a module: SHA-256 over their sorted names, a line each."""
    text = "".join(f"{line}\n" for line in (module, release, *sorted(names)))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def leaves(elements: Iterable[str]) -> Iterator[str]:
    """The names that no other one is inside of: fields, rpcs, enums, and messages without fields."""
    names = set(elements)
    scopes = {name[:at] for name in names for at, character in enumerate(name) if character == "."}
    yield from names - scopes


def check_enforced(evidence: Evidence) -> None:
    """Raise if evidence is called enforced, and is not what a narrowed package carries.

    Raises:
        Invalid: it is not.
    """
    if evidence.rank is not Rank.ENFORCED:
        if evidence.package or evidence.digest:
            raise Invalid(f"evidence about {evidence.module} of the rank {evidence.rank} names a narrowed package")
        return
    names = {name for name, _, _ in evidence.uses()}
    if not evidence.package or not evidence.by or evidence.digest != digest(evidence.module, evidence.release, names):
        raise Invalid(
            f"the enforced uses of {evidence.module} are not those of a narrowed package",
            fix="build it with `fieldstone package --uses`, install it in place of the full one, and run "
            "`fieldstone uses scan`: that alone writes the table",
        )


def covers(enforcing: Evidence, scanned: Evidence) -> bool:
    """Whether what a scan could not follow is no doubt, as the scanned code has a narrowed package only."""
    same = (enforcing.module, enforcing.by) == (scanned.module, scanned.by)
    return same and enforcing.rank is Rank.ENFORCED and scanned.rank is Rank.SCAN


def unused(enforcing: Evidence, uses: Uses) -> list[str]:
    """The elements of a narrowed package that the scanned code does not use, sorted; of an enum, a value counts."""
    used = {name for one in uses.of(enforcing.module) if covers(enforcing, one) for name, _, _ in one.uses()}
    used |= {name.rpartition(".")[0] for name in used}
    return sorted({name for name, _, _ in enforcing.uses()} - used)


def installed(evidence: Evidence, language: str, day: date) -> Evidence:
    """The evidence of a package that a scan of code in a language found installed on a day (UTC)."""
    return replace(evidence, by=language, day=day)
