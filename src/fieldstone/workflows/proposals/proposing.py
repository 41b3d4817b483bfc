"""Proposes a change that a client sent, and judges a waiting proposal again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fieldstone.errors import Conflict, Invalid, NotFound
from fieldstone.proposals.proposal import Judged, Proposal, Revision
from fieldstone.proposals.review import check_reason
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.sql import SqlStore, audit, open_store, proposals
from fieldstone.registry.sql.catalog import Catalog
from fieldstone.registry.sql.identities import release_id
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.check import check
from fieldstone.workflows.proposals.judging import UNSTYLED, is_waivable, judge, judged_of, told, workspace
from fieldstone.workflows.proposals.messages import Dependency, Wish
from fieldstone.workflows.proposals.person import Person
from fieldstone.workflows.proposals.releasing import refuse_signed
from fieldstone.workflows.proposals.storing import Submitted, note_judgement, submit
from fieldstone.workflows.pushing.upload import Content, Upload, refuse_unusable
from fieldstone.workflows.release import parse_version, refusal
from fieldstone.workflows.server_policy import newest_policy
from fieldstone.workspace.module_name import is_module_name

if TYPE_CHECKING:
    from fieldstone.workflows.proposals.judging import Workspace

_ATTEMPTS = 3
"""The most times that a change is judged because another write was faster."""


def propose(address: str, module: str, wish: Wish, person: Person, shown: str = "") -> int:
    """Propose a change; returns the number of its proposal.

    Args:
        address: the address of a database registry; see `open_registry`.
        module: the module.
        wish: the change.
        person: who proposes it.
        shown: the address of the registry in messages.

    Raises:
        NotFound: the module has no release, or there is no proposal of the wished number.
        Invalid: the change breaks nothing, no waiver could permit it, or it imports what is not released.
        Conflict: the proposal is closed, or others were faster each time.
        FieldstoneError: it does not compile, or the registry cannot be read or written.
    """
    if wish.reason:
        check_reason(wish.reason, "")
    refuse_unusable(Upload(contents=(Content(module=module, owner="", files=wish.files),)))
    for _ in range(_ATTEMPTS):
        try:
            return _proposed(open_store(address, existing=True), module, wish, person, shown)
        except Conflict as error:
            overtaken = error
    raise overtaken


def judge_again(address: str, number: int, person: Person, shown: str = "") -> None:
    """Judge a waiting proposal again, after a release of its module; other findings are a new revision.

    Args:
        address: the address of a database registry; see `open_registry`.
        number: the number of the proposal.
        person: who asks for it.
        shown: the address of the registry in messages.

    Raises:
        NotFound: there is no such proposal.
        Conflict: it was changed meanwhile, or is closed.
        FieldstoneError: it does not compile, or the registry cannot be read or written.
    """
    store = open_store(address, existing=True)
    policy = newest_policy(store.database)
    store.actor = audit.Actor(person.name, person.credential, policy.number)
    proposal = proposals.find(store.database, number)
    with workspace(Catalog(store), BufferedStore(store, shown), policy, proposal) as space:
        judged = judge(store, space, proposal.module)
        note_judgement(store, proposal, space.digest, judged)


def _proposed(store: SqlStore, module: str, wish: Wish, person: Person, shown: str) -> int:
    """One attempt."""
    if not is_module_name(module) or not store.versions(module):
        raise NotFound(
            f"{module} has no release in this registry", fix=f"`fieldstone release {module}` makes the first"
        )
    policy = newest_policy(store.database)
    refuse_signed(policy, module)
    store.actor = audit.Actor(person.name, person.credential, policy.number)
    buffer = BufferedStore(store, shown)
    revision = Revision(
        number=1,
        who=person.name,
        credential=person.credential,
        files={path: file_digest(data) for path, data in sorted(wish.files.items())},
        dependencies=tuple(_ids(FetchedRegistry(buffer), module, wish.dependencies)),
        wanted=wish.wanted,
        reason=wish.reason,
    )
    wished = Proposal(number=0, module=module, authors=(), revisions=(revision,))
    with workspace(Catalog(store), buffer, policy, wished, files=wish.files) as space:
        judged = replace(revision, digest=space.digest, judged=_judged(store, space, module, wish))
    return submit(store, Submitted(replace(wished, revisions=(judged,)), wish.files, wish.number)).number


def _judged(store: SqlStore, space: Workspace, module: str, wish: Wish) -> Judged:
    """The judgement of a change that can be a proposal.

    Raises:
        Invalid: it cannot be one.
    """
    project = space.project
    (report,) = check(project, [module], full=True, start=space.root, options=UNSTYLED).report.modules
    if report.allowed:
        change = "adds to" if report.differs else "changes nothing in"
        raise Invalid(
            f"it {change} {module}, and only a breaking change is proposed", fix=f"`fieldstone release {module}`"
        )
    if not is_waivable(project, report):
        raise Invalid(f"{module} cannot be proposed, because no waiver could permit this:\n{told(report, space.root)}")
    refused = refusal(project, module, parse_version(wish.wanted), report) if wish.wanted else ""
    if refused:
        raise Invalid(refused)
    return judged_of(store, project, report, space.root)


def _ids(registry: FetchedRegistry, module: str, dependencies: tuple[Dependency, ...]) -> Iterator[str]:
    """The commits of the releases that a change imports.

    Raises:
        Invalid: one is no release of this registry.
    """
    for wanted in dependencies:
        releases = (registry.release(wanted.module, str(one)) for one in reversed(registry.versions(wanted.module)))
        found = next((one for one in releases if one.digest == wanted.digest), None)
        if found is None:
            raise Invalid(
                f"{module} imports {wanted.module}, which is not released as it is here",
                fix=f"`fieldstone release {wanted.module}` first",
            )
        yield release_id(found.seal)
