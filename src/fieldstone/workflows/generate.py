"""Generate: contracts and storage packages from the schemas, into one folder that holds output only."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen import manifest
from fieldstone.codegen.contracts.packages import PYTHON, PackageVersion, below, folders_of, storage_package
from fieldstone.codegen.contracts.tree import contracts_files
from fieldstone.codegen.headers import with_header
from fieldstone.codegen.known_packages import KNOWN
from fieldstone.codegen.manifest import Entry
from fieldstone.codegen.names import CONTRACTS, DtoPackages, import_name, package, python_version
from fieldstone.codegen.render import format_python
from fieldstone.errors import Conflict, FieldstoneError, Invalid, Unavailable
from fieldstone.project.project import Project
from fieldstone.regular_file import read_file, read_regular
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import parse_image
from fieldstone.schema.model import Schema
from fieldstone.workflows.generating.generated_folder import Difference, compare, update
from fieldstone.workflows.generating.generated_modules import (
    compile_modules,
    compile_one,
    current_version,
    own_files,
    released_schemas,
)
from fieldstone.workspace.modules import Module


class Generated(Struct, frozen=True):
    """The result of generating.

    Attributes:
        out: the folder.
        versions: what the packages of each module are numbered as.
        files: how many files there are.
        difference: how the folder differed.
    """

    out: Path
    versions: Mapping[str, str]
    files: int
    difference: Difference


def generate(project: Project, names: Sequence[str] = (), *, out: Path | None = None, check: bool = False) -> Generated:
    """Bring the folder of generated code up to date.

    Args:
        project: where the modules are.
        names: which ones; by default all that code is generated from.
        out: the folder; by default that of the settings.
        check: compare, and write nothing.

    Raises:
        FieldstoneError: anything that keeps the code from being generated; nothing was written.
    """
    folder = out or out_of(project)
    before = manifest_of(folder, must_be_one=bool(names))
    entries, files = generated_files(project, compile_modules(project, names))
    expected = with_manifest(files, entries, before if names else {})
    judged, prefix = entries if names else before | entries, project.settings.python_prefix
    difference = compare(
        folder,
        expected,
        folders=[path for name in sorted(judged) for path in folders_of(name, judged[name].version, prefix)],
        known={path for name in judged if name in before for path in before[name].outputs},
    )
    if not check:
        update(folder, expected, difference)
    return Generated(folder, {name: entry.version for name, entry in entries.items()}, len(expected), difference)


def generated_files(
    project: Project, images: Mapping[str, bytes], *, start: Path | None = None
) -> tuple[dict[str, Entry], dict[str, bytes]]:
    """All that is generated from modules.

    Args:
        project: where they are.
        images: module name to compiled image, in bytes.
        start: the folder that paths in errors are relative to; the working directory by default.

    Returns:
        the manifest's entry of each module, and path below the folder of generated code to content.

    Raises:
        FieldstoneError: an annotation cannot be followed, or a package that generating takes is missing.
    """
    generator = _Generator(project, dict(images), start or Path.cwd())
    texts = {name: generator.texts(name) for name in images}
    project.phases.told(f"formatting {sum(map(len, texts.values())):,} files")
    formatted = format_python({path: text for files in texts.values() for path, text in files.items()})
    files = {path: text.encode() for path, text in sorted(formatted.items())}
    entries = {
        name: generator.entry(name, {path: manifest.digest(files[path]) for path in own}) for name, own in texts.items()
    }
    return entries, files


class _Generator(Struct):
    """Generates module by module; `images` grows by those that others import."""

    project: Project
    images: dict[str, bytes]
    start: Path
    _versions: dict[str, tuple[str, bool]] = {}

    def __post_init__(self) -> None:
        modules = self.project.workspace.modules.values()
        _refuse_one_package_for_two(module.name for module in modules if own_files(self.project, module))

    def texts(self, name: str) -> dict[str, str]:
        """The files of a module with their headers, not formatted yet."""
        module = self.project.workspace.module(name)
        self.project.phases.told(f"generating {name}")
        files = self._storage(module) | self._contracts(module)
        return {path: with_header(path, text, module.path) for path, text in files.items()}

    def entry(self, name: str, outputs: Mapping[str, str]) -> Entry:
        """The manifest's entry of a module."""
        module = self.project.workspace.module(name)
        root = self.project.workspace.root
        modules = self.project.workspace.modules.values()
        sources = {path: file for other in modules for path, file in other.proto_files.items()}
        used = [file.name for file in parse_image(self.images[name], where=module.path).file if file.name in sources]
        return Entry(
            version=self._package_version(module).version,
            inputs={os.path.relpath(sources[p], root).replace(os.sep, "/"): _digest_of(sources[p]) for p in used},
            releases={release.version: release.digest for release in reversed([*self.project.ancestry(name)])},
            outputs=outputs,
        )

    def _package_version(self, module: Module) -> PackageVersion:
        version, unreleased = self._version(module)
        return PackageVersion(
            module.name,
            python_version(version, unreleased=unreleased),
            module.path,
            semver=f"{version}{'.' if '-' in version else '-'}dev.0" if unreleased else version,
            digest=self._digest(module, version, unreleased=unreleased),
            prefix=self.project.settings.python_prefix,
        )

    def _digest(self, module: Module, version: str, *, unreleased: bool) -> str:
        if unreleased:
            return self.project.dependencies.digest(module)
        return self.project.registry.release(module.name, version).digest

    def _contracts(self, module: Module) -> dict[str, str]:
        release = self._package_version(module)
        others = [self._package_version(other) for other in self.project.dependencies.of(module)]
        files = contracts_files(
            release,
            self.images[module.name],
            self._packages(module),
            own_files(self.project, module),
            {import_name(other.contracts): other for other in others},
            where=module.path,
        )
        return below(f"{PYTHON}/{release.contracts}", files)

    def _packages(self, module: Module) -> DtoPackages:
        """The packages of the DTOs of a module, and of those that it imports."""
        modules = (module, *self.project.dependencies.of(module))
        homes = {m.name: import_name(self._package_version(m).contracts) for m in modules}
        owners = {path: homes[m.name] for m in modules for path in own_files(self.project, m)}
        return DtoPackages(homes[module.name], owners, KNOWN.extended(self.project.settings.known_packages))

    def _version(self, module: Module) -> tuple[str, bool]:
        """The newest version if the module is as released, else the one that it would become; and which it is."""
        if module.name not in self._versions:
            self._versions[module.name] = current_version(
                self.project, module, lambda: self._image(module), start=self.start
            )
        return self._versions[module.name]

    def _image(self, module: Module) -> bytes:
        if module.name not in self.images:
            self.images[module.name] = compile_one(self.project, module)
        return self.images[module.name]

    def _storage(self, module: Module) -> dict[str, str]:
        """The storage package and the migrations; nothing for a module without entities."""
        files = own_files(self.project, module)
        schema = load_schema(self.images[module.name], where=module.path, own_files=files, with_imports=True)
        from fieldstone.codegen.storage.tree import storage_files, storage_view

        prefix = self.project.settings.python_prefix
        view = storage_view(
            schema,
            module.name,
            contracts=import_name(self._package_version(module).contracts),
            prefix=prefix,
            own_files=files,
            root=os.path.relpath(module.root, self.start).replace(os.sep, "/"),
            history=self._history(module, schema),
            record_paths=self.project.settings.record_paths,
            dto_module=self._packages(module).python_module,
        )
        if view is None:
            return {}
        return storage_package(self._package_version(module), served=bool(view.servicers)) | storage_files(view, prefix)

    def _history(self, module: Module, schema: Schema) -> list[tuple[str, Schema]]:
        """The schema of each release, and of the working tree where it is none of them."""
        version, unreleased = self._version(module)
        released = released_schemas(self.project, module)
        return [*released, (version, schema)] if unreleased else released


def _digest_of(path: Path) -> str:
    return manifest.digest(read_file(path))


def _refuse_one_package_for_two(modules: Iterable[str]) -> None:
    taken: dict[str, str] = {}
    for module in sorted(modules):
        name = package(module, CONTRACTS)
        if name in taken:
            raise Conflict(
                f"modules {taken[name]} and {module} would both be the package {name}",
                fix="name one of them otherwise: `[tool.fieldstone.modules.NAME]` with its `path`",
            )
        taken[name] = module


def with_manifest(
    files: Mapping[str, bytes], entries: Mapping[str, Entry], before: Mapping[str, Entry]
) -> dict[str, bytes]:
    """The files with their manifest, which also has what it said `before` of other modules."""
    return {**files, manifest.NAME: manifest.to_json({**before, **entries}).encode()}


def out_of(project: Project) -> Path:
    """The folder of generated code that the settings name.

    Raises:
        FieldstoneError: it is no folder below that of the settings.
    """
    settings = project.settings
    out = Path(os.path.normpath(settings.out))
    if out == settings.root or settings.root not in out.parents:
        raise Invalid(
            f"generate.out in {settings.file} leads to {out}, which is no folder below {settings.root}",
            fix="name a folder of the repository, or use --out",
        )
    return out


def manifest_of(folder: Path, *, must_be_one: bool) -> dict[str, Entry]:
    """The entries of the manifest in a folder; none where there is no manifest.

    Raises:
        FieldstoneError: what is there is no manifest, and must be one.
    """
    path = folder / manifest.NAME
    if not path.is_file():
        return {}
    try:
        return manifest.from_json(read_regular(path).decode("utf-8", "replace"), where=str(path))
    except FieldstoneError:
        if must_be_one:
            raise
        return {}
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
