"""The packages around generated modules: what a build backend, an installer and a type checker ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from fieldstone.codegen.dto import Contracts
from fieldstone.codegen.names import CONTRACTS, STORAGE, compatible, distribution, package
from fieldstone.codegen.published import COMMON_DISTRIBUTION, COMMON_RANGE
from fieldstone.codegen.render import render

PYTHON, SQL = "python", "sql"
"""The folders of the packages and of the migrations below the folder of all generated code."""

_RUNTIME_RANGE = ">=0.1,<1"
_TYPE_STUBS = "types-protobuf>=7.35"
_GRPC_TYPE_STUBS = "types-grpcio>=1.85"
"""Types of grpcio: those of typeshed, which are made anew for each of its minor versions; grpc-stubs
has had no release since 1.53."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a module's packages are numbered as.

    Attributes:
        module: the module's name.
        version: as PEP 440 has it.
        source: the module's folder.
        semver: as the registry has it.
        digest: of the release, or of the sources where they are none.
    """

    module: str
    version: str
    source: str
    semver: str
    digest: str


def package_folder(module: str, kind: str) -> str:
    """The folder of a module's package below the folder of all generated code."""
    return f"{PYTHON}/{distribution(module, kind)}"


def folders_of(module: str) -> tuple[str, ...]:
    """The folders that hold nothing but what is generated from a module."""
    return (package_folder(module, CONTRACTS), package_folder(module, STORAGE), f"{SQL}/{module}")


def contracts_package(release: Release, generated: Contracts, others: Mapping[str, Release]) -> dict[str, str]:
    """The files of a contracts package.

    Args:
        release: what it is numbered as.
        generated: its DTO modules.
        others: the releases of the contracts packages that it imports, by the name to import them by.

    Returns:
        path below the folder of all generated code, to text.
    """
    name = package(release.module, CONTRACTS)
    modules = {f"{name}/{path}": text for path, text in generated.files.items()}
    files = {
        **modules,
        **dict.fromkeys(_inits(modules), '"""DTO modules."""\n'),
        f"{name}/__init__.py": f'"""The messages of {release.module}, as Python classes."""\n',
        f"{name}/py.typed": "",
        "pyproject.toml": render(
            "contracts_pyproject.toml.j2",
            module=release.module,
            distribution=distribution(release.module, CONTRACTS),
            package=name,
            version=release.version,
            dependencies=_dependencies(generated, others),
            grpcio=_grpcio(generated),
            types=[_TYPE_STUBS, *([_GRPC_TYPE_STUBS] if generated.grpcio else [])],
        ),
        "README.md": render(
            "contracts_README.md.j2",
            module=release.module,
            distribution=distribution(release.module, CONTRACTS),
            grpcio=_grpcio(generated),
            examples=_examples(modules),
        ),
    }
    if generated.services:
        files[f"{name}/release.py"] = render(
            "release.py.j2",
            release=release,
            distribution=distribution(release.module, CONTRACTS),
            services=generated.services,
        )
    return _below(package_folder(release.module, CONTRACTS), files)


def storage_package(release: Release, *, served: bool) -> dict[str, str]:
    """The files around the modules of a storage package.

    Args:
        release: what it is numbered as.
        served: whether it has servicers.

    Returns:
        path below the folder of all generated code, to text.
    """
    name = package(release.module, STORAGE)
    files = {
        f"{name}/__init__.py": f'"""Mappers, repositories and migrations of {release.module}."""\n',
        f"{name}/py.typed": "",
        "pyproject.toml": render(
            "storage_pyproject.toml.j2",
            module=release.module,
            distribution=distribution(release.module, STORAGE),
            contracts=distribution(release.module, CONTRACTS),
            package=name,
            version=release.version,
            runtime=f"fieldstone-runtime{_RUNTIME_RANGE}",
            runtime_postgres=f"fieldstone-runtime[postgres]{_RUNTIME_RANGE}",
            runtime_grpc=f"fieldstone-runtime[grpc]{_RUNTIME_RANGE}" if served else "",
        ),
    }
    return _below(package_folder(release.module, STORAGE), files)


def protobuf_range(gencode: str) -> str:
    """The versions of protobuf that run code generated for one of them.

    None older: the generated code refuses those itself (`ValidateProtobufRuntimeVersion`). Newer ones up to the end of
    the next major version: https://protobuf.dev/support/cross-version-runtime-guarantee/.

    Args:
        gencode: the version that protoc wrote into the code, "7.35.1".
    """
    return f">={gencode},<{int(gencode.partition('.')[0]) + 2}"


def _dependencies(generated: Contracts, others: Mapping[str, Release]) -> list[str]:
    lines = [f"protobuf{protobuf_range(generated.protobuf)}"]
    if generated.needs_common:
        lines.append(f"{COMMON_DISTRIBUTION}{COMMON_RANGE}")
    for name in generated.imports:
        other = others[name]
        lines.append(f"{distribution(other.module, CONTRACTS)}{compatible(other.version)}")
    return sorted(lines)


def _grpcio(generated: Contracts) -> str:
    return f"grpcio>={generated.grpcio},<{int(generated.grpcio.partition('.')[0]) + 1}" if generated.grpcio else ""


def _inits(modules: Iterable[str]) -> list[str]:
    """An `__init__.py` for every folder of a package, so that a namespace of others cannot hide it."""
    folders = {folder for path in modules for folder in PurePosixPath(path).parents if folder.name}
    return sorted(f"{folder}/__init__.py" for folder in folders)


def _examples(modules: Iterable[str]) -> list[str]:
    """How a module is imported: one of those that lie deepest, and of these the last, which is the newest version."""
    found = [PurePosixPath(path) for path in modules if path.endswith("_pb2.py")]
    deepest = sorted(found, key=lambda path: (len(path.parts), str(path)))[-1:]
    return [f"from {'.'.join(path.parent.parts)} import {path.stem}" for path in deepest]


def _below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}
