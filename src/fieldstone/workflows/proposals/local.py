"""The change of a module in the working tree, as a wish to propose it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from fieldstone.errors import Invalid
from fieldstone.project.project import Project
from fieldstone.proposals.proposal import Kind
from fieldstone.workflows.proposals import Proposals
from fieldstone.workflows.proposals.messages import Dependency, Wish
from fieldstone.workspace.modules import Module


def wish_of(project: Project, name: str, *, reason: str = "", number: int = 0, version: str = "") -> Wish:
    """The wish to propose a module as it is in the working tree.

    Args:
        project: the project with the module.
        name: the module.
        reason: why.
        number: the proposal that it is a new revision of; 0 finds that.
        version: the version that it shall have; empty for the one that it earns.

    Raises:
        NotFound: there is no such module.
        Invalid: it imports what is not in the registry.
        FieldstoneError: its sources cannot be read.
    """
    project.require_living(name)
    module = project.module(name)
    return Wish(
        files=module.contents(),
        dependencies=tuple(_dependencies(project, module)),
        reason=reason,
        number=number,
        wanted=version,
    )


def _dependencies(project: Project, module: Module) -> Iterator[Dependency]:
    graph = project.dependencies
    for other in graph.third_party(module):
        raise Invalid(
            f"{module.name} imports third-party schemas ({other.path}), which a proposal cannot carry",
            fix=f"add waivers to the policy of the registry, then `fieldstone release {module.name}`",
        )
    for other in graph.of(module):
        yield Dependency(other.name, graph.digest(other))
    for remote in graph.remote(module):
        host, _, name = remote.name.partition("/")
        if host != urlsplit(project.settings.registry).netloc:
            raise Invalid(
                f"{module.name} imports {remote.name}, which is in another registry",
                fix="push that module to this registry, or keep its files as third-party schemas (`imports-only`)",
            )
        yield Dependency(name.rpartition("/")[2], remote.digest)


def newest_revision(opened: Proposals, number: int, kind: Kind) -> int:
    """The revision that a decision without one is about: the only one of the proposal.

    Args:
        opened: the proposals of the registry.
        number: the number of the proposal.
        kind: the decision.

    Raises:
        NotFound: there is no such proposal.
        Invalid: it has several, and the decision is a review.
    """
    newest = opened.one(number).proposal.newest.number
    if newest > 1 and kind in {Kind.APPROVE, Kind.REJECT}:
        raise Invalid(
            f"proposal {number} has {newest} revisions, and what you have seen may not be the newest",
            fix=f"see `fieldstone proposal show {number}`, then name it: --revision {newest}",
        )
    return newest
