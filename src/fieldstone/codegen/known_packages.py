"""Third-party .proto files whose code other packages have, by language: a table that settings extend.

To generate such code again would register a file twice in the one registry of a process, which Python and Go refuse,
and put two classes of one name on a Java class path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from fieldstone.codegen.published import COMMON_DISTRIBUTION, COMMON_FILES, COMMON_RANGE
from fieldstone.errors import Invalid

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

Language = Literal["python", "npm", "go", "maven"]


class KnownPackage(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The packages that have the code of a folder of .proto files; a language without one is empty.

    The imports say where that folder is in a package, so that the rest of a file's path follows.

    Attributes:
        python: the requirement, as PEP 508 writes it: "grpcio-health-checking>=1.62,<2".
        python_import: the Python package of the folder: "grpc_health.v1"; by default the folder's path.
        npm: the package and its range: "@bufbuild/protovalidate@^1.0.0".
        npm_import: the specifier of the folder; by default its path in the package.
        go: the module and its version: "google.golang.org/grpc@v1.64.0".
        go_import: the Go package of the folder; by default that of each file's option `go_package`.
        maven: groupId, artifactId and version: "io.grpc:grpc-services:1.64.0".
    """

    python: str = ""
    python_import: str = ""
    npm: str = ""
    npm_import: str = ""
    go: str = ""
    go_import: str = ""
    maven: str = ""

    @property
    def npm_name(self) -> str:
        """The name of the npm package: "@bufbuild/protovalidate"."""
        return self.npm.rpartition("@")[0]

    @property
    def npm_range(self) -> str:
        """The range of the npm package: "^1.0.0"."""
        return self.npm.rpartition("@")[2]


class Known(Struct, frozen=True):
    """The package of one file in one language: the key of its entry, and the entry."""

    folder: str
    package: KnownPackage


class KnownPackages(Struct, frozen=True):
    """The table: import path of a file, or of a folder with a slash at its end, to its packages."""

    table: Mapping[str, KnownPackage]

    def find(self, path: str, language: Language) -> Known | None:
        """The entry with a file's package in a language: its own, else that of the innermost folder; None without."""
        folders = [path[: end + 1] for end, letter in enumerate(path) if letter == "/"]
        for key in (path, *reversed(folders)):
            package = self.table.get(key)
            if package and getattr(package, language):
                return Known(key, package)
        return None

    def extended(self, more: Mapping[str, Mapping[str, str]]) -> KnownPackages:
        """The table with further entries, which replace those of the same folder.

        Args:
            more: folder with a slash at its end, to keys of `KnownPackage` with hyphens.
        """
        from msgspec import convert

        added = {folder: convert(entry, KnownPackage) for folder, entry in more.items()}
        return KnownPackages({**self.table, **added})


_COMMON = KnownPackage(
    python=f"{COMMON_DISTRIBUTION}{COMMON_RANGE}", maven="com.google.api.grpc:proto-google-common-protos:2.29.0"
)
_GRPC_GO, _GRPC_JAVA = "google.golang.org/grpc@v1.64.0", "io.grpc:grpc-services:1.64.0"
_PROTOVALIDATE_GO = "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go"
KNOWN = KnownPackages(
    {
        **dict.fromkeys(sorted(COMMON_FILES), _COMMON),
        # PyPI has no code of it for the package protobuf, so that Python packages bundle it.
        "buf/validate/": KnownPackage(
            npm="@bufbuild/protovalidate@^1.0.0",
            npm_import="@bufbuild/protovalidate/gen/buf/validate",
            go=f"{_PROTOVALIDATE_GO}@v1.36.6-20250425153114-8976f5be98c1.1",
            go_import=f"{_PROTOVALIDATE_GO}/buf/validate;validate",
            maven="build.buf:protovalidate:1.0.0",
        ),
        "grpc/health/v1/": KnownPackage(
            python="grpcio-health-checking>=1.62,<2",
            python_import="grpc_health.v1",
            go=_GRPC_GO,
            go_import="google.golang.org/grpc/health/grpc_health_v1",
            maven=_GRPC_JAVA,
        ),
        "grpc/reflection/v1alpha/": KnownPackage(
            python="grpcio-reflection>=1.62,<2",
            python_import="grpc_reflection.v1alpha",
            go=_GRPC_GO,
            go_import="google.golang.org/grpc/reflection/grpc_reflection_v1alpha",
            maven=_GRPC_JAVA,
        ),
        "grpc/reflection/v1/": KnownPackage(
            go=_GRPC_GO, go_import="google.golang.org/grpc/reflection/grpc_reflection_v1", maven=_GRPC_JAVA
        ),
    }
)
"""The entries that Fieldstone brings."""

_GO_MODULES = {
    "google.golang.org/genproto/googleapis/api": "v0.0.0-20230803162519-f966b187b2e5",
    "google.golang.org/genproto/googleapis/rpc": "v0.0.0-20230803162519-f966b187b2e5",
    "google.golang.org/genproto": "v0.0.0-20230803162519-f966b187b2e5",
    "cloud.google.com/go/longrunning": "v0.5.5",
}
"""The Go modules with Google's code, by which files name them in `go_package`, and a version of each. The first two
became modules of their own before that version; genproto has no releases."""


class GoModule(Struct, frozen=True):
    """A Go module that has a file's code.

    Attributes:
        path: the module's path.
        version: its oldest version that will do.
        package: the Go package of the file, as `go_package` writes it.
        is_named: whether the table names that package, and not the file.
    """

    path: str
    version: str
    package: str
    is_named: bool = False


def go_module_of(file: FileDescriptorProto, known: KnownPackages) -> GoModule | None:
    """The Go module that has the code of a third-party file; None where it is to be generated.

    Args:
        file: the file.
        known: the table.

    Raises:
        FieldstoneError: neither the table nor the file names its Go package.
    """
    option = file.options.go_package
    found = known.find(file.name, "go")
    if found:
        path, _, version = found.package.go.rpartition("@")
        named = _go_package(found, file.name)
        if not named and not option:
            raise Invalid(
                f"{file.name} has no go_package, and the entry of {found.folder} names none",
                fix=f'set go-import in [tool.fieldstone.package.known."{found.folder}"]',
            )
        return GoModule(path, version, named or option, is_named=bool(named))
    said = option.partition(";")[0]
    for path, version in _GO_MODULES.items():
        if said.startswith(f"{path}/"):
            return GoModule(path, version, option)
    return None


def _go_package(found: Known, path: str) -> str:
    """The Go package of a file, with its name after a semicolon where the table names it; empty without a place."""
    place, semicolon, name = found.package.go_import.partition(";")
    below = path.removeprefix(found.folder).rpartition("/")[0]
    if not place or not below:
        return place and place + semicolon + name
    return f"{place}/{below}"
