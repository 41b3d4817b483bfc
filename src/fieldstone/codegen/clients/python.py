"""Python packages: a source tree, and the wheel and sdist that hatchling makes of it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from fieldstone.codegen.client_contents import data_files
from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.clients import Target, Tree
from fieldstone.codegen.contracts.packages import Documents, PackageVersion
from fieldstone.codegen.contracts.tree import contracts_files
from fieldstone.codegen.headers import with_header
from fieldstone.codegen.names import DtoPackages, contracts_distribution, import_name, python_version
from fieldstone.codegen.render import format_python
from fieldstone.packaging import python_check, wheel


def python_package(client: ClientPackage, prefix: str) -> dict[str, bytes]:
    """The files of a release's Python distribution, path to content.

    Its version is the release's as PEP 440 writes it, with `.postN` for its N-th package after the first.

    Args:
        client: the release.
        prefix: the setting python-prefix, which begins the names of the distributions; may be empty.

    Raises:
        FieldstoneError: grpcio-tools, Jinja2 or ruff is missing, or Python cannot hold a name.
    """
    source = f"{client.module} {client.version}"
    release = _package_of(client, prefix)
    others = {n.module: _package_version(n.module, n.version, prefix) for n in client.needs}
    texts = contracts_files(
        release,
        client.annotated,
        _packages(client, prefix),
        client.files,
        {import_name(other.contracts): other for other in others.values()},
        where=source,
        documents=Documents(license=client.license, readme=client.readme, changelog=client.changelog),
    )
    headed = {path: with_header(path, text, source) for path, text in texts.items()}
    encoded = {path: text.encode() for path, text in format_python(headed).items()}
    return dict(sorted((encoded | data_files(client, import_name(release.contracts))).items()))


def _package_of(client: ClientPackage, prefix: str) -> PackageVersion:
    number = python_version(client.version) + (f".post{client.post}" if client.post else "")
    package = _package_version(client.module, client.version, prefix)
    return replace(package, version=number, digest=client.digest, narrowing=client.narrowing)


def _package_version(module: str, version: str, prefix: str) -> PackageVersion:
    return PackageVersion(
        module, python_version(version), f"{module} {version}", semver=version, digest="", prefix=prefix
    )


def _packages(client: ClientPackage, prefix: str) -> DtoPackages:
    home = import_name(contracts_distribution(client.module, client.version, prefix, client.consumer))
    owners = {
        path: import_name(contracts_distribution(needed.module, needed.version, prefix))
        for needed in client.needs
        for path in needed.files
    }
    return DtoPackages(home, {**owners, **dict.fromkeys(client.files, home)}, client.known)


def _build(client: ClientPackage, tree: Tree, folder: Path) -> None:
    wheel.build(tree, folder, at=client.released_at)


def _check(client: ClientPackage, prefix: str, own: Path, needed: Path) -> int:
    package = _package_of(client, prefix)
    name = package.contracts
    return python_check.check(f"{name}=={package.version}", import_name(name), own, needed)


TARGET = Target(tree=python_package, build=_build, check=_check, setting="python-prefix")
"""The language."""
