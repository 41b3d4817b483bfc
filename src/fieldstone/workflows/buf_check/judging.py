"""Judges the files of a request: by the settings of their module, its waivers, and the history in its registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from msgspec.structs import replace

from fieldstone.cache.permission import Permission
from fieldstone.checking.baseline import history, sunsets_since
from fieldstone.checking.judgement import passing_before_1_0, policy_of, today_utc
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context
from fieldstone.errors import NotFound
from fieldstone.printed import printable_line
from fieldstone.project.project import Project
from fieldstone.registry import folder_of
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import IMPORT_MARK
from fieldstone.schema.image.import_order import in_import_order
from fieldstone.schema.model import Schema
from fieldstone.workflows.buf_check.answers import plugin_rules
from fieldstone.workflows.buf_check.calls import rule_id
from fieldstone.workflows.buf_check.messages import message
from fieldstone.workflows.buf_check.places import file_location
from fieldstone.workflows.buf_check.request import CheckRequest, Files
from fieldstone.workspace.modules import Module


def refusals(request: CheckRequest, folder: Path, note: Callable[[str], None]) -> list[Any]:
    """The findings that refuse a change, as `buf.plugin.check.v1.Annotation`.

    Args:
        request: both sides, and the options.
        folder: the folder from which settings are looked for.
        note: called with each remark for the user, a sentence.

    Raises:
        FieldstoneError: the settings, the registry or the files cannot be read, or the module is not known.
    """
    project = _project(request, folder)
    module = _module(project, request)
    if module is None:
        note(
            f"{project.settings.root} has no settings of Fieldstone, so its defaults apply, and no history is consulted"
        )
    elif module.name in project.workspace.third_party:
        return []
    elif not project.registry.versions(module.name):
        note(f"{project.settings.registry} has no release of {module.name}: no history is consulted")
    refused = _refused(project, module, _of_its_own(request, module) if module else request)
    asked = [finding for finding in refused if not request.rule_ids or rule_id(finding.rule) in request.rule_ids]
    return [_annotation(finding, request) for finding in asked]


def _project(request: CheckRequest, folder: Path) -> Project:
    start = folder / request.options.get("settings", ".")
    if not start.is_dir():
        raise NotFound(f"the option `settings` names {start}, and that is no folder", fix="correct it in buf.yaml")
    project = Project.at(start, permission=Permission(asked=False))
    if address := request.options.get("registry"):
        settings = replace(project.settings, values={**project.settings.values, "registry": address})
        project = replace(project, settings=settings)
        if (registry := folder_of(project.settings.registry)) and not registry.is_dir():
            raise NotFound(
                f"the option `registry` names {registry}, and that is no folder", fix="correct it in buf.yaml"
            )
    return project


def _module(project: Project, request: CheckRequest) -> Module | None:
    """The module of the files; None in a repository without settings and releases.

    Raises:
        FieldstoneError: the module is not found, although the repository has settings or releases.
    """
    is_set_up = project.settings.file is not None or "registry" in request.options or bool(project.registry.modules())
    if name := request.options.get("module"):
        return project.module(name)
    if not is_set_up:
        return None
    paths = {*request.new.own}
    found = [module for module in project.workspace.everything if paths <= module.all_paths.keys()]
    if len(found) != 1:
        where = project.settings.root
        one = min(paths)
        raise NotFound(
            f"{'no' if not found else 'more than one'} module of {where} has {one} and all {len(paths)} files given",
            fix="run buf in the folder of its settings, or give the plugin the option `module` in buf.yaml",
        )
    return found[0]


def _of_its_own(request: CheckRequest, module: Module) -> CheckRequest:
    """The request with a module's third-party files as imports, as which buf does not know them."""
    foreign = frozenset(module.third_party_paths)
    new, old = (files._replace(own=frozenset(files.own) - foreign) for files in (request.new, request.old))
    return request._replace(new=new, old=old)


def _refused(project: Project, module: Module | None, request: CheckRequest) -> list[Finding]:
    name = module.name if module else ""
    settings = project.settings.module(name)
    sunsets = sunsets_since(project, name, None)
    context = Context(
        _schema(request.old, "the files to check against"),
        _schema(request.new, "the files to check"),
        history(project, module) if module else Ledger(),
        today_utc(),
        settings.options,
        settings.notice,
        sunsets,
    )
    policy = policy_of(settings, unread=sunsets.unread)
    found = policy.apply(judge(context, plugin_rules()))
    versions = project.registry.versions(name) if module else []
    return policy.refuses(passing_before_1_0(found, versions, settings))


def _schema(files: Files, where: str) -> Schema:
    return load_schema(_image(files), where=where, own_files=files.own) if files.descriptors else Schema()


def _image(files: Files) -> bytes:
    """The files as a buf image, imported ones first."""
    image = descriptor_pb2.FileDescriptorSet()
    imports = {path: file.dependency for path, file in files.descriptors.items()}
    for path in in_import_order(imports):
        mark = b"" if path in files.own else IMPORT_MARK
        image.file.add().MergeFromString(files.descriptors[path].SerializeToString() + mark)
    return image.SerializeToString()


def _annotation(finding: Finding, request: CheckRequest) -> Any:
    words = [finding.message, f"breaks {', '.join(finding.breaks)}" if finding.breaks else "", finding.fix]
    return message(
        "buf.plugin.check.v1.Annotation",
        rule_id=rule_id(finding.rule),
        message=printable_line("; ".join(filter(None, words))),
        file_location=file_location(finding.location, request.new.descriptors),
        against_file_location=file_location(finding.was_at or finding.location, request.old.descriptors),
    )
