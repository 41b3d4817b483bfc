"""Notes on third-party types that changed incompatibly, where the module's own messages or rpcs have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from fieldstone.checking.baseline import find_baseline
from fieldstone.checking.judgement import judge_natively, relocate
from fieldstone.compatibility.finding import IMPORTED_TYPE_CHANGED, Finding, Level, fingerprint
from fieldstone.incremental.changed_files import BUILT_IN
from fieldstone.project.project import Project
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.element import Element
from fieldstone.schema.image import content_digests, is_import, parse_image
from fieldstone.schema.model import Schema
from fieldstone.workspace.modules import Module


def imported_type_findings(
    project: Project, module: Module, against: str, image: bytes, *, start: Path
) -> list[Finding]:
    """The notes on a module's third-party types.

    Args:
        project: where the module is.
        module: the module.
        against: the baseline, as for `find_baseline`.
        image: the compiled module, in bytes.
        start: the folder that paths are relative to.

    Raises:
        FieldstoneError: there is no such baseline, or an image cannot be read.
    """
    if not _imports_third_party(project, module):
        return []
    before = find_baseline(project, module, against, since_parting=True)
    if before is None:
        return []
    governed = {path for other in project.workspace.modules.values() for path in other.proto_paths}
    where, label = f"the image of {module.path}", before.side.label
    paths = _foreign(before.side.image, governed, label) | _foreign(image, governed, where)
    if content_digests(before.side.image, paths, where=label) == content_digests(image, paths, where=where):
        return []
    old = load_schema(before.side.image, where=label, own_files=paths)
    new = load_schema(image, where=where, own_files=paths)
    own = load_schema(image, where=where, own_files=module.proto_paths.keys())
    settings = replace(project.settings.module(module.name), waivers=(), rules={})
    broken = [finding for finding in judge_natively(old, new, settings) if finding.is_breaking]
    notes = _notes(_by_type(broken, old), _users(own, old))
    return [relocate(note, module.root, before.at, start) for note in notes]


def _imports_third_party(project: Project, module: Module) -> bool:
    needed = project.dependencies
    return bool(module.imports_only or needed.third_party(module) or needed.remote(module))


def _foreign(image: bytes, governed: Iterable[str], where: str) -> set[str]:
    """The files of an image that are imported from nobody's module."""
    imported = {file.name for file in parse_image(image, where=where).file if is_import(file)}
    return {path for path in imported.difference(governed) if not path.startswith(BUILT_IN)}


def _by_type(findings: Iterable[Finding], old: Schema) -> dict[str, list[Finding]]:
    """The findings by the full name of the released message or enum that they are about."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        name = finding.subject
        while name and name not in old.messages and name not in old.enums:
            name = name.rpartition(".")[0]
        if name:
            found[name].append(finding)
    return found


def _users(own: Schema, third_party: Schema) -> dict[str, list[Element]]:
    """The module's own fields and rpcs that have a third-party type, directly or inside another one, by type."""
    found: defaultdict[str, list[Element]] = defaultdict(list)
    for element, type_name in _uses(own):
        reached: set[str] = set()
        waiting = [type_name]
        while waiting:
            name = waiting.pop()
            if name not in reached and (name in third_party.messages or name in third_party.enums):
                reached.add(name)
                found[name].append(element)
                message = third_party.messages.get(name)
                waiting += [field.holds for field in message.fields.values()] if message else []
    return found


def _uses(schema: Schema) -> Iterator[tuple[Element, str]]:
    """The fields and rpcs of a schema, each with the types that it names."""
    fields = [field for message in schema.messages.values() for field in message.fields.values()]
    for field in (*fields, *schema.extensions.values()):
        yield field, field.holds
    for service in schema.services.values():
        for rpc in service.rpcs.values():
            yield rpc, rpc.request
            yield rpc, rpc.response


def _notes(broken: Mapping[str, list[Finding]], users: Mapping[str, list[Element]]) -> Iterator[Finding]:
    for name, findings in sorted(broken.items()):
        if name not in users:
            continue
        user, *others = sorted(users[name], key=lambda element: element.full_name)
        more = f" and {len(others)} more of this module have" if others else " has"
        rest = f" (and {len(findings) - 1} more changes)" if len(findings) > 1 else ""
        yield Finding(
            rule=IMPORTED_TYPE_CHANGED,
            subject=name,
            message=f"`{name}`, a third-party type that `{user.full_name}`{more}, changed: {findings[0].message}{rest}",
            location=user.location,
            fix="keep the released copy, or tell the module's readers",
            level=Level.NOTE,
            fingerprint=fingerprint(IMPORTED_TYPE_CHANGED, name, *sorted(found.message for found in findings)),
        )
