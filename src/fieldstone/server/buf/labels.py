"""Labels: to find and to list them, to give them to commits, to archive them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldstone.errors import Invalid, NotFound
from fieldstone.registry.sql import audit, labels
from fieldstone.registry.sql.catalog import MAIN
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.errors import AlwaysThere
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.pages import in_order, page_of
from fieldstone.server.buf.references import ListedLabel, References, as_commit, as_label, is_whole_module

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ARCHIVED_ONLY, _ALL = 2, 3
"""The numbers of ArchiveFilter; any other leaves archived labels out."""


def get_labels(references: References, request: Any, caller: Caller) -> Any:
    """The labels of some references, archived ones too."""
    found = [as_label(references.label(ref, caller)) for ref in request.label_refs]
    return message(f"{MODULE}.GetLabelsResponse")(labels=found)


def list_labels(references: References, request: Any, caller: Caller) -> Any:
    """The labels of a module, or those of one commit of it: releases first, newest first."""
    module, commit = references.resource(request.resource_ref, caller)
    whole = is_whole_module(request.resource_ref)
    found = [
        label
        for label in references.labels(module)
        if (whole or (commit and label.commit.id == commit.id))
        and _is_wanted(label, request.archive_filter)
        and request.name_query.lower() in label.name.lower()
    ]
    page, following = page_of(in_order(found, request.order), request.page_size, request.page_token)
    return message(f"{MODULE}.ListLabelsResponse")(labels=map(as_label, page), next_page_token=following)


def list_label_history(references: References, request: Any, caller: Caller) -> Any:
    """The commits that a label had: of `main` all releases, newest first; any other has one."""
    label = references.label(request.label_ref, caller)
    commits = [label.commit]
    if label.name == MAIN:
        versions = references.catalog.registry.versions(label.module.name)
        commits = [references.catalog.release(label.module.name, str(version)) for version in reversed(versions)]
    page, following = page_of(in_order(commits, request.order), request.page_size, request.page_token)
    found = message(f"{MODULE}.ListLabelHistoryResponse")(next_page_token=following)
    for each in page:
        state = as_label(ListedLabel(label.name, each, label.module)).commit_check_state
        found.values.add(commit=as_commit(each, label.module), commit_check_state=state)
    return found


def create_or_update_labels(references: References, request: Any, caller: Caller) -> Any:
    """Give labels to commits: all of them or none. An archived one is listed again.

    Raises:
        AlwaysThere: a label is `main` or that of a release, and would change.
        Denied: the caller may not push a module.
        Invalid: a label cannot be one, or a commit is another module's.
        NotFound: there is no such commit.
    """
    found = message(f"{MODULE}.CreateOrUpdateLabelsResponse")()
    with references.catalog.database.transaction() as connection:
        for value in request.values:
            found.labels.append(as_label(_given(references, connection, value, caller)))
    return found


def archive_labels(references: References, request: Any, caller: Caller) -> Any:
    """Archive labels: all of them or none; again does no harm.

    Raises:
        AlwaysThere: a label is `main` or that of a release.
        Denied: the caller may not push a module.
        NotFound: there is no such label.
    """
    with references.catalog.database.transaction() as connection:
        for label in _to_change(references, request, caller):
            if not label.archived_at:
                labels.archive(connection, label.module.name, label.name, label.commit.id)
                _audit(references, connection, caller, "archive-label", label)
    return message(f"{MODULE}.ArchiveLabelsResponse")()


def unarchive_labels(references: References, request: Any, caller: Caller) -> Any:
    """List archived labels again: all of them or none; again does no harm.

    Raises:
        AlwaysThere: a label is `main` or that of a release, which are never archived.
        Denied: the caller may not push a module.
        NotFound: there is no such label.
    """
    with references.catalog.database.transaction() as connection:
        for label in _to_change(references, request, caller):
            if label.archived_at:
                labels.assign(connection, label.module.name, label.name, label.commit.id)
                _audit(references, connection, caller, "unarchive-label", label)
    return message(f"{MODULE}.UnarchiveLabelsResponse")()


def _is_wanted(label: ListedLabel, archived: int) -> bool:
    return archived == _ALL or bool(label.archived_at) == (archived == _ARCHIVED_ONLY)


def _to_change(references: References, request: Any, caller: Caller) -> Iterator[ListedLabel]:
    for ref in request.label_refs:
        label = references.label(ref, caller)
        caller.require("push", label.module.name)
        if references.is_fixed(label.module, label.name):
            raise AlwaysThere(f"{label.name} of {label.module.name} is always there", fix="archive another label")
        yield label


def _given(references: References, connection: Connection, value: Any, caller: Caller) -> ListedLabel:
    """The label of one value of a request, after the commit got it."""
    module, name = _named(references, value.label_ref, caller)
    caller.require("push", module.name)
    commit = references.catalog.commit(value.commit_id.replace("-", ""))
    if commit is None or not caller.may("read", commit.module):
        raise NotFound(f"no commit {value.commit_id} in this registry")
    if commit.module != module.name:
        raise Invalid(f"commit {commit.id} is not one of {module.name} but of {commit.module}")
    label = ListedLabel(name, commit, module)
    if references.is_fixed(module, name):
        current = references.catalog.labelled(module.name, name)
        if current is None or current.id != commit.id:
            raise AlwaysThere(
                f"the label {name} of {module.name} belongs to its releases", fix="use another label, or push"
            )
        return label
    labels.require_name(name)
    labels.assign(connection, module.name, name, commit.id)
    _audit(references, connection, caller, "label", label)
    return label


def _named(references: References, ref: Any, caller: Caller) -> tuple[Any, str]:
    """The module and the name of a label, which need not exist yet if it is named."""
    if ref.HasField("name"):
        return references.named(ref.name.owner, ref.name.module, caller), ref.name.label
    label = references.label(ref, caller)
    return label.module, label.name


def _audit(references: References, connection: Connection, caller: Caller, action: str, label: ListedLabel) -> None:
    details = {"label": label.name, "commit": label.commit.id}
    entry = audit.Entry(action, caller.name, caller.credential, label.module.name, details)
    audit.append(connection, entry, is_sqlite=references.catalog.database.is_sqlite)
