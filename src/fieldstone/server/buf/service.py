"""All methods of the protocol by the path of their calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from anyio import to_thread

from fieldstone.server.access.callers import Caller
from fieldstone.server.buf import commits, labels, modules, owners, reflection, v1beta1
from fieldstone.server.buf.connect import Answer, Calls
from fieldstone.server.buf.references import References
from fieldstone.server.buf.upload import upload
from fieldstone.server.reads.answers import Answers
from fieldstone.server.work import Work

_READING: dict[str, Callable[[References, Any, Caller], Any]] = {
    "/buf.registry.module.v1.ModuleService/GetModules": modules.get_modules,
    "/buf.registry.module.v1.ModuleService/ListModules": modules.list_modules,
    "/buf.registry.module.v1.CommitService/GetCommits": commits.get_commits,
    "/buf.registry.module.v1.CommitService/ListCommits": commits.list_commits,
    "/buf.registry.module.v1.GraphService/GetGraph": commits.get_graph,
    "/buf.registry.module.v1.DownloadService/Download": commits.download,
    "/buf.registry.module.v1.ResourceService/GetResources": commits.get_resources,
    "/buf.registry.module.v1.LabelService/GetLabels": labels.get_labels,
    "/buf.registry.module.v1.LabelService/ListLabels": labels.list_labels,
    "/buf.registry.module.v1.LabelService/ListLabelHistory": labels.list_label_history,
    "/buf.registry.module.v1beta1.CommitService/GetCommits": v1beta1.get_commits,
    "/buf.registry.module.v1beta1.GraphService/GetGraph": v1beta1.get_graph,
    "/buf.registry.module.v1beta1.DownloadService/Download": v1beta1.download,
    "/buf.reflect.v1beta1.FileDescriptorSetService/GetFileDescriptorSet": reflection.get_file_descriptor_set,
    "/buf.registry.owner.v1.OwnerService/GetOwners": owners.get_owners,
    "/buf.registry.owner.v1.UserService/GetCurrentUser": owners.get_current_user,
    "/buf.alpha.registry.v1alpha1.AuthnService/GetCurrentUser": owners.log_in,
}
"""The methods that only read: their answers follow from the request, the caller and the database."""
_WRITING: dict[str, Callable[[References, Any, Caller], Any]] = {
    "/buf.registry.module.v1.ModuleService/CreateModules": modules.create_modules,
    "/buf.registry.module.v1.ModuleService/UpdateModules": modules.update_modules,
    "/buf.registry.module.v1.ModuleService/DeleteModules": modules.delete_modules,
    "/buf.registry.module.v1.LabelService/CreateOrUpdateLabels": labels.create_or_update_labels,
    "/buf.registry.module.v1.LabelService/ArchiveLabels": labels.archive_labels,
    "/buf.registry.module.v1.LabelService/UnarchiveLabels": labels.unarchive_labels,
}
"""The methods that change a few rows."""
_PUSHING = {
    "/buf.registry.module.v1.UploadService/Upload": upload,
    "/buf.registry.module.v1beta1.UploadService/Upload": v1beta1.push,
}
"""The methods whose work takes a process."""


def calls(references: References, work: Work, kept: Answers) -> Calls:
    """The answers to all methods.

    Args:
        references: what can be asked for.
        work: where pushes are judged.
        kept: the answers that are kept.
    """

    async def asked(answer: Callable[[References, Any, Caller], Any], request: Any, caller: Caller) -> Any:
        return await to_thread.run_sync(answer, references, request, caller)

    async def push(answer: Callable[..., Awaitable[Any]], request: Any, caller: Caller) -> Any:
        return await answer(references, request, caller, work)

    quick: dict[str, Answer] = {path: partial(asked, answer) for path, answer in (_READING | _WRITING).items()}
    return Calls(quick | {path: partial(push, answer) for path, answer in _PUSHING.items()}, _READING, kept)
