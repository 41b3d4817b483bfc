"""Push: judge uploaded modules by the registry's policy, and release what may be released.

All modules of an upload become releases in one transaction, or none does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fieldstone.checking.options import CheckOptions
from fieldstone.compatibility.finding import ModuleReport
from fieldstone.errors import Conflict, Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.proposals.proposal import Proposal, Revision, label_of
from fieldstone.registry.buffered import BufferedStore
from fieldstone.registry.clock import after
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import Release
from fieldstone.registry.sql import SqlStore, audit, labels, lock_module, open_store
from fieldstone.registry.sql.catalog import MAIN, Catalog, Commit, create_module, save_draft
from fieldstone.registry.sql.identities import draft_id, release_id
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.check import check
from fieldstone.workflows.proposals.judging import is_waivable, judged_of, told
from fieldstone.workflows.proposals.storing import Submitted, submit
from fieldstone.workflows.pushing.messages import Pushed
from fieldstone.workflows.pushing.names import claim
from fieldstone.workflows.pushing.scratch import compiled_with, lay_out
from fieldstone.workflows.pushing.upload import Content, Upload, refuse_unusable
from fieldstone.workflows.release import parse_version, refusal, release
from fieldstone.workflows.server_policy import newest_policy

if TYPE_CHECKING:
    from sqlalchemy import Connection

_UNSTYLED = CheckOptions(style=False)
"""A push has no buf.yaml, so the style that its authors asked for is unknown."""
_ATTEMPTS = 10
"""The most times that a push is judged because others were faster."""


def push(address: str, upload: Upload, draft_days: float) -> Pushed:
    """Judge an upload by the registry's policy, and write what it comes to.

    Args:
        address: the address of a database registry; see `open_registry`.
        upload: the upload.
        draft_days: the lifetime of a draft, if the policy has none.

    Raises:
        Invalid: the upload cannot be a module's, takes what belongs to another module, or depends on a draft.
        NotFound: a commit that it was compiled with is not there.
        Conflict: others were faster each time.
        FieldstoneError: a module does not compile, or the registry cannot be read or written.
    """
    refuse_unusable(upload)
    for _ in range(_ATTEMPTS):
        try:
            return _Push(open_store(address, existing=True), upload, draft_days).judged()
        except Conflict as error:
            overtaken = error
    raise overtaken


class _Refused(Struct, frozen=True):
    """Why a module is refused.

    Attributes:
        text: the reason, for people.
        report: the report of its check, if that refuses it.
    """

    text: str
    report: ModuleReport | None = None


class _Push:
    """One attempt."""

    def __init__(self, store: SqlStore, upload: Upload, draft_days: float) -> None:
        self.store, self.upload, self.policy = store, upload, newest_policy(store.database)
        self.draft_days = self.policy.draft_days or draft_days
        store.actor = audit.Actor(upload.who, upload.credential, self.policy.number)
        self.catalog = Catalog(store)
        self.buffer = BufferedStore(store, upload.address)
        self.drafts: list[tuple[Commit, Mapping[str, bytes]]] = []
        self.ids: dict[str, str] = {}
        """The ids of the commits of the workspace's modules, by module: those that were judged, and dependencies."""
        self.warnings: list[str] = []

    def judged(self) -> Pushed:
        with tempfile.TemporaryDirectory(prefix="fieldstone-push-") as scratch:
            folder = Path(scratch).resolve()
            ask, registry = SqlConsumers(self.store.database).known, FetchedRegistry(self.buffer)
            project = lay_out(folder, self._sources(), registry=registry, policy=self.policy, ask=ask)
            for content in _in_order(project, self.upload):
                refused = self._judge(project, content)
                if refused is not None:
                    return self._refuse(project, content, refused)
            self._write()
        return Pushed(tuple(map(self._commit, self.upload.contents)), warning="\n\n".join(self.warnings))

    def _sources(self) -> dict[str, Mapping[str, bytes]]:
        """The files of each module of the workspace: the pushed ones, and what they were compiled with."""
        sources = {content.module: content.files for content in self.upload.contents}
        for commit in compiled_with(self.catalog, self.upload.dependencies):
            if commit.module not in sources:
                self._refuse_draft(commit)
                self.ids[commit.module] = commit.id
                sources[commit.module] = self.catalog.contents(commit, commit.files)
        return sources

    def _refuse_draft(self, dependency: Commit) -> None:
        """Raise if a release would depend on a draft."""
        releases = [content.module for content in self.upload.contents if content.version is not None]
        if releases and not dependency.version:
            raise Invalid(
                f"{releases[0]} was compiled with the draft {dependency.label} of {dependency.module}, "
                "and a release depends on releases only",
                fix=f"push {dependency.module} without a label first, then run `buf dep update`",
            )

    def _judge(self, project: Project, content: Content) -> _Refused | None:
        """The refusal of a module; None if it is not refused: then its release or draft is kept."""
        wanted, root = content.version, _root(project, content)
        if wanted is None:
            self._draft(project, content)
            return None
        released = self._same(project, content)
        if released is None:
            if self.policy.demands_signature(content.module):
                way_out = f"`fieldstone release {content.module} --sign KEY`"
                return _Refused(f"releases of {content.module} must be signed: {way_out}")
            outcome = release(project, content.module, version=wanted, start=root, style=False)
            if outcome.refused:
                return _Refused(outcome.refused)
            if not outcome.report.allowed:
                return _Refused(told(outcome.report, root), outcome.report)
            released = outcome.release or project.registry.releases(content.module)[-1]
        self.ids[content.module] = release_id(released.seal)
        return None

    def _same(self, project: Project, content: Content) -> Release | None:
        """The release of the asked version, if it has these very files: a push may be repeated."""
        if not content.version or content.version not in self.buffer.versions(content.module):
            return None
        released = project.registry.release(content.module, content.version)
        same = released.digest == project.dependencies.digest(project.module(content.module))
        return released if same else None

    def _draft(self, project: Project, content: Content) -> None:
        root = _root(project, content)
        (report,) = check(project, [content.module], start=root, options=_UNSTYLED).report.modules
        if report.findings:
            fate = "accepted" if report.allowed else "refused"
            kept = f"{content.module} is kept as the draft {content.names[0]}; as a release it would be {fate}:"
            self.warnings.append(f"{kept}\n{told(report, root)}")
        module = project.module(content.module)
        files, digest, label = module.contents(), project.dependencies.digest(module), content.names[0]
        self.ids[content.module] = draft_id(content.module, digest, label)
        commit = Commit(
            id=self.ids[content.module],
            module=content.module,
            digest=digest,
            created_at="",
            files={path: file_digest(data) for path, data in sorted(files.items())},
            dependencies=tuple(self.ids[other.name] for other in project.dependencies.of(module)),
            label=label,
        )
        self.drafts.append((commit, files))

    def _write(self) -> None:
        self.store.upload([*self.buffer.contents, *(data for _, files in self.drafts for data in files.values())])
        with self.store.database.transaction() as connection:
            for content in sorted(self.upload.contents, key=attrgetter("module")):
                create_module(connection, content.module, content.owner)
                lock_module(connection, content.module)
            self.buffer.write()
            registry = FetchedRegistry(self.store)
            for name, version in self.buffer.added:
                claim(connection, registry, registry.release(name, version))
            for draft, files in self.drafts:
                self.store.keep(connection, draft.module, files)
                save_draft(connection, draft, after(self.draft_days))
                self._audit(connection, "draft", draft.module, {"label": draft.label, "digest": draft.digest})
            for content in self.upload.contents:
                for label in content.names[content.version is None :]:
                    labels.assign(connection, content.module, label, self.ids[content.module])
                    details = {"label": label, "commit": self.ids[content.module]}
                    self._audit(connection, "label", content.module, details)

    def _refuse(self, project: Project, content: Content, refused: _Refused) -> Pushed:
        """The end of a refused push: a proposal, if the policy wants that and it can be one."""
        if self.policy.keeps_proposals and refused.report and is_waivable(project, refused.report):
            why_not = self._unproposable(project, content, refused.report)
            if not why_not:
                return self._propose(project, content, refused.report, refused.text)
            refused = _Refused(f"{refused.text}\n{why_not}")
        with self.store.database.transaction() as connection:
            create_module(connection, content.module, content.owner)
            details = {"labels": content.labels or (MAIN,), "why": refused.text}
            self._audit(connection, "refuse", content.module, details)
        return Pushed(refusal=refused.text)

    def _unproposable(self, project: Project, content: Content, report: ModuleReport) -> str:
        """The reason why a refused module cannot become a proposal; empty if it can."""
        for other in project.dependencies.of(project.module(content.module)):
            if self.catalog.commit(self.ids.get(other.name, "")) is None:
                return f"To propose it, push {other.name} first: {content.module} imports what is not released yet."
        return refusal(project, content.module, parse_version(content.version), report) if content.version else ""

    def _propose(self, project: Project, content: Content, report: ModuleReport, text: str) -> Pushed:
        root, module = _root(project, content), project.module(content.module)
        revision = Revision(
            number=1,
            who=self.upload.who,
            credential=self.upload.credential,
            files={path: file_digest(data) for path, data in sorted(content.files.items())},
            dependencies=tuple(self.ids[other.name] for other in project.dependencies.of(module)),
            wanted=content.version or "",
            digest=project.dependencies.digest(module),
            judged=judged_of(self.store, project, report, root),
        )
        proposal = Proposal(number=0, module=content.module, authors=(), revisions=(revision,))
        stored = submit(self.store, Submitted(proposal, content.files))
        name = f"{content.owner}/{content.module}:{label_of(stored.number)}"
        kept = f"It is kept as proposal {stored.number}, revision {stored.newest.number}, for its owners to decide"
        where = f"{self.upload.address}/proposals/{stored.number}"
        refusal_ = f"{text}\n{kept}: {where}\nbuf fetches it as {name}."
        return Pushed(refusal=refusal_, proposal=stored.number)

    def _audit(self, connection: Connection, action: str, module: str, details: dict[str, Any]) -> None:
        audit.append(
            connection, self.store.actor.entry(action, module, details), is_sqlite=self.store.database.is_sqlite
        )

    def _commit(self, content: Content) -> Commit:
        found = self.catalog.commit(self.ids[content.module])
        if found is None:
            raise NotFound(f"no commit {self.ids[content.module]} of {content.module} after it was pushed")
        return found


def _in_order(project: Project, upload: Upload) -> Iterator[Content]:
    """The modules of an upload, each after those that it imports."""
    waiting = {content.module: content for content in upload.contents}
    while waiting:
        for name in sorted(waiting):
            needed = {other.name for other in project.dependencies.of(project.module(name))}
            if needed.isdisjoint(waiting):
                yield waiting.pop(name)
                break


def _root(project: Project, content: Content) -> Path:
    return project.module(content.module).root
