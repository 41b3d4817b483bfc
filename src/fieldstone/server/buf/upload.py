"""`buf push`: an upload, judged in another process and answered with commits or with the findings."""

from __future__ import annotations

from typing import Any

from fieldstone.errors import Invalid
from fieldstone.server.buf.errors import PushRefused
from fieldstone.server.buf.messages import MODULE, message
from fieldstone.server.buf.references import References, as_commit, owner_of
from fieldstone.server.callers import Caller
from fieldstone.server.work import Work
from fieldstone.workflows.pushing.upload import Content, Upload


async def upload(references: References, request: Any, caller: Caller, work: Work) -> Any:
    """Judge an upload, and release what may be released.

    Raises:
        PushRefused: the gate refuses it.
        Denied: the caller may not push one of the modules.
        FieldstoneError: the upload cannot be used, or the registry cannot be written.
    """
    contents = tuple(_content(references, content, caller) for content in request.contents)
    dependencies = tuple(id_.replace("-", "") for id_ in request.dep_commit_ids)
    for id_ in dependencies:
        commit = references.catalog.commit(id_)
        if commit is not None:
            caller.require("read", commit.module)
    pushed = await work.push(
        Upload(
            contents=contents,
            dependencies=dependencies,
            who=caller.name,
            credential=caller.credential,
            address=caller.address,
        )
    )
    if pushed.refusal:
        raise PushRefused(pushed.refusal)
    commits = [as_commit(commit, references.module_of(commit)) for commit in pushed.commits]
    return message(f"{MODULE}.UploadResponse")(commits=commits)


def _content(references: References, content: Any, caller: Caller) -> Content:
    module = references.module(content.module_ref, caller)
    caller.require("push", module.name)
    labels = [ref.name for ref in content.scoped_label_refs]
    if len(labels) > 1:
        raise Invalid(f"{module.name} is pushed under {len(labels)} labels", fix="push one label at a time")
    files = {file.path: file.content for file in content.files}
    if len(files) < len(content.files):
        raise Invalid(f"the upload of {module.name} has a file twice")
    return Content(module=module.name, owner=owner_of(module), files=files, label=labels[0] if labels else "")
