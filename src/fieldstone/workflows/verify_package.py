"""Verify a client package: the signed release that it carries, its schema, and, with the registry, its code."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from fieldstone.codegen.clients.typescript import npm_name
from fieldstone.codegen.names import contracts_distribution, python_version
from fieldstone.codegen.signed_release import find_signed
from fieldstone.consumers.uses import FILE, Uses, from_toml
from fieldstone.errors import Invalid
from fieldstone.packaging.contents import files_of
from fieldstone.packaging.index.packages import Distribution
from fieldstone.packaging.index.parsing import is_package, parse_package
from fieldstone.project.project import Project
from fieldstone.registry import manifest
from fieldstone.registry.release import IMAGE, NAME, Release
from fieldstone.schema.digest import file_digest
from fieldstone.workflows.generating.client_package import find_release
from fieldstone.workflows.package import package
from fieldstone.workflows.signing import signer_of


class VerifiedPackage(Struct, frozen=True, kw_only=True):
    """The result of verifying a package.

    Attributes:
        module: the module of the release that it carries; empty if it carries none.
        version: the semver of that release.
        signer: the principal that signed it.
        problem: the reason why the package is refused, as a sentence without a full stop; empty if it is sound.
    """

    module: str = ""
    version: str = ""
    signer: str = ""
    problem: str = ""


def verify_package(file: Path, allowed: Path) -> VerifiedPackage:
    """Verify offline that a package carries a signed release with its schema, and has its name and version.

    The generated code is not read; see `rebuild_problem`.

    Args:
        file: the package; see `files_of`.
        allowed: a file of allowed signers, see ALLOWED SIGNERS in ssh-keygen(1).

    Raises:
        FieldstoneError: the package or the file cannot be read, or there is no ssh-keygen.
    """
    files = files_of(file)
    try:
        carried = find_signed(files)
    except Invalid as error:
        return VerifiedPackage(problem=error.problem)
    if not carried:
        return VerifiedPackage(problem="it carries no signed release: its release was not signed when it was built")
    text = carried[NAME]
    release = manifest.from_toml(text.decode("utf-8", "replace"), where=f"{NAME} in {file}")
    signer = signer_of(release, text, allowed)
    if not signer:
        problem = f"the signature of its {NAME} is none of an allowed signer"
    elif file_digest(carried[IMAGE]) != release.files.get(IMAGE):
        problem = f"its {IMAGE} is not the schema that was signed"
    else:
        problem = _misnamed(file, release, _uses(file, files))
    return VerifiedPackage(module=release.name, version=release.version, signer=signer, problem=problem)


def _uses(file: Path, files: Mapping[str, bytes]) -> Uses | None:
    """The uses that a package is narrowed to; None of a full one."""
    found = [content for path, content in files.items() if PurePosixPath(path).name == FILE]
    return from_toml(found[0].decode("utf-8", "replace"), where=f"{FILE} in {file}") if found else None


def _misnamed(file: Path, release: Release, uses: Uses | None) -> str:
    """The reason if a package has another name or version than its release gives it; of jars and folders unknown."""
    if file.is_dir() or not is_package(file.name):
        return ""
    consumer = uses.consumer if uses else ""
    parsed = parse_package(str(file), file.name, file.read_bytes())
    if isinstance(parsed, Distribution):
        own, version = (
            contracts_distribution(release.name, release.version, consumer=consumer),
            python_version(release.version),
        )
        named = f"-{parsed.project}".endswith(f"-{own}")
        same = str(parsed.version).partition(".post")[0] == version
    else:
        own, version = npm_name(release.name, release.version, consumer=consumer), release.version
        named = parsed.name.rpartition("/")[2] == own
        same = str(parsed.version) == version
    return "" if named and same else f"it is {parsed.label}, and carries the release of {own} {version}"


def rebuild_problem(project: Project, file: Path) -> str:
    """The difference between a package and one that is built from the registry here; empty if there is none.

    Args:
        project: the project with the registry, and the settings that name packages.
        file: the package, which carries a signed release.

    Raises:
        FieldstoneError: the registry has no such release, or the package cannot be built here.
    """
    files = files_of(file)
    text = find_signed(files)[NAME]
    carried = manifest.from_toml(text.decode("utf-8", "replace"), where=f"{NAME} in {file}")
    release = find_release(project, f"{carried.name}@{carried.version}")
    if project.registry.text(release) != text:
        return f"{project.registry.label(release)} is another release of that number than it carries"
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        language, post = _language(file), _post(file)
        reference, out = f"{carried.name}@{carried.version}", Path(scratch)
        built = package(project, reference, language=language, out=out, post=post, uses=_uses(file, files))
        same = next((path for path in built.built if path.name == file.name), None)
        if same is None:
            return f"the settings here name its package {built.built[0].name}"
        return _difference(file, files, same)


def _difference(file: Path, files: dict[str, bytes], built: Path) -> str:
    ours = files_of(built)
    changed = {path for path in files.keys() | ours.keys() if files.get(path) != ours.get(path)}
    if changed:
        first = min(changed, key=lambda path: (".dist-info/" in path, path))  # RECORD there follows from the others
        return f"{first} is not what is generated from the release here"
    if file.is_file() and file.read_bytes() != built.read_bytes():
        return "it has the files that are generated here, and is packed in another way"
    return ""


def _language(file: Path) -> str:
    """The language of a package.

    Raises:
        Invalid: it is none that `fieldstone package` builds.
    """
    if file.is_dir():
        found = "go" if (file / "go.mod").is_file() else "java" if (file / "pom.xml").is_file() else ""
    else:
        found = {".whl": "python", ".gz": "python", ".tgz": "typescript"}.get(file.suffix, "")
    if not found:
        raise Invalid(f"{file} is not what `fieldstone package` builds, so it cannot be compared with that")
    return found


def _post(file: Path) -> int:
    """The number of a package among those of its release."""
    if not file.is_file() or not file.name.endswith((".whl", ".tar.gz")):
        return 0
    parsed = parse_package(str(file), file.name, file.read_bytes())
    return (parsed.version.post or 0) if isinstance(parsed, Distribution) else 0
