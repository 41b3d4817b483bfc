"""The packages around generated modules: what a build backend, an installer and a type checker ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from fieldstone.codegen.client_package import Narrowing
from fieldstone.codegen.contracts.dto import DtoModules
from fieldstone.codegen.names import STORAGE, compatible, contracts_distribution, distribution, import_name, package
from fieldstone.codegen.render import render
from fieldstone.codegen.storage.dialects import all_dialects

PYTHON, SQL = "python", "sql"
"""The folders of the packages and of the migrations below the folder of all generated code."""

_RUNTIME_RANGE = ">=0.1,<1"
_TYPE_STUBS = "types-protobuf>=7.35"
_GRPC_TYPE_STUBS = "types-grpcio>=1.85"
"""Types of grpcio: those of typeshed, which are made anew for each of its minor versions; grpc-stubs
has had no release since 1.53."""


class PackageVersion(Struct, frozen=True):
    """The version that a module's packages have.

    Attributes:
        module: the module's name.
        version: as PEP 440 has it.
        source: the module's folder.
        semver: as the registry has it.
        digest: of the release, or of the sources where they are none.
        prefix: the setting python-prefix.
        narrowing: whom the packages are narrowed for; None if they have the whole release.
    """

    module: str
    version: str
    source: str
    semver: str
    digest: str
    prefix: str = ""
    narrowing: Narrowing | None = None

    @property
    def contracts(self) -> str:
        """The distribution of its DTOs."""
        consumer = self.narrowing.consumer if self.narrowing else ""
        return contracts_distribution(self.module, self.version, self.prefix, consumer)


def storage_folder(module: str, prefix: str = "") -> str:
    """The folder of a module's storage package below the folder of all generated code."""
    return f"{PYTHON}/{distribution(module, STORAGE, prefix)}"


def folders_of(module: str, version: str, prefix: str = "") -> tuple[str, ...]:
    """The folders that hold nothing but what is generated from a version of a module."""
    contracts = f"{PYTHON}/{contracts_distribution(module, version, prefix)}"
    return (contracts, storage_folder(module, prefix), f"{SQL}/{module}")


class Documents(Struct, frozen=True, kw_only=True):
    """The documents of a package beside its code; each is empty where there is none.

    Attributes:
        license: the text of the licence.
        readme: what the module's own README.md says.
        changelog: what each release changed, as Markdown.
    """

    license: str = ""
    readme: str = ""
    changelog: str = ""


NO_DOCUMENTS = Documents()


def contracts_package(
    release: PackageVersion,
    generated: DtoModules,
    beside: Mapping[str, str],
    others: Mapping[str, PackageVersion],
    documents: Documents,
    *,
    deprecated: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """The files of a contracts package.

    Args:
        release: what it is numbered as.
        generated: its DTO modules.
        beside: the other modules of its root, file name to text.
        others: the releases that it may import from, by the name to import their contracts packages by.
        documents: what goes with it for people.
        deprecated: see `deprecated_calls`.

    Returns:
        path within the folder of the distribution, to text.
    """
    name = import_name(release.contracts)
    modules = {f"{name}/{path}": text for path, text in {**generated.files, **beside}.items()}
    files = {
        **modules,
        **dict.fromkeys(_inits(modules), '"""DTO modules."""\n'),
        f"{name}/__init__.py": f'"""The messages of {release.module}, as Python classes."""\n',
        f"{name}/py.typed": "",
        "pyproject.toml": _project_file(release, generated, others, documents),
        "README.md": render(
            "contracts/README.md.j2",
            release=release,
            package=name,
            protobuf=f"protobuf{protobuf_range(generated.protobuf)}",
            gencode=generated.protobuf,
            grpcio=_grpcio(generated),
            examples=_examples(modules),
            readme=demoted(documents.readme),
        ),
        f"{name}/release.py": render(
            "contracts/release.py.j2", release=release, services=generated.services, deprecated=deprecated
        ),
    }
    others_for_people = {"LICENSE": documents.license, "CHANGELOG.md": documents.changelog}
    return files | {path: text for path, text in others_for_people.items() if text}


def _project_file(
    release: PackageVersion, generated: DtoModules, others: Mapping[str, PackageVersion], documents: Documents
) -> str:
    """The `pyproject.toml` of a contracts package."""
    return render(
        "contracts/pyproject.toml.j2",
        release=release,
        package=import_name(release.contracts),
        documents=documents,
        dependencies=_dependencies(generated, others),
        grpcio=_grpcio(generated),
        types=[_TYPE_STUBS, *([_GRPC_TYPE_STUBS] if generated.grpcio else [])],
    )


def demoted(markdown: str) -> str:
    """A Markdown text that goes below the title of another: its headings two levels down, none deeper than six."""
    fenced = False
    lines = []
    for line in markdown.strip().splitlines():
        fenced ^= line.startswith(("```", "~~~"))
        hashes = len(line) - len(line.lstrip("#"))
        deeper = f"{'#' * min(2, max(0, 6 - hashes))}{line}"
        lines.append(deeper if hashes and not fenced else line)
    return "\n".join(lines)


def storage_package(release: PackageVersion, *, served: bool) -> dict[str, str]:
    """The files around the modules of a storage package.

    Args:
        release: what it is numbered as.
        served: whether it has servicers.

    Returns:
        path below the folder of all generated code, to text.
    """
    name = package(release.module, STORAGE, release.prefix)
    files = {
        f"{name}/__init__.py": f'"""Mappers, repositories and migrations of {release.module}."""\n',
        f"{name}/py.typed": "",
        "pyproject.toml": render(
            "storage/pyproject.toml.j2",
            module=release.module,
            distribution=distribution(release.module, STORAGE, release.prefix),
            contracts=release.contracts,
            package=name,
            version=release.version,
            runtime=f"fieldstone-runtime{_RUNTIME_RANGE}",
            drivers=[
                (dialect.extra, f"fieldstone-runtime[{dialect.extra}]{_RUNTIME_RANGE}")
                for dialect in all_dialects().values()
                if dialect.extra
            ],
            runtime_grpc=f"fieldstone-runtime[grpc]{_RUNTIME_RANGE}" if served else "",
        ),
    }
    return below(storage_folder(release.module, release.prefix), files)


def protobuf_range(gencode: str) -> str:
    """The versions of protobuf that run code generated for one of them.

    None older: the generated code refuses those itself (`ValidateProtobufRuntimeVersion`). Newer ones up to the end of
    the next major version: https://protobuf.dev/support/cross-version-runtime-guarantee/.

    Args:
        gencode: the version that protoc wrote into the code, "7.35.1".
    """
    return f">={gencode},<{int(gencode.partition('.')[0]) + 2}"


def _dependencies(generated: DtoModules, others: Mapping[str, PackageVersion]) -> list[str]:
    lines = [f"protobuf{protobuf_range(generated.protobuf)}", *generated.requires]
    for name in generated.imports:
        other = others[name]
        lines.append(f"{other.contracts}{compatible(other.version)}")
    return sorted(lines)


def _grpcio(generated: DtoModules) -> str:
    return f"grpcio>={generated.grpcio},<{int(generated.grpcio.partition('.')[0]) + 1}" if generated.grpcio else ""


def _inits(modules: Iterable[str]) -> list[str]:
    """An `__init__.py` for every folder of a package, so that a namespace of others cannot hide it."""
    folders = {folder for path in modules for folder in PurePosixPath(path).parents if folder.name}
    return sorted(f"{folder}/__init__.py" for folder in folders)


def _examples(modules: Iterable[str]) -> list[str]:
    """An example import: of a module that lies deepest, and of these the last, which is the newest version."""
    found = [PurePosixPath(path) for path in modules if path.endswith("_pb2.py")]
    deepest = sorted(found, key=lambda path: (len(path.parts), str(path)))[-1:]
    return [f"from {'.'.join(path.parent.parts)} import {path.stem}" for path in deepest]


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files with their paths below a folder."""
    return {f"{folder}/{path}": text for path, text in files.items()}
