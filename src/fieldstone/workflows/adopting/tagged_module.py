"""A module at a tag: its files, its compiled image, and what it imports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import Invalid, Unavailable
from fieldstone.project.project import Project
from fieldstone.registry import Registry
from fieldstone.registry.release import UNRELEASED, Link
from fieldstone.schema.digest import file_digest, manifest
from fieldstone.toolchain import git
from fieldstone.workspace.checkouts import compile_module
from fieldstone.workspace.dependencies import Dependencies, RemoteDependency
from fieldstone.workspace.modules import Module, Workspace
from fieldstone.workspace.past_contents import PastContents, contents_of
from fieldstone.workspace.past_module import KEPT, past_module


class Place(Struct, frozen=True):
    """Where a module is looked for at a tag.

    Attributes:
        project: the project, with today's workspace.
        module: today's module.
        at: folders to look in, relative to the root of the checkout; by default it is found.
    """

    project: Project
    module: Module
    at: Sequence[str] = ()


class TaggedModule(Struct, frozen=True):
    """A module at a tag; its folder no longer exists.

    Attributes:
        workspace: the modules of that commit.
        module: the module among them; the list of its files is loaded.
        contents: its files.
        image: the compiled sources with all their imports.
        foreign: the third-party modules that it imports.
        remote: the modules of remote registries that it imports.
    """

    workspace: Workspace
    module: Module
    contents: PastContents
    image: bytes
    foreign: Sequence[Link]
    remote: Sequence[RemoteDependency]

    @property
    def protos(self) -> Mapping[str, str]:
        """Its .proto files: path to digest."""
        return protos_of(self.contents.sources)

    def links(self, registry: Registry) -> Iterator[Link]:
        """The releases that it imports: for each module the first one with the same .proto files.

        Raises:
            Invalid: there is none.
        """
        for other in self.contents.imports:
            same = [release for release in registry.releases(other.name) if release.protos == other.protos]
            if not same:
                raise Invalid(
                    f"it imports {other.name}, and no release of {other.name} has the files of that tag",
                    fix=f"adopt {other.name} first",
                )
            yield Link(other.name, same[0].version, same[0].digest)
        yield from self.foreign
        for remote in self.remote:
            yield Link(remote.name, remote.commit, remote.digest)


def protos_of(sources: Mapping[str, bytes]) -> dict[str, str]:
    """The .proto files among a module's sources: path to digest."""
    return {path: digest for path, digest in manifest(sources).items() if path.endswith(".proto")}


def sources_at(commit: str, place: Place) -> dict[str, bytes]:
    """The files of a module at a commit, by path relative to its root, in bytes.

    Raises:
        FieldstoneError: the commit has no such module.
    """
    project = place.project
    outside = project.settings.registry_folder
    with past_module(commit, place.module, project.workspace, at=place.at, outside=outside) as past:
        return past.module.contents()


def compiled_at(commit: str, place: Place) -> TaggedModule:
    """A module at a commit, compiled.

    Raises:
        Unavailable: git fails, or a remote module that it imports cannot be fetched.
        FieldstoneError: the commit has no such module, or it does not compile.
    """
    project = place.project
    outside = project.settings.registry_folder
    with past_module(commit, place.module, project.workspace, at=place.at, outside=outside) as past:
        then, module = past.workspace, past.module
        try:
            image = compile_module(then, module)
            dependencies = Dependencies(then)
            remote = dependencies.remote(module)
        except Unavailable as error:
            pins = any((folder / "buf.lock").is_file() for folder in (then.root, module.root))
            fix = "let buf fetch it, with a network and a login if it needs one" if pins else error.fix
            raise Unavailable(error.problem, fix=fix) from error
        return TaggedModule(
            workspace=then,
            module=module,
            contents=contents_of(past, dependencies),
            image=image,
            foreign=[
                Link(other.name, UNRELEASED, dependencies.digest(other)) for other in dependencies.third_party(module)
            ],
            remote=remote,
        )


def fingerprint_at(commit: str, top: Path) -> str:
    """The hash of all files of a commit that a module may depend on: equal for the same files.

    Args:
        commit: the full hash of the commit.
        top: the root of the checkout.
    """
    kept = [f"{entry.mode} {entry.blob} {entry.path}" for entry in git.entries(commit, cwd=top) if _is_kept(entry)]
    return file_digest("\n".join(kept).encode("utf-8", "surrogateescape"))


def _is_kept(entry: git.Entry) -> bool:
    return entry.is_link or entry.is_submodule or entry.path.endswith(KEPT)
