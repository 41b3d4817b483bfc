"""Verify: recompute everything that the registry claims."""

from __future__ import annotations

import os.path
import tempfile
from collections.abc import Container, Iterator
from pathlib import Path

from fieldstone.compatibility.ledger import Ledger
from fieldstone.errors import FieldstoneError
from fieldstone.registry import Defect, Registry, open_registry
from fieldstone.registry.manifest import IMAGE, LEDGER, NAME, Release
from fieldstone.schema import buf, git
from fieldstone.schema.descriptors import read_schema
from fieldstone.schema.digest import b5, manifest
from fieldstone.schema.image import content_digests
from fieldstone.workflows.project import Project, release_sources


def verify(project: Project, *, since: str = "") -> list[Defect]:
    """Hold every release against its own claims.

    Args:
        project: where the registry is.
        since: a git revision; if given, releases that it has may not be edited or deleted, and only
            those that came later are compiled again.

    Returns:
        what is wrong; nothing if the registry is sound. Where releases were edited or deleted, that alone.

    Raises:
        FieldstoneError: the registry or the revision cannot be read.
    """
    touched = list(_touched(project, since)) if since else []
    if touched:
        return touched
    registry = open_registry(project.settings.registry)  # without the cache: here nothing is taken for granted
    verified = _verified(project, since) if since else set()
    found: list[Defect] = []
    for module, broken in {module: list(registry.defects(module)) for module in registry.modules()}.items():
        found += broken
        if not any(defect.kind.startswith("registry-file") for defect in broken):
            found += _recomputed(registry, module, verified)
    return found


def _verified(project: Project, since: str) -> set[str]:
    """The manifests, relative to the registry, that a revision had: those releases were verified when they came."""
    folder = project.settings.registry
    paths = git.listed_at(since, folder, cwd=project.settings.root)
    return {os.path.relpath(project.settings.root / path, folder) for path in paths if path.endswith(NAME)}


def _recomputed(registry: Registry, module: str, verified: Container[str]) -> Iterator[Defect]:
    ledger = Ledger()
    for version in registry.versions(module):
        release = registry.release(module, str(version))
        if f"{module}/{version}/{NAME}" in verified:
            text = registry.read(release, LEDGER).decode("utf-8", "replace")
            ledger = Ledger.from_json(text, where=f"{registry.place(release)}/{LEDGER}")
            continue
        sources = release_sources(registry, release)
        digest = b5(manifest(sources), (link.digest for link in release.dependencies))
        if digest != release.digest:
            yield _defect(registry, release, "digest-wrong", "its b5 digest is not that of its sources")
        if not _is_reproducible(registry, release):
            yield _defect(registry, release, "image-wrong", f"its sources do not produce its {IMAGE}")
        image = registry.read(release, IMAGE)
        schema = read_schema(image, where=registry.place(release), own_files=release.sources.keys())
        ledger = ledger.advance(schema, release.version)
        if registry.read(release, LEDGER).decode("utf-8", "replace") != ledger.to_json():
            yield _defect(registry, release, "ledger-wrong", f"its {LEDGER} is not what the releases up to it used")


def _is_reproducible(registry: Registry, release: Release) -> bool:
    own = release.sources.keys()
    claimed = content_digests(registry.read(release, IMAGE), own, where=f"{registry.place(release)}/{IMAGE}")
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        root = Path(scratch)
        _lay_out(registry, release, root)
        rebuilt = buf.build(release.name, cwd=root).output(what=f"{registry.place(release)} does not compile")
    return claimed == content_digests(rebuilt, own, where="the rebuilt image")


def _lay_out(registry: Registry, release: Release, root: Path) -> None:
    """A buf workspace of a release and all that it imports."""
    remote = [link for link in release.dependencies if link.is_remote]
    local = [registry.release(link.name, link.version) for link in release.dependencies if not link.is_remote]
    for module in (release, *local):
        for path, content in release_sources(registry, module).items():
            target = root / module.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    modules = "".join(f"  - path: {module.name}\n" for module in (release, *local))
    deps = "".join(f"  - {link.name}\n" for link in remote)
    (root / "buf.yaml").write_text(f"version: v2\nmodules:\n{modules}" + (f"deps:\n{deps}" if deps else ""))
    if remote:
        pins = "".join(f"  - name: {d.name}\n    commit: {d.version}\n    digest: {d.digest}\n" for d in remote)
        (root / "buf.lock").write_text(f"version: v2\ndeps:\n{pins}")


def _touched(project: Project, since: str) -> Iterator[Defect]:
    folder = project.settings.registry
    try:
        changes = git.changed_since(since, folder, cwd=project.settings.root)
    except FieldstoneError as error:
        raise FieldstoneError(f"cannot compare {folder} with {since}: {error.problem}", fix=error.fix) from error
    for status, path in changes:
        if status != "A":
            words = {"D": "deleted", "M": "edited"}.get(status, "changed")
            module, version = _owner(path, folder.name)
            fix = f"released versions never change: `git restore --source={since} --staged --worktree -- {path}`"
            yield Defect("registry-file-changed", module, version, path, f"{path} was {words} since {since}", fix)


def _owner(path: str, registry: str) -> tuple[str, str]:
    """The module and version that a path below the registry belongs to."""
    parts = path.split("/")
    inside = parts[parts.index(registry) + 1 :] if registry in parts else parts
    return (inside[0], inside[1]) if len(inside) > 1 else ("", "")


def _defect(registry: Registry, release: Release, kind: str, problem: str) -> Defect:
    return Defect(
        f"registry-{kind}",
        release.name,
        release.version,
        registry.place(release),
        problem,
        "restore the release from git: released versions never change",
    )
