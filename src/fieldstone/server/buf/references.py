"""From buf's references to modules, commits and labels, and back to its messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from fieldstone.errors import NotFound
from fieldstone.registry.sql.catalog import MAIN, Catalog, Commit, ListedModule
from fieldstone.registry.sql.identities import label_id, module_id, owner_id
from fieldstone.registry.sql.labels import PROPOSAL_LABEL, labels_of
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.errors import NoCommits
from fieldstone.server.buf.messages import MODULE, assign_time, message

DEFAULT_OWNER = "contracts"
"""The owner, in buf's names, of a module that no push has named yet."""


class ListedLabel(Struct, frozen=True):
    """A label of a module.

    Attributes:
        name: the label.
        commit: the commit that it names.
        module: the module.
        archived_at: see `clock`; empty if it is not archived.
    """

    name: str
    commit: Commit
    module: ListedModule
    archived_at: str = ""


class References:
    """Finds what a caller may see, and writes it as buf's messages."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def module(self, ref: Any, caller: Caller) -> ListedModule:
        """The module that a reference names.

        Raises:
            NotFound: there is none, or the caller may not read it.
            Denied: the caller has to sign in first.
        """
        caller.require("read")
        if ref.WhichOneof("value") == "id":
            return self._seen(self.catalog.module_of_id(ref.id), ref.id, caller)
        return self.named(ref.name.owner, ref.name.module, caller)

    def named(self, owner: str, name: str, caller: Caller) -> ListedModule:
        """The module of an owner and a name.

        Raises:
            NotFound: there is none, or the caller may not read it.
        """
        found = self.catalog.module(name)
        if found and owner_of(found) != owner:
            other = f"{owner_of(self._seen(found, f'{owner}/{name}', caller))}/{name}"
            raise NotFound(f"no {owner}/{name} in this registry", fix=f"it has {other}")
        return self._seen(found, f"{owner}/{name}", caller)

    def resource(self, ref: Any, caller: Caller) -> tuple[ListedModule, Commit | None]:
        """The module that a reference names, and its commit; None if the module has no release yet.

        Raises:
            NotFound: there is no such module, label or commit, or the caller may not read it.
            Denied: the caller has to sign in first.
        """
        caller.require("read")
        if ref.WhichOneof("value") == "id":
            return self._of_id(ref.id, caller)
        module = self.named(ref.name.owner, ref.name.module, caller)
        label = ref.name.label_name or ref.name.ref
        commit = self.catalog.labelled(module.name, label)
        if commit is None and label not in {"", MAIN}:
            raise NotFound(f"{ref.name.owner}/{ref.name.module} has no label or commit {label}")
        return module, commit

    def commit(self, ref: Any, caller: Caller) -> Commit:
        """The commit that a reference names.

        Raises:
            NoCommits: the module has no release yet.
            NotFound: there is no such module, label or commit, or the caller may not read it.
        """
        module, commit = self.resource(ref, caller)
        if commit is None:
            raise NoCommits(f"{module.name} has no release yet", fix="push one")
        return commit

    def module_of(self, commit: Commit) -> ListedModule:
        """The module of a commit.

        Raises:
            NotFound: it is not there.
        """
        found = self.catalog.module(commit.module)
        if found is None:
            raise NotFound(f"no {commit.module} in this registry")
        return found

    def labels(self, module: ListedModule) -> Iterator[ListedLabel]:
        """All labels of a module: `main`, its releases' from newest to oldest, drafts', proposals', given ones."""
        versions = self.catalog.registry.versions(module.name)
        if versions:
            yield ListedLabel(MAIN, self.catalog.release(module.name, str(versions[-1])), module)
        for version in reversed(versions):
            yield ListedLabel(f"v{version}", self.catalog.release(module.name, str(version)), module)
        rows = labels_of(self.catalog.database, module.name)
        for draft in self.catalog.drafts(module.name):
            row = rows.pop(draft.label, None)
            yield ListedLabel(draft.label, draft, module, row.archived_at if row else "")
        for proposed in self.catalog.proposals(module.name):
            yield ListedLabel(proposed.label, proposed, module)
        for row in rows.values():
            commit = self.catalog.commit(row.commit)
            if commit is not None:
                yield ListedLabel(row.name, commit, module, row.archived_at)

    def label(self, ref: Any, caller: Caller) -> ListedLabel:
        """The label that a reference names.

        Raises:
            NotFound: there is no such label, or the caller may not read its module.
            Denied: the caller has to sign in first.
        """
        caller.require("read")
        if ref.HasField("name"):
            modules = [self.named(ref.name.owner, ref.name.module, caller)]
        else:
            modules = [module for module in self.catalog.modules() if caller.may("read", module.name)]
        for module in modules:
            for label in self.labels(module):
                if (
                    label.name == ref.name.label
                    if ref.HasField("name")
                    else label_id(module.name, label.name) == ref.id
                ):
                    return label
        name = f"{ref.name.owner}/{ref.name.module}:{ref.name.label}" if ref.HasField("name") else ref.id
        raise NotFound(f"no label {name} in this registry")

    def is_fixed(self, module: ListedModule, label: str) -> bool:
        """Whether a label follows from the releases and proposals of a module."""
        if label == MAIN or PROPOSAL_LABEL.fullmatch(label):
            return True
        return label in {f"v{version}" for version in self.catalog.registry.versions(module.name)}

    def _of_id(self, id_: str, caller: Caller) -> tuple[ListedModule, Commit | None]:
        commit = self.catalog.commit(id_.replace("-", ""))
        if commit is not None:
            return self._seen(self.catalog.module(commit.module), id_, caller), commit
        module = self._seen(self.catalog.module_of_id(id_.replace("-", "")), id_, caller)
        return module, self.catalog.newest(module.name)

    def _seen(self, module: ListedModule | None, asked: str, caller: Caller) -> ListedModule:
        if module is None or not caller.may("read", module.name):
            raise NotFound(f"no {asked} in this registry")
        return module


def owner_of(module: ListedModule) -> str:
    """The owner of a module in buf's names."""
    return module.owner or DEFAULT_OWNER


def is_whole_module(ref: Any) -> bool:
    """Whether a reference to a resource names a module, and no label or commit of it."""
    return ref.WhichOneof("value") == "name" and not (ref.name.label_name or ref.name.ref)


def as_module(module: ListedModule) -> Any:
    """A module as buf's message."""
    found = message(f"{MODULE}.Module")(
        id=module.id,
        name=module.name,
        owner_id=owner_id(owner_of(module)),
        visibility="MODULE_VISIBILITY_PRIVATE",
        state=f"MODULE_STATE_{'DEPRECATED' if module.deprecated_at else 'ACTIVE'}",
        description=module.description,
        url=module.url,
        default_label_name=MAIN,
    )
    assign_time(found.create_time, module.created_at)
    assign_time(found.update_time, module.created_at)
    return found


def as_commit(commit: Commit, module: ListedModule) -> Any:
    """A commit as buf's message."""
    found = message(f"{MODULE}.Commit")(
        id=commit.id,
        owner_id=owner_id(owner_of(module)),
        module_id=module_id(commit.module),
        digest={"type": "DIGEST_TYPE_B5", "value": bytes.fromhex(commit.digest.removeprefix("b5:"))},
    )
    assign_time(found.create_time, commit.created_at)
    return found


def as_label(label: ListedLabel) -> Any:
    """A label of a module as buf's message."""
    commit, module = label.commit, label.module
    found = message(f"{MODULE}.Label")(
        id=label_id(module.name, label.name),
        name=label.name,
        owner_id=owner_id(owner_of(module)),
        module_id=module.id,
        commit_id=commit.id,
        commit_check_state={"status": f"COMMIT_CHECK_STATUS_{'PASSED' if commit.version else 'DISABLED'}"},
    )
    for field in (found.create_time, found.update_time, found.commit_check_state.update_time):
        assign_time(field, commit.created_at)
    if label.archived_at:
        assign_time(found.archive_time, label.archived_at)
    return found
