"""The older protocol, for a v1 buf.yaml with dependencies: commits, graphs and downloads with b4 digests.

A b4 digest covers buf.yaml and buf.lock too. No client sends them with a push, so every commit has the same two. The
digest is SHAKE256 over the manifest of all files. Source: buf's `bufmodule` package, digest type B4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anyio import to_thread

from fieldstone.errors import Invalid
from fieldstone.registry.sql.catalog import Commit
from fieldstone.schema.digest import b4, file_digest
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf import commits
from fieldstone.server.buf.connect import Warned
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.references import References, as_commit
from fieldstone.server.buf.upload import upload
from fieldstone.server.work import Work

_PACKAGE = "buf.registry.module.v1beta1"
_CONFIG: Mapping[str, bytes] = {"buf.yaml": b"version: v1\n", "buf.lock": b"version: v1\n"}
"""The files that b4 digests cover besides those of the module."""
_B4, _B5 = 1, 2
"""The numbers of DigestType."""


def get_commits(references: References, request: Any, caller: Caller) -> Any:
    """The commits of some references."""
    found = [_message(references, references.commit(ref, caller), request.digest_type) for ref in request.resource_refs]
    return message(f"{_PACKAGE}.GetCommitsResponse")(commits=found)


def get_graph(references: References, request: Any, caller: Caller) -> Any:
    """Commits with all that they depend on; all are in the registry that the request names."""
    asked = [references.commit(ref.resource_ref, caller) for ref in request.resource_refs]
    registry = next((ref.registry for ref in request.resource_refs), "")
    found = message(f"{_PACKAGE}.GetGraphResponse")()
    for commit in commits.readable(references, asked, caller):
        found.graph.commits.add(commit=_message(references, commit, request.digest_type), registry=registry)
        for other in commit.dependencies:
            edge = found.graph.edges.add()
            edge.from_node.commit_id, edge.from_node.registry = commit.id, registry
            edge.to_node.commit_id, edge.to_node.registry = other, registry
    return found


def download(references: References, request: Any, caller: Caller) -> Any:
    """The files of some commits, with the buf.yaml and buf.lock that their b4 digests cover."""
    found = message(f"{_PACKAGE}.DownloadResponse")()
    for value in request.values:
        commit = references.commit(value.resource_ref, caller)
        content = found.contents.add(commit=_message(references, commit, request.digest_type))
        for path, data in references.catalog.contents(commit, commits.chosen(commit, value)).items():
            content.files.add(path=path, content=data)
        content.v1_buf_yaml_file.path, content.v1_buf_yaml_file.content = "buf.yaml", _CONFIG["buf.yaml"]
        content.v1_buf_lock_file.path, content.v1_buf_lock_file.content = "buf.lock", _CONFIG["buf.lock"]
    return found


async def push(references: References, request: Any, caller: Caller, work: Work) -> Any:
    """An upload of modules with dependencies of several registries.

    Raises:
        Invalid: a dependency is not in this registry.
        FieldstoneError: see `upload`.
    """
    await to_thread.run_sync(_refuse_foreign, references, request, caller)
    ids = [dependency.commit_id for dependency in request.dep_refs]
    same = message(f"{MODULE}.UploadRequest")(contents=request.contents, dep_commit_ids=ids)
    answer = await upload(references, same, caller, work)
    warning = answer.warning if isinstance(answer, Warned) else ""
    plain = answer.message if isinstance(answer, Warned) else answer
    found = message(f"{_PACKAGE}.UploadResponse")()
    for commit in plain.commits:
        found.commits.append(_with_digest(commit, _B5, commit.digest.value))
    return Warned(found, warning) if warning else found


def _refuse_foreign(references: References, request: Any, caller: Caller) -> None:
    """Raise if a dependency is in another registry only."""
    here = caller.address.rpartition("//")[2]
    for dependency in request.dep_refs:
        if dependency.registry != here and references.catalog.commit(dependency.commit_id.replace("-", "")) is None:
            raise Invalid(
                f"a dependency is in the registry {dependency.registry}, and this one is {here}",
                fix=f"push it to {here} as well, and depend on it there",
            )


def _message(references: References, commit: Commit, kind: int) -> Any:
    """A commit as buf's message, with a digest of a type; by default b5."""
    found = as_commit(commit, references.module_of(commit))
    if kind != _B4:
        return _with_digest(found, _B5, found.digest.value)
    covered = {**commit.files, **{path: file_digest(content) for path, content in _CONFIG.items()}}
    return _with_digest(found, _B4, bytes.fromhex(b4(covered).rpartition(":")[2]))


def _with_digest(commit: Any, kind: int, value: bytes) -> Any:
    """A commit of v1 as one of v1beta1."""
    found = message(f"{_PACKAGE}.Commit")(
        id=commit.id, owner_id=commit.owner_id, module_id=commit.module_id, digest={"type": kind, "value": value}
    )
    found.create_time.CopyFrom(commit.create_time)
    return found
