"""Commits: to resolve, list and download them, with what they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fieldstone.errors import NotFound
from fieldstone.registry.release import PROTO
from fieldstone.registry.sql.catalog import Commit, ListedModule
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.pages import in_order, page_of
from fieldstone.server.buf.references import References, as_commit, as_module, is_whole_module

_LICENSE = "LICENSE"
_PROTO_FILE, _DOC_FILE, _LICENSE_FILE = 1, 2, 3
"""The numbers of FileType."""


def get_commits(references: References, request: Any, caller: Caller) -> Any:
    """The commits of some references."""
    found = [_message(references, references.commit(ref, caller)) for ref in request.resource_refs]
    return message(f"{MODULE}.GetCommitsResponse")(commits=found)


def list_commits(references: References, request: Any, caller: Caller) -> Any:
    """The releases of a module, newest first; of another reference its commit."""
    ref = request.resource_ref
    module, commit = references.resource(ref, caller)
    if is_whole_module(ref):
        versions = references.catalog.registry.versions(module.name)
        found = [references.catalog.release(module.name, str(version)) for version in reversed(versions)]
    else:
        found = [commit] if commit else []
    found = [commit for commit in found if request.id_query.lower() in commit.id]
    page, following = page_of(in_order(found, request.order), request.page_size, request.page_token)
    commits = [as_commit(commit, module) for commit in page]
    return message(f"{MODULE}.ListCommitsResponse")(commits=commits, next_page_token=following)


def get_graph(references: References, request: Any, caller: Caller) -> Any:
    """Commits with all that they depend on."""
    asked = [references.commit(ref, caller) for ref in request.resource_refs]
    found = message(f"{MODULE}.GetGraphResponse")()
    for commit in readable(references, asked, caller):
        found.graph.commits.append(_message(references, commit))
        for other in commit.dependencies:
            edge = found.graph.edges.add()
            edge.from_node.commit_id, edge.to_node.commit_id = commit.id, other
    return found


def download(references: References, request: Any, caller: Caller) -> Any:
    """The files of some commits."""
    found = message(f"{MODULE}.DownloadResponse")()
    for value in request.values:
        commit = references.commit(value.resource_ref, caller)
        content = found.contents.add(commit=_message(references, commit))
        for path, data in references.catalog.contents(commit, chosen(commit, value)).items():
            content.files.add(path=path, content=data)
    return found


def get_resources(references: References, request: Any, caller: Caller) -> Any:
    """The modules or commits that some references name."""
    found = message(f"{MODULE}.GetResourcesResponse")()
    for ref in request.resource_refs:
        module, commit = references.resource(ref, caller)
        resource = found.resources.add()
        if _names_module(ref, module):
            resource.module.MergeFrom(as_module(module))
        else:
            resource.commit.MergeFrom(_message(references, commit or references.commit(ref, caller)))
    return found


def _names_module(ref: Any, module: ListedModule) -> bool:
    return bool(ref.id == module.id) if ref.WhichOneof("value") == "id" else is_whole_module(ref)


def _message(references: References, commit: Commit) -> Any:
    return as_commit(commit, references.module_of(commit))


def readable(references: References, commits: Iterable[Commit], caller: Caller) -> list[Commit]:
    """Commits and all that they depend on, each once.

    Raises:
        Denied: the caller may not read one of their modules.
    """
    found = references.catalog.with_dependencies(commits)
    for commit in found:
        caller.require("read", commit.module)
    return found


def chosen(commit: Commit, value: Any) -> Sequence[str]:
    """The paths of the files that a value of a request for downloads asks for.

    Raises:
        NotFound: it asks for a path that is not there.
    """
    paths = [path for path in commit.files if not value.file_types or _kind(path) in value.file_types]
    for asked in value.paths:
        if not any(_is_below(path, asked) for path in paths) and not value.paths_allow_not_exist:
            raise NotFound(f"no {asked} in {commit.module}")
    return [path for path in paths if not value.paths or any(_is_below(path, asked) for asked in value.paths)]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _kind(path: str) -> int:
    """The FileType of a source."""
    return _PROTO_FILE if path.endswith(PROTO) else _LICENSE_FILE if path == _LICENSE else _DOC_FILE
