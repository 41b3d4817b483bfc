"""The lines that get a module into a project: with buf, pip, npm, and for Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.server.buf.references import owner_of
from fieldstone.workflows.publishing import PYTHON, TYPESCRIPT, Naming

if TYPE_CHECKING:
    from fieldstone.registry.sql.catalog import ListedModule


class Line(Struct, frozen=True):
    """The lines by which a client gets a module.

    Attributes:
        client: the client.
        text: what to write or to run.
    """

    client: str
    text: str


def lines(module: ListedModule, version: str, address: str, naming: Naming) -> tuple[Line, ...]:
    """The lines for a release.

    Args:
        module: the module.
        version: the version of the release.
        address: the address of the registry, as the reader knows it.
        naming: the names of its packages.
    """
    host, name = address.rpartition("//")[2], module.name
    python, npm = (naming.of(language, name, version) for language in (PYTHON, TYPESCRIPT))
    return (
        Line("buf", f"# in buf.yaml\ndeps:\n  - {host}/{owner_of(module)}/{name}:v{version}"),
        Line("pip", f"pip install protobuf\npip install --index-url {address}/simple/ {python}=={version}"),
        Line("uv", f"uv pip install --index {address}/simple/ {python}=={version}"),
        Line("npm", _npm(npm, version, address)),
        Line("Go", f'# in fieldstone.toml\nregistry = "{address}"\n\nfieldstone package {name}@{version} --lang go'),
    )


def _npm(package: str, version: str, address: str) -> str:
    """The lines for npm, which takes packages of another registry by their scope."""
    scope, slash, _ = package.partition("/")
    if not slash:
        return "# npm takes packages of this registry once it is started with --npm-scope"
    return f"# in .npmrc\n{scope}:registry={address}/npm/\n\nnpm install {package}@{version}"
