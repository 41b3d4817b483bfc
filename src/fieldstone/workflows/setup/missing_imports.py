"""Imports that no file of a folder answers: why, and the ways out.

A file may be in a submodule that is not checked out, or behind a link that is text. Its path may begin in a folder
above the repository, as below a GOPATH. Or others publish it, as a module of a buf registry.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from fieldstone.errors import Invalid
from fieldstone.toolchain.checkout_gaps import Gaps
from fieldstone.workflows.setup.import_roots import Layout, Survey, is_vendored

MAPPED_ROOT = "protoroot"
"""The folder of links that gives files the import paths that they have below a parent of the repository."""

_PUBLISHED = {
    "buf/validate/": "buf.build/bufbuild/protovalidate",
    "cosmos_proto/": "buf.build/cosmos/cosmos-proto",
    "envoy/": "buf.build/envoyproxy/envoy",
    "gogoproto/": "buf.build/gogo/protobuf",
    "google/": "buf.build/googleapis/googleapis",
    "grpc/health/": "buf.build/grpc/grpc",
    "grpc/reflection/": "buf.build/grpc/grpc",
    "opentelemetry/": "buf.build/opentelemetry/opentelemetry",
    "protoc-gen-openapiv2/": "buf.build/grpc-ecosystem/grpc-gateway",
    "udpa/": "buf.build/cncf/xds",
    "validate/": "buf.build/envoyproxy/protoc-gen-validate",
    "xds/": "buf.build/cncf/xds",
}
"""Beginnings of import paths, and the module of a buf registry that has them (https://buf.build)."""

_SHOWN = 5
"""The most imports or files that an error names."""


class FromAbove(Struct, frozen=True):
    """Imports that begin in folders above the repository.

    Attributes:
        prefixes: the folders: `etcd`, `go.etcd.io/etcd`.
        files: the imported files, by the paths that they are imported by, relative to the repository.
    """

    prefixes: tuple[str, ...]
    files: Mapping[str, str]


def refuse_missing(found: Survey, layout: Layout, gaps: Gaps) -> None:
    """Raise if an import has no file.

    Args:
        found: the files of the folder.
        layout: their modules, with the missing imports.
        gaps: what the checkout lacks.

    Raises:
        FieldstoneError: an import has no file; the error names the importing files and all ways out.
    """
    if not layout.missing:
        return
    ways = dict.fromkeys(filter(None, (gaps.way_to(path) for _, path in layout.missing)))
    if ways:
        importer, path = layout.missing[0]
        more = f" (and {len(layout.missing) - 1} more such imports)" if len(layout.missing) > 1 else ""
        raise Invalid(
            f"{importer} imports {path}, which is not in this checkout{more}",
            fix=f"{', and '.join(ways)}; then run `fieldstone init` again",
        )
    above = _from_above(found, layout)
    elsewhere = tuple((importer, path) for importer, path in layout.missing if path not in above.files)
    known = tuple((importer, path) for importer, path in layout.missing if path in above.files)
    problems = [_problem_above(above, known), _problem(found, elsewhere)]
    fixes = [_fix_above(found, above), _fix([path for _, path in elsewhere], is_mapped=len(above.prefixes) == 1)]
    raise Invalid("; ".join(filter(None, problems)), fix="; ".join(filter(None, fixes)))


def _from_above(found: Survey, layout: Layout) -> FromAbove:
    """The missing imports whose paths end in that of a file, after folders that are not in the repository."""
    here = {proto: proto for proto in found.protos}
    for root in layout.roots:
        here |= {proto.removeprefix(f"{root}/"): proto for proto in found.protos if proto.startswith(f"{root}/")}
    prefixes: dict[str, None] = {}
    files: dict[str, str] = {}
    for _, path in layout.missing:
        parts = path.split("/")
        for length in range(1, len(parts)):
            rest = "/".join(parts[length:])
            if "/" in rest and rest in here:
                prefixes["/".join(parts[:length])] = None
                files[path] = here[rest]
                break
    return FromAbove(tuple(sorted(prefixes)), files)


def _problem_above(above: FromAbove, missing: Iterable[tuple[str, str]]) -> str:
    if not above.files:
        return ""
    importers = _listed(dict.fromkeys(importer for importer, _ in missing))
    path, file = next(iter(above.files.items()))
    folders = " and ".join(f"{prefix}/" for prefix in above.prefixes)
    return (
        f"imports begin in folders above this repository, {folders}, as below a GOPATH: {path} is {file} here "
        f"(in {importers})"
    )


def _problem(found: Survey, missing: Iterable[tuple[str, str]]) -> str:
    importers: dict[str, str] = {}
    for importer, path in missing:
        importers.setdefault(path, importer)
    if not importers:
        return ""
    path, importer = next(iter(importers.items()))
    others = f" (and {_listed([*importers][1:])})" if len(importers) > 1 else ""
    return f"{importer} imports {path}, which no .proto file in {found.folder} answers{others}"


def _fix_above(found: Survey, above: FromAbove) -> str:
    """Links that give the files their import paths; with several prefixes a file would have several paths."""
    if not above.files:
        return ""
    if len(above.prefixes) > 1:
        shown = _listed(above.files.values())
        return f"import these files by one path, that in this repository or below one folder: {shown}"
    (prefix,) = above.prefixes
    starts = {file.removesuffix(path.removeprefix(f"{prefix}/")) for path, file in above.files.items()}
    own = [proto for proto in found.protos if not is_vendored(proto)]
    names = {
        (start, proto.removeprefix(start).partition("/")[0])
        for start in starts
        for proto in own
        if proto.startswith(start)
    }
    folder = PurePosixPath(MAPPED_ROOT, prefix)
    up = "../" * len(folder.parts)
    links = [
        f"ln -s {shlex.quote(f'{up}{start}{name}')} {shlex.quote(f'{folder}/{name}')}" for start, name in sorted(names)
    ]
    commands = [f"mkdir -p {shlex.quote(str(folder))}", *links]
    return (
        f"buf reads nothing above its workspace, so give the files these paths by links: `{' && '.join(commands)}`, "
        f"and write a buf.yaml of `version: v2` that lists the module `path: {MAPPED_ROOT}`"
    )


def _fix(paths: list[str], *, is_mapped: bool) -> str:
    if not paths:
        return ""
    known = {module for path in paths for start, module in _PUBLISHED.items() if path.startswith(start)}
    exports = " && ".join(
        f"buf export {module} -o third_party/{'-'.join(module.split('/')[1:])}" for module in sorted(known)
    )
    copied = f"add a copy of each below third_party/{f', as `{exports}` does' if exports else ''}"
    if is_mapped:
        return f"{copied}, and list those folders in buf.yaml, too; then run `fieldstone init` again"
    return (
        f"{copied}; or, if a buf registry has it, write a buf.yaml with `deps`, run `buf dep update` and then "
        "`fieldstone init` again"
    )


def _listed(texts: Iterable[str]) -> str:
    every = list(dict.fromkeys(texts))
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
