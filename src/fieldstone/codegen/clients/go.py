"""Go modules: packages as protoc-gen-go and protoc-gen-go-grpc write them, for google.golang.org/protobuf."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from fieldstone.codegen.client_contents import (
    carried_files,
    example,
    homes,
    known_files,
    refuse_post,
    with_texts,
)
from fieldstone.codegen.client_package import ClientPackage, Needed
from fieldstone.codegen.clients import Target, Tree
from fieldstone.codegen.contracts.plugins import run_plugin
from fieldstone.codegen.go_imports import GoPackage, go_packages, refuse_cycles
from fieldstone.codegen.known_packages import GoModule, go_module_of
from fieldstone.codegen.names import CONTRACTS, distribution
from fieldstone.codegen.render import render
from fieldstone.errors import Invalid, Unavailable
from fieldstone.packaging.tree import write_tree

_PREFIX = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+(/[A-Za-z0-9][A-Za-z0-9._~-]*)*")
_NO_POST = "a Go module's version is its git tag, and no tag of semver sorts right after v1.2.0 and before v1.2.1"
_INSTALL = {
    "protoc-gen-go": ("google.golang.org/protobuf/cmd/protoc-gen-go", "protoc-gen-go-1-5"),
    "protoc-gen-go-grpc": ("google.golang.org/grpc/cmd/protoc-gen-go-grpc", "protoc-gen-go-grpc"),
}
"""The names to install each plugin by: its path in Go, and its package in Debian."""

_GENERATOR = re.compile(r"^// (?:- )?\s*protoc-gen-go v(\d+\.\d+\.\d+)$", re.MULTILINE)
_ENFORCED = re.compile(r"EnforceVersion\(protoimpl\.MaxVersion - (\d+)\)")
_GRPC_SAYS = re.compile(r"^// Requires gRPC-Go (v\d+\.\d+\.\d+) or later", re.MULTILINE)
_GRPC_SUPPORTS = re.compile(r"grpc\.SupportPackageIsVersion(\d+)")
_GRPC_SINCE = {6: "v1.27.0", 7: "v1.32.0", 8: "v1.62.0", 9: "v1.64.0"}
"""The grpc that was the first to declare each `SupportPackageIsVersion`: what newer generators write beside it."""

_GO_SINCE = (("unsafe.StringData", "1.20"), ("grpc.GenericServerStream", "1.18"))
_OLDEST_GO = "1.16"
"""From 1.17 on a go.mod is to list what is required indirectly, too: https://go.dev/ref/mod#graph-pruning."""


def go_package(client: ClientPackage, *, prefix: str) -> dict[str, bytes]:
    """The tree of a release's Go module: path within it to content.

    Each folder of the sources is a package of Go, named by the ends of its path: telemetry/v1 is `telemetryv1`.

    Args:
        client: the release.
        prefix: the path that the module, and those that it needs, are published below:
            "example.com/contracts".

    Raises:
        FieldstoneError: it is not the first package of its release, the prefix is none, a plugin is missing or
            refuses a file, or Go cannot import a folder, or not without a cycle.
    """
    refuse_post(client, what="a Go module", because=_NO_POST)
    prefix = prefix.strip("/")
    if not _PREFIX.fullmatch(prefix):
        raise Invalid(
            f"{prefix!r} is no path that Go modules are found by", fix="it starts with a host: example.com/contracts"
        )
    module = go_module(client.module, client.version, prefix, client.consumer)
    code = _generate(client, module, prefix)
    root = go_packages(["go.mod"], module)["go.mod"].name
    files = {
        **code,
        "go.mod": render(
            "go/go.mod.j2", module=module, go=_go_version(code.values()), requires=_requires(client, code, prefix)
        ),
        "release.go": render("go/release.go.j2", client=client, package=root),
    }
    return with_texts(client, "go/README.md.j2", files, module=module, root=root, imported=_example(client, module))


def go_module(module: str, version: str, prefix: str, consumer: str = "") -> str:
    """The path of a module's Go module: "example.com/contracts/telemetry-contracts", with "/v2" from 2.0.0 on.

    Go asks for that ending (https://go.dev/ref/mod#major-version-suffixes).

    Args:
        module: the module's name.
        version: its semver.
        prefix: the path that it is published below.
        consumer: whom it is narrowed for, if it is.
    """
    major = int(version.partition(".")[0])
    return f"{prefix}/{distribution(module, CONTRACTS, consumer=consumer)}" + (f"/v{major}" if major > 1 else "")


def protobuf_version(code: Iterable[str]) -> str:
    """The oldest google.golang.org/protobuf that generated code runs on: the version of its generator.

    Code must not run on a runtime older than its generator
    (https://protobuf.dev/support/cross-version-runtime-guarantee/), and both are of one Go module. The generator
    names itself above the code; where it is no release, the minor version that the code enforces is what is known
    (`EnforceVersion(protoimpl.MaxVersion - 20)`: `MaxVersion` is the runtime's minor version).

    Args:
        code: the texts that protoc-gen-go wrote.

    Raises:
        FieldstoneError: the code says neither.
    """
    texts = list(code)
    named = next((found[1] for text in texts if (found := _GENERATOR.search(text))), "")
    enforced = next((found[1] for text in texts if (found := _ENFORCED.search(text))), "")
    if not named and not enforced:
        raise Invalid("protoc-gen-go wrote no version into its code, so that no runtime can be named for it")
    return f"v{named}" if named else f"v1.{enforced}.0"


def grpc_version(code: Iterable[str]) -> str:
    """The oldest google.golang.org/grpc that compiles generated code; empty where it has no services.

    The code uses a constant that only such versions have: `grpc.SupportPackageIsVersion7` is v1.32.0 and newer. Newer
    generators write the version into a comment beside it.

    Args:
        code: the texts that protoc-gen-go-grpc wrote.

    Raises:
        FieldstoneError: the constant is one that came after this was written.
    """
    for text in code:
        if said := _GRPC_SAYS.search(text):
            return said[1]
        if found := _GRPC_SUPPORTS.search(text):
            if int(found[1]) in _GRPC_SINCE:
                return _GRPC_SINCE[int(found[1])]
            raise Invalid(f"it is not known which version of grpc is the first with {found[0]}")
    return ""


def _generate(client: ClientPackage, module: str, prefix: str) -> dict[str, str]:
    carried = carried_files(client, lambda file: go_module_of(file, client.known))
    refuse_cycles(carried)
    packages = go_packages(carried, module)
    for path, needed in homes(client).items():
        packages |= go_packages([path], _module_of(needed, prefix))
    places = {path: f"{at.path};{at.name}" for path, at in packages.items()}
    places |= {path: at.package for path, at in _published(client).items() if at.is_named}
    parameter = ",".join([f"module={module}", *(f"M{path}={place}" for path, place in sorted(places.items()))])
    code = run_plugin([_find("protoc-gen-go")], client.image, list(carried), parameter)
    with_services = [path for path, file in carried.items() if file.service]
    if with_services:
        code |= run_plugin([_find("protoc-gen-go-grpc")], client.image, with_services, parameter)
    return code


def _requires(client: ClientPackage, code: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    """The modules that go.mod requires, with the oldest version of each."""
    found = {_module_of(needed, prefix): f"v{needed.version}" for needed in client.needs}
    found["google.golang.org/protobuf"] = protobuf_version(code.values())
    if grpc := grpc_version(code.values()):
        found["google.golang.org/grpc"] = grpc
    for at in _published(client).values():
        found[at.path] = max(found.get(at.path, ""), at.version, key=_order)
    return sorted(found.items())


def _published(client: ClientPackage) -> dict[str, GoModule]:
    """The Go modules of the third-party files that are imported from well-known ones, by import path."""
    files = known_files(client, lambda file: go_module_of(file, client.known))
    return {path: at for path, file in files.items() if (at := go_module_of(file, client.known))}


def _order(version: str) -> list[int]:
    """Sorts versions of Go modules as far as their numbers tell."""
    return [int(number) for number in re.findall(r"\d+", version.partition("-")[0])]


def _module_of(needed: Needed, prefix: str) -> str:
    return go_module(needed.module, needed.version, prefix)


def _go_version(code: Iterable[str]) -> str:
    """The oldest Go that compiles generated code, by what of the newer ones is in it."""
    texts = list(code)
    return next((go for sign, go in _GO_SINCE if any(sign in text for text in texts)), _OLDEST_GO)


def _example(client: ClientPackage, module: str) -> GoPackage | None:
    shown = example(client)
    return go_packages([shown.file], module)[shown.file] if shown else None


def _find(plugin: str) -> str:
    found = shutil.which(plugin)
    if found is None:
        path, package = _INSTALL[plugin]
        raise Unavailable(
            f"building Go packages takes {plugin}, and there is none on PATH",
            fix=f"install it: `go install {path}@latest`, or `apt install {package}`",
        )
    return found


def _build(client: ClientPackage, tree: Tree, folder: Path) -> None:
    name = distribution(client.module, CONTRACTS, consumer=client.consumer)
    write_tree(tree, folder / f"{name}-{client.version}-go")


TARGET = Target(
    tree=lambda client, prefix: go_package(client, prefix=prefix),
    build=_build,
    check_command="go vet ./...",
    setting="go-prefix",
    needs_setting="a Go module is found by a path",
)
"""The language."""
