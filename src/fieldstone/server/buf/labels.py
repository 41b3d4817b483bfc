"""Labels: `main` and `vX.Y.Z` of releases, and those of drafts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fieldstone.errors import NotFound
from fieldstone.registry.sql.catalog import MAIN, Commit, ListedModule
from fieldstone.registry.sql.identities import label_id
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.pages import page_of
from fieldstone.server.buf.references import References, as_commit, as_label
from fieldstone.server.callers import Caller


def get_labels(references: References, request: Any, caller: Caller) -> Any:
    """The labels of some references."""
    found = [as_label(label, commit, module) for label, commit, module in _named(references, request, caller)]
    return message(f"{MODULE}.GetLabelsResponse")(labels=found)


def list_labels(references: References, request: Any, caller: Caller) -> Any:
    """The labels of a module, or those of one commit of it, newest first."""
    ref = request.resource_ref
    module, commit = references.resource(ref, caller)
    whole = ref.WhichOneof("value") == "name" and not (ref.name.label_name or ref.name.ref)
    found = [
        as_label(label, of, module)
        for label, of in _labels(references, module)
        if (whole or (commit and of.id == commit.id)) and request.name_query.lower() in label.lower()
    ]
    page, following = page_of(found, request.page_size, request.page_token)
    return message(f"{MODULE}.ListLabelsResponse")(labels=page, next_page_token=following)


def list_label_history(references: References, request: Any, caller: Caller) -> Any:
    """The commits that a label had: of `main` all releases, newest first; any other has one."""
    one = message(f"{MODULE}.GetLabelsRequest")(label_refs=[request.label_ref])
    ((label, commit, module),) = _named(references, one, caller)
    commits = [commit]
    if label == MAIN:
        versions = references.catalog.registry.versions(module.name)
        commits = [references.catalog.release(module.name, str(version)) for version in reversed(versions)]
    page, following = page_of(commits, request.page_size, request.page_token)
    found = message(f"{MODULE}.ListLabelHistoryResponse")(next_page_token=following)
    for each in page:
        state = as_label(label, each, module).commit_check_state
        found.values.add(commit=as_commit(each, module), commit_check_state=state)
    return found


def _named(references: References, request: Any, caller: Caller) -> Iterator[tuple[str, Commit, ListedModule]]:
    """The labels that references name, each with its commit and module.

    Raises:
        NotFound: there is no such label, or the caller may not read its module.
    """
    caller.require("read")
    for ref in request.label_refs:
        module = _module_of(references, ref, caller)
        label = ref.name.label or next(
            (label for label, _ in _labels(references, module) if label_id(module.name, label) == ref.id), ""
        )
        commit = references.catalog.labelled(module.name, label) if label else None
        if commit is None:
            raise NotFound(f"{module.name} has no label {label or ref.id}")
        yield label, commit, module


def _module_of(references: References, ref: Any, caller: Caller) -> ListedModule:
    if ref.HasField("name"):
        return references.named(ref.name.owner, ref.name.module, caller)
    for module in references.catalog.modules():
        if caller.may("read", module.name) and any(
            label_id(module.name, label) == ref.id for label, _ in _labels(references, module)
        ):
            return module
    raise NotFound(f"no label {ref.id} in this registry")


def _labels(references: References, module: ListedModule) -> Iterator[tuple[str, Commit]]:
    """All labels of a module with their commits, newest first."""
    catalog = references.catalog
    versions = catalog.registry.versions(module.name)
    if versions:
        yield MAIN, catalog.release(module.name, str(versions[-1]))
    for version in reversed(versions):
        yield f"v{version}", catalog.release(module.name, str(version))
    for draft in catalog.drafts(module.name):
        yield draft.label, draft
