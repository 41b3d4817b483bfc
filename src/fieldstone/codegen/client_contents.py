"""The contents that packages of all languages share: the files that they carry, and the texts beside the code."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from fieldstone.codegen.client_package import ClientPackage, Needed
from fieldstone.codegen.headers import with_header
from fieldstone.codegen.known_packages import Language
from fieldstone.codegen.published import RUNTIME
from fieldstone.codegen.render import render
from fieldstone.codegen.signed_release import signed_tree
from fieldstone.consumers.uses import FILE
from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto


class Example(Struct, frozen=True):
    """A message to show in a README: the import path of its file, its package, and its name."""

    file: str
    package: str
    message: str


def homes(client: ClientPackage) -> dict[str, Needed]:
    """The needed package that the code of an imported file is in, by import path.

    That is the file's own module's. A file of no module with a package, such as one of a library, is in the package
    of the first that imports it: where several needed packages do, in that of one that needs no other of them. To
    have its code twice would be two classes of one name in Java, and a panic in Go.
    """
    own = {path: needed for needed in client.needs for path in needed.files}
    found = dict(own)
    reach = {needed.module: _reached(client, needed.files) for needed in client.needs}
    for path in sorted(set().union(*reach.values()) - own.keys() - set(client.files)):
        importing = [needed for needed in client.needs if path in reach[needed.module]]
        found[path] = min(importing, key=lambda needed: (len(_among(importing, reach[needed.module])), needed.module))
    return found


Published = Callable[["FileDescriptorProto"], object]
"""Tells whether a well-known package has the code of a third-party file, by a value that is true."""


def in_known_package(client: ClientPackage, language: Language) -> Published:
    """Tells which files have a known package in a language."""
    return lambda file: client.known.find(file.name, language)


def known_files(client: ClientPackage, published: Published) -> dict[str, FileDescriptorProto]:
    """The third-party files that the package imports from well-known packages, by import path, sorted."""
    others = _third_party(client)
    reached = _reached(client, client.files, published)
    return {path: file for path, file in sorted(reached.items()) if path in others and published(file)}


def carried_files(client: ClientPackage, published: Published = lambda _: None) -> dict[str, FileDescriptorProto]:
    """The release's files and all that they import, by import path, sorted, as far as the package has their code.

    Those of the protobuf runtimes, of needed packages and of well-known packages are left out.

    Args:
        client: the release.
        published: tells which third-party files have a well-known package.
    """
    elsewhere = homes(client)
    reached = _reached(client, client.files, published)
    known = known_files(client, published)
    return {path: file for path, file in sorted(reached.items()) if path not in elsewhere and path not in known}


def _third_party(client: ClientPackage) -> set[str]:
    """The files of no module with a package."""
    owned = {path for needed in client.needs for path in needed.files}
    return {file.name for file in client.image.file} - owned - set(client.files)


def _reached(
    client: ClientPackage, files: Iterable[str], published: Published = lambda _: None
) -> dict[str, FileDescriptorProto]:
    """The files and all that they import; what a published file imports is left out, unless another one does."""
    files_of_image = {file.name: file for file in client.image.file}
    others = _third_party(client)
    reached: dict[str, FileDescriptorProto] = {}
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path in files_of_image and path not in reached and not path.startswith(RUNTIME):
            file = reached[path] = files_of_image[path]
            waiting += () if path in others and published(file) else file.dependency
    return reached


def _among(needs: Iterable[Needed], reached: Container[str]) -> list[str]:
    """The modules with a file among these."""
    return [needed.module for needed in needs if any(path in reached for path in needed.files)]


def services(client: ClientPackage) -> list[str]:
    """The import paths of the release's own files that have services, sorted."""
    own = set(client.files)
    return [path for path, file in carried_files(client).items() if file.service and path in own]


def example(client: ClientPackage) -> Example | None:
    """A message that is not deprecated, of the last file that has one, which is of the newest version; None without."""
    own = set(client.files)
    for path, file in reversed(carried_files(client).items()):
        current = [message.name for message in file.message_type if not message.options.deprecated]
        if current and path in own:
            return Example(path, file.package, current[0])
    return None


def with_texts(
    client: ClientPackage, readme: str, files: Mapping[str, str], *, data: str = "", **views: object
) -> dict[str, bytes]:
    """The tree of a package: its files, README.md, CHANGELOG.md and LICENSE beside them, and its signed release.

    Args:
        client: the release.
        readme: the template of its README.md.
        files: path within the package to text.
        data: the folder for data in the package.
        views: what the template names beside `client`, `example` and `services`.

    Returns:
        path within the package to content, sorted, each with its header where its kind has comments.
    """
    shown = render(readme, client=client, example=example(client), services=services(client), **views)
    texts = {**files, "README.md": shown, "CHANGELOG.md": client.changelog}
    source = f"{client.module} {client.version}"
    tree = {path: with_header(path, text, source) for path, text in texts.items()}
    if client.license:
        tree["LICENSE"] = client.license
    encoded = {path: text.encode() for path, text in tree.items()} | data_files(client, data)
    return dict(sorted(encoded.items()))


def data_files(client: ClientPackage, root: str = "") -> dict[str, bytes]:
    """The data that a package carries: its signed release, and the uses that it was narrowed to.

    Args:
        client: the release.
        root: the folder for data in the package; empty for the package's own.
    """
    uses = {str(PurePosixPath(root, FILE)): client.narrowing.uses.encode()} if client.narrowing else {}
    return {**signed_tree(client.signed, root), **uses}


def description(client: ClientPackage) -> str:
    """The description of a package, in one line."""
    if client.consumer:
        return f"The part of the messages of {client.module} that {client.consumer} uses"
    return f"The messages of {client.module}, for everybody who reads or writes them"


def refuse_post(client: ClientPackage, *, what: str, because: str) -> None:
    """Refuse a second package of one release, where a language has no number for it.

    Args:
        client: the release.
        what: what is built: "an npm package".
        because: why it has no such number.

    Raises:
        FieldstoneError: it is not the first package of its release.
    """
    if client.post:
        raise Invalid(
            f"{what} of {client.module} {client.version} cannot be numbered a second time: {because}",
            fix=f"release a patch version: `fieldstone release {client.module}`",
        )
