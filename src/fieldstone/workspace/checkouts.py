"""Git revisions of a workspace, laid out in temporary folders and compiled there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.suggestions import LIKENESS, VERSION_LIKENESS, did_you_mean
from fieldstone.toolchain import buf, git
from fieldstone.toolchain.joint import CompiledPart, Joint
from fieldstone.workspace.buf_inputs import how_to_write
from fieldstone.workspace.joint_runs import JointRuns, Wanted
from fieldstone.workspace.modules import CONFIG_FILES, Module, Workspace, load_workspace, without_files

_TREE_FILES = (".proto", "buf.yaml", "buf.work.yaml", "buf.lock")


def has_config(path: Path) -> bool:
    """Whether a folder has a buf configuration."""
    return any((path / name).is_file() for name in CONFIG_FILES)


def compile_module(workspace: Workspace, module: Module, *, outside: Path | None = None, at: str = "") -> bytes:
    """Compile a module of a workspace to an image.

    Args:
        workspace: the workspace, for the modules that `module` imports.
        module: the module to compile.
        outside: a folder (the registry) inside a module's root that does not belong to it.
        at: the origin of the workspace, a revision or folder, for errors.

    Raises:
        FieldstoneError: the module has no sources, or does not compile.
    """
    where = f"{module.path} at {at}" if at else module.path
    if not module.proto_files:
        raise without_files(module, where if at else "")
    return _build(workspace, module, outside).output(what=f"{where} does not compile")


def _build(workspace: Workspace, module: Module, outside: Path | None) -> buf.Running:
    given = workspace.input_of(module, outside)
    return buf.build(given.target, cwd=workspace.buf_root, exclude=given.exclude, within=given.within)


def workspace_with(module: Module | None, root: Path, *, now: Workspace) -> Workspace:
    """The workspace at `root`; several roots of v1beta1 are one module if only that one is the module looked for.

    Args:
        module: the module looked for.
        root: the folder of the configuration.
        now: the current workspace, whose kind and third-party paths apply.
    """
    only = now.imports_only
    return _with(module, lambda joined: load_workspace(root, joined=joined, imports_only=only), joined=now.joined)


def _with(module: Module | None, load: Callable[[bool], Workspace], *, joined: bool) -> Workspace:
    found = load(joined)
    if module is None or module.name in found.modules or len(found.modules) <= 1:
        return found
    whole = load(True)  # noqa: FBT003 - of several roots
    return whole if len(whole.modules) == 1 or module.name in whole.modules else found


class Revision:
    """A workspace at a git revision.

    Args:
        workspace: the workspace there.
        outside: its registry folder, which belongs to no module.
        label: the revision, for people.
        together: the names of the modules that are compiled together as soon as one of them is needed.
        kept: closed when the revision is removed.
    """

    def __init__(
        self, workspace: Workspace, outside: Path | None, label: str, together: Collection[str], kept: ExitStack
    ) -> None:
        self.workspace, self.outside, self.label = workspace, outside, label
        self._together, self._kept = together, kept

    def image(self, module: Module) -> bytes:
        """A module of the workspace, compiled.

        Raises:
            FieldstoneError: the module has no sources, or does not compile.
        """
        part = self._parts.get(module.name)
        if part is None:
            return compile_module(self.workspace, module, outside=self.outside, at=self.label)
        return part.output(what=f"{module.path} at {self.label} does not compile")

    @cached_property
    def _parts(self) -> dict[str, CompiledPart[Wanted]]:
        """The modules of a common run, which is started here."""
        runs = JointRuns(self.workspace, lambda running: self._kept.callback(running.close))
        wanted = [Wanted(module) for name, module in self.workspace.modules.items() if name in self._together]
        joint = Joint[Wanted, bytes](runs.build)
        parts = {one.module.name: CompiledPart(one, self._alone) for one in wanted if one.paths and runs.takes(one)}
        for part in parts.values():
            joint.add(part)
        joint.begin()
        return parts

    def _alone(self, wanted: Wanted) -> buf.Running:
        running = _build(self.workspace, wanted.module, self.outside)
        self._kept.callback(running.close)
        return running


class _Tree(Struct, frozen=True):
    """A revision that is laid out.

    Attributes:
        root: the folder of the workspace there.
        scratch: the folder of the checkout.
        label: the revision, for people.
        submodules: the paths of its submodules.
        kept: closed when the revision is removed.
    """

    root: Path
    scratch: Path
    label: str
    submodules: Sequence[str]
    kept: ExitStack


class Checkouts:
    """The git revisions of a workspace.

    Args:
        workspace: the current workspace; a revision's has the same path in the checkout.
        outside: the registry folder, which belongs to no module.
    """

    def __init__(self, workspace: Workspace, outside: Path | None) -> None:
        self.workspace, self.outside = workspace, outside
        self._kept: ExitStack | None = None
        self._trees: dict[tuple[str, bool], _Tree] = {}
        self._revisions: dict[tuple[Path, bool, bool], Revision] = {}
        self._together: Collection[str] = ()

    @contextmanager
    def kept(self, names: Collection[str]) -> Iterator[None]:
        """Keep each revision until the end of the `with`, for several uses.

        Args:
            names: the modules that will be compiled: with several, each revision compiles them together.
        """
        self._together = names if len(names) > 1 else ()
        try:
            with ExitStack() as self._kept:
                yield
        finally:
            self._trees.clear()
            self._revisions.clear()
            self._kept, self._together = None, ()

    @contextmanager
    def at(
        self,
        ref: str,
        module: Module | None = None,
        *,
        known: str = "",
        since_parting: bool = False,
        bare: bool = False,
    ) -> Iterator[Revision]:
        """The workspace at a git revision, removed at the end of the `with` unless it is kept.

        Args:
            ref: the revision.
            module: the module to look for there.
            known: what else the reference could have meant, for the error.
            since_parting: whether a revision, unless it is a tag, means its merge base with HEAD.
            bare: whether a folder without a configuration counts as one module.

        Raises:
            FieldstoneError: there is no such revision, or its configuration cannot be read.
        """
        with ExitStack() as used:
            tree = self._trees.get((ref, since_parting))
            if tree is None:
                tree = self._lay_out(ref, self._kept or used, known=known, since_parting=since_parting)
            if self._kept:
                self._trees[ref, since_parting] = tree
            yield self._revision_with(module, tree, bare=bare)

    def _revision_with(self, module: Module | None, tree: _Tree, *, bare: bool) -> Revision:
        """The revision with a module; see `workspace_with`."""
        revisions = self._revisions if self._kept else {}

        def load(joined: bool) -> Workspace:  # noqa: FBT001 - the kind of the workspace
            key = tree.root, bare, joined
            if key not in revisions:
                revisions[key] = self._load(tree, bare=bare, joined=joined)
            return revisions[key].workspace

        found = _with(module, load, joined=self.workspace.joined)
        return next(revision for revision in revisions.values() if revision.workspace is found)

    def _load(self, tree: _Tree, *, bare: bool, joined: bool) -> Revision:
        root, outside, then = self.workspace.root, self.outside, tree.root
        registry = then / os.path.relpath(outside, root) if outside else None
        names = {known.key: known.name for known in self.workspace.modules.values()}
        is_configured = (root / self.workspace.config).is_file()
        if is_configured and not has_config(then):  # it lists no modules, so everything is new
            return Revision(Workspace(then, self.workspace.config, {}), registry, tree.label, (), tree.kept)
        bare = bare or not is_configured
        with _named(tree.scratch, tree.label, tree.submodules):
            only = self.workspace.imports_only
            found = load_workspace(then, names=names, outside=registry, bare=bare, joined=joined, imports_only=only)
        return Revision(found, registry, tree.label, self._together, tree.kept)

    def _lay_out(self, ref: str, kept: ExitStack, *, known: str, since_parting: bool) -> _Tree:
        root = self.workspace.root
        commit, prefix = self._resolve(ref, known)
        base = git.merge_base(ref, root) if since_parting and not git.is_tag(ref, root) else commit
        label = ref if base == commit else f"{ref} (merge base {base[:9]})"
        scratch = Path(tempfile.mkdtemp(prefix="fieldstone-"))
        kept.callback(shutil.rmtree, scratch, ignore_errors=True)
        top = Path(git.run("rev-parse", "--show-toplevel", cwd=root).decode().strip())
        git.export_tree(base, cwd=top, into=scratch, keep=_TREE_FILES)
        return _Tree((scratch / prefix).resolve(), scratch, label, git.submodules(base, cwd=top), kept)

    def _resolve(self, ref: str, known: str) -> tuple[str, str]:
        """The commit of a revision, and the path of the workspace in the checkout."""
        root = self.workspace.root
        try:
            return git.resolve(ref, root), git.run("rev-parse", "--show-prefix", cwd=root).decode().strip()
        except FieldstoneError as error:
            if any(words in error.problem for words in ("binary", git.REFUSED, git.OUTSIDE)):
                raise NotFound(f"cannot resolve {ref} from {root}: {error.problem}", fix=error.fix) from error
            detail = "no such version, file, folder or git revision"
            fix = how_to_write(ref) or error.fix or _what_else(ref, root, known)
            raise NotFound(f"cannot resolve {ref} from {root}: {detail}", fix=fix) from error


def _what_else(ref: str, root: Path, known: str) -> str:
    """The possible meanings of a name that is no revision: a branch or tag, or what else is known."""
    is_version = ref.lstrip("v")[:1].isdigit()
    likeness = VERSION_LIKENESS if is_version else LIKENESS
    near = "" if known.startswith("did you mean") else did_you_mean(ref, git.names(root), likeness=likeness)
    fetch = f"this clone is shallow: {git.FETCH_ALL}" if git.is_shallow(root) else ""
    return " ".join(filter(None, (near, "; ".join(filter(None, (known, fetch))))))


@contextmanager
def _named(scratch: Path, label: str, submodules: Sequence[str]) -> Iterator[None]:
    """Make errors about a revision's files name the revision, and the files by their paths in it."""
    try:
        yield
    except FieldstoneError as error:
        problem = error.problem.replace(f"{scratch.resolve()}/", "")
        absent = next((path for path in submodules if f" {path}," in problem), "")
        fix = f"{absent} is a git submodule there: name a folder that has it checked out" if absent else error.fix
        raise type(error)(f"at {label}: {problem}", fix=fix) from error
