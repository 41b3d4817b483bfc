"""`buf push`: an upload, judged in another process and answered with commits or with the findings."""

from __future__ import annotations

from typing import Any

from anyio import to_thread

from fieldstone.errors import Invalid, NotFound
from fieldstone.registry.sql.catalog import ListedModule
from fieldstone.registry.sql.identities import label_id
from fieldstone.server.access.callers import Caller
from fieldstone.server.buf.commits import readable
from fieldstone.server.buf.connect import Warned
from fieldstone.server.buf.errors import PushRefused
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.references import References, as_commit, owner_of
from fieldstone.server.work import Work
from fieldstone.workflows.pushing.messages import Pushed
from fieldstone.workflows.pushing.upload import Content, Upload


async def upload(references: References, request: Any, caller: Caller, work: Work) -> Any:
    """Judge an upload, and release what may be released; the findings of drafts are a warning.

    Raises:
        PushRefused: the gate refuses it.
        Denied: the caller may not push one of the modules.
        FieldstoneError: the upload cannot be used, or the registry cannot be written.
    """
    pushed = await work.push(await to_thread.run_sync(_uploaded, references, request, caller))
    if pushed.refusal:
        raise PushRefused(pushed.refusal)
    answer = await to_thread.run_sync(_answer, references, pushed)
    return Warned(answer, pushed.warning) if pushed.warning else answer


def _uploaded(references: References, request: Any, caller: Caller) -> Upload:
    contents = tuple(_content(references, content, caller) for content in request.contents)
    dependencies = tuple(id_.replace("-", "") for id_ in request.dep_commit_ids)
    readable(references, filter(None, map(references.catalog.commit, dependencies)), caller)
    return Upload(
        contents=contents,
        dependencies=dependencies,
        who=caller.name,
        credential=caller.credential,
        address=caller.address,
    )


def _answer(references: References, pushed: Pushed) -> Any:
    commits = [as_commit(commit, references.module_of(commit)) for commit in pushed.commits]
    return message(f"{MODULE}.UploadResponse")(commits=commits)


def _content(references: References, content: Any, caller: Caller) -> Content:
    module = references.module(content.module_ref, caller)
    caller.require("push", module.name)
    labels = [_label(references, module, ref) for ref in content.scoped_label_refs]
    files = {file.path: file.content for file in content.files}
    if len(files) < len(content.files):
        raise Invalid(f"the upload of {module.name} has a file twice")
    return Content(module=module.name, owner=owner_of(module), files=files, labels=tuple(labels))


def _label(references: References, module: ListedModule, ref: Any) -> str:
    """The label that a reference names inside a module.

    Raises:
        NotFound: it is an id, and no label of the module has it.
    """
    if not ref.id:
        return str(ref.name)
    for label in references.labels(module):
        if label_id(module.name, label.name) == ref.id:
            return label.name
    raise NotFound(f"no label {ref.id} in {module.name}")
