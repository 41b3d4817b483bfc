"""Known names: whether the releases that uses name have the elements that they name."""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.checking.baseline import ledger_of
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.ledger import Use as Lifetime
from fieldstone.consumers.concerned import Structure
from fieldstone.consumers.uses import Evidence, Uses
from fieldstone.errors import Invalid, NotFound
from fieldstone.registry import Registry
from fieldstone.registry.release import IMAGE
from fieldstone.schema.descriptors import load_schema
from fieldstone.suggestions import closest, did_you_mean, question

_TYPES = {"message", "enum", "service"}
_MOST = 5
"""The most unknown names in an error."""


def check_names(uses: Uses, registry: Registry) -> None:
    """Raise if uses name a module, release or element that does not exist.

    Args:
        uses: the uses.
        registry: the registry with the modules.

    Raises:
        NotFound: the registry has no such module, or no such release of it.
        Invalid: a release does not have an element; the error says since or until when the module has it.
        FieldstoneError: a release cannot be read.
    """
    for evidence in uses.evidence:
        _check_release(evidence, registry)
        problems = [*_problems(evidence, registry)]
        if problems:
            more = f"; {len(problems) - _MOST} more" if len(problems) > _MOST else ""
            raise Invalid(
                f"the uses name what {evidence.module} {evidence.release} does not have: "
                f"{'; '.join(problems[:_MOST])}{more}",
                fix="scan again with the client package of that release, or correct `release` or the name",
            )


def _check_release(evidence: Evidence, registry: Registry) -> None:
    modules, name = registry.modules(), evidence.module
    if name not in modules:
        otherwise = f"it has {', '.join(modules) or 'none'}; `--module` publishes the evidence about some modules only"
        raise NotFound(f"there is no module {name} in {registry.address}", fix=did_you_mean(name, modules, otherwise))
    versions = [str(version) for version in registry.versions(name)]
    if evidence.release not in versions:
        raise NotFound(
            f"there is no release {evidence.release} of {name} in {registry.address}",
            fix=f"it has {', '.join(versions)}",
        )


def _problems(evidence: Evidence, registry: Registry) -> Iterator[str]:
    """The names that the release does not have, each with the time when the module has it."""
    release = registry.release(evidence.module, evidence.release)
    own = ledger_of(registry, release)
    unknown = [name for name in dict.fromkeys(name for name, _, _ in evidence.uses()) if not _is_there(own, name)]
    if not unknown:
        return
    where = f"{registry.label(release)}/{IMAGE}"
    imported = {*Structure(load_schema(registry.read(release, IMAGE), where=where, with_imports=True)).names}
    newest = ledger_of(registry, registry.release(evidence.module, str(registry.versions(evidence.module)[-1])))
    for name in unknown:
        gone, later = _lifetime(own, name), _lifetime(newest, name)
        if name in imported:
            continue
        if gone is not None:
            yield f"{name} is gone since {gone.until}"
        elif later is not None:
            yield f"{name} is new in {later.since}"
        else:
            meant = closest(name, imported)
            yield f"{name} is in no release" + (f" ({question(meant)})" if meant else "")


def _is_there(ledger: Ledger, name: str) -> bool:
    found = _lifetime(ledger, name)
    return found is not None and found.until is None


def _lifetime(ledger: Ledger, name: str) -> Lifetime | None:
    """The latest lifetime of a type or of a member; None if the module never had it."""
    own = ledger.type(name)
    if own.kind in _TYPES:
        return Lifetime(name, None, own.kind, own.since, own.until)
    parent, _, member = name.rpartition(".")
    found = [use for use in ledger.type(parent).members if use.name == member]
    if not found:  # an extension, which is among the members of the message that it extends
        found = [use for history in ledger.types.values() for use in history.members if use.name == name]
    return max(found, key=lambda use: use.until is None, default=None)
