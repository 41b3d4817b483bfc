"""git as a subprocess: the commits, trees and settings of a repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import FieldstoneError, Invalid, NotFound, Unavailable

DIRTY = "-dirty"
"""The suffix of a commit's hash if the sources of a release differ from the commit."""

_MOST_PATHS = 1000
"""The most files that one git command names; with more, it covers the whole checkout."""

OUTSIDE = "not a git repository"
"""The beginning of an error about a folder outside of any checkout."""

REFUSED = "which another user owns"
"""The end of an error about a folder that git does not trust."""

FETCH_ALL = "fetch the whole history: `git fetch --unshallow`"
"""The fix for a clone that lacks a commit."""

_FLAGS = ("--no-optional-locks", "--no-replace-objects", "--literal-pathspecs")

_SHA1_DIGITS = 40

_FOREIGN = "dubious ownership"
"""git's error message (`safe.directory` in git-config(1)); its last line is the command that allows the folder."""


class Entry(Struct, frozen=True):
    """A file in a commit.

    Attributes:
        path: its path from the root of the checkout.
        mode: `100644`, `100755`, `120000` (a symbolic link) or `160000` (a submodule).
        blob: the hash of its content, in hex; for a submodule, its commit.
    """

    path: str
    mode: str
    blob: str

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; its content is then the target path."""
        return self.mode == "120000"

    @property
    def is_submodule(self) -> bool:
        """Whether it is another repository, none of whose files are in the commit."""
        return self.mode == "160000"


def run(*arguments: str, cwd: Path, stdin: bytes | None = None) -> bytes:
    """Run `git` and return its standard output.

    It takes no optional locks, treats paths literally, and ignores objects that `git replace` substitutes.

    Raises:
        FieldstoneError: there is no git, or it failed; the error contains its message.
    """
    binary = shutil.which("git")
    if binary is None:
        raise Unavailable("no git binary on PATH", fix="install git, or name a version, a folder or an image")
    done = subprocess.run(  # noqa: S603 - an argument list, no shell
        [binary, *_FLAGS, *arguments], cwd=cwd, input=stdin, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if said and _FOREIGN in said[0]:
            raise Unavailable(f"git refuses to work in {cwd}, {REFUSED}", fix=f"allow it: `{said[-1].strip()}`")
        if said and OUTSIDE in said[0]:
            raise Unavailable(f"{OUTSIDE}: {cwd}", fix="run it in a clone of the repository")
        raise Unavailable(f"git {arguments[0]} failed in {cwd}: {said[0] if said else done.returncode}")
    return done.stdout


def head_commit(cwd: Path) -> str:
    """The full hash of the commit checked out at `cwd`; empty outside a checkout or before the first commit."""
    try:
        return run("rev-parse", "--verify", "--quiet", "HEAD", cwd=cwd).decode().strip()
    except FieldstoneError:
        return ""


def config(key: str, cwd: Path) -> str:
    """The value of a git setting at `cwd`; empty without one, or without git."""
    try:
        return run("config", "--get", key, cwd=cwd).decode("utf-8", "replace").strip()
    except FieldstoneError:
        return ""


def source_commit(folder: Path, files: Collection[Path], owns: Callable[[str], bool]) -> str:
    """The commit that a module's sources belong to, with `DIRTY` appended if they differ from it.

    They differ if a source was edited or deleted, is untracked or ignored, or lies outside the checkout.

    Args:
        folder: the module's folder.
        files: the current sources, absolute; they may be links, or lie elsewhere in the checkout.
        owns: whether a deleted file was one of them, by its path relative to the folder, with `/`.

    Returns:
        The full hash; empty outside a checkout or before the first commit.

    Raises:
        FieldstoneError: git cannot compare them.
    """
    commit = head_commit(folder)
    if not commit:
        return ""
    top = top_of(folder)
    folder, paths = folder.resolve(), {*files, *(file.resolve() for file in files)}
    if not all(path.is_relative_to(top) for path in paths):
        return commit + DIRTY
    elsewhere = [str(path) for path in paths if not path.is_relative_to(folder)]
    below = [str(top)] if len(elsewhere) > _MOST_PATHS else [str(folder), *elsewhere]
    flags = ("--porcelain", "--untracked-files=all", "--ignored", "--no-renames", "-z")
    entries = os.fsdecode(run("status", *flags, "--", *below, cwd=top)).split("\0")
    changed = {top / entry[len("XY ") :] for entry in entries if entry}
    deleted = (path for path in changed if not path.exists() and path.is_relative_to(folder))
    within = paths.union(*(path.parents for path in paths))  # a link to a folder, or a repository inside this one
    if changed & within or any(owns(path.relative_to(folder).as_posix()) for path in deleted):
        return commit + DIRTY
    return commit


def resolve(ref: str, cwd: Path) -> str:
    """The full hash of the commit of `ref`.

    Raises:
        FieldstoneError: there is no git, no checkout, or no such commit.
    """
    run("rev-parse", "--git-dir", cwd=cwd)
    try:
        found = run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", cwd=cwd)
    except FieldstoneError as error:
        raise NotFound(f"there is no git revision {ref} in {cwd}") from error
    return found.decode().strip()


def is_tag(ref: str, cwd: Path) -> bool:
    """Whether `ref`, which names a commit, is a tag."""
    return run("rev-parse", "--symbolic-full-name", ref, cwd=cwd).startswith(b"refs/tags/")


def is_shallow(cwd: Path) -> bool:
    """Whether the clone at `cwd` is shallow; False outside a checkout."""
    try:
        return run("rev-parse", "--is-shallow-repository", cwd=cwd).strip() == b"true"
    except FieldstoneError:
        return False


def export_tree(commit: str, *, cwd: Path, into: Path, keep: Iterable[str]) -> None:
    """Write the files of `commit` whose names end in one of `keep` into the folder `into`.

    Symbolic links are included if they lead to something in the commit.

    Raises:
        FieldstoneError: git failed, or the folder cannot be written.
    """
    endings = tuple(keep)
    every = [entry for entry in entries(commit, cwd=cwd) if not entry.is_submodule]
    _refuse_paths_that_leave(every, commit)
    wanted = [entry for entry in every if entry.path.endswith(endings) and not entry.is_link]
    for entry, content in zip(wanted, blobs([entry.blob for entry in wanted], cwd), strict=True):
        target = into / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    _link([entry for entry in every if entry.is_link], cwd, into)


def _refuse_paths_that_leave(files: Iterable[Entry], commit: str) -> None:
    """Raise for a path that git itself would not check out, because it leads out of the folder."""
    for entry in files:
        if not {"", ".", ".."}.isdisjoint(entry.path.split("/")):
            raise Invalid(f"commit {commit[:9]} has a file called {entry.path!r}, which leads out of the checkout")


def _link(links: Sequence[Entry], cwd: Path, into: Path) -> None:
    """Create symbolic links, and remove those that leave the folder or are broken."""
    made = [into / entry.path for entry in links]
    for path, content in zip(made, blobs([entry.blob for entry in links], cwd), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.fsdecode(content))
    top = into.resolve()
    for path in made:
        if not path.exists() or not path.resolve().is_relative_to(top):
            path.unlink()


def entries(commit: str, *, cwd: Path) -> list[Entry]:
    """All files of a commit, in the order of their paths.

    Args:
        commit: the full hash of a commit; empty for no commit, without files.
        cwd: the root of the checkout.

    Raises:
        FieldstoneError: there is no such commit.
    """
    listed = run("ls-tree", "-r", "-z", commit, cwd=cwd) if commit else b""
    return [_entry(line) for line in os.fsdecode(listed).split("\0") if line]


def submodules(commit: str, *, cwd: Path) -> list[str]:
    """The paths of the submodules of a commit, from the root of the checkout.

    Raises:
        FieldstoneError: there is no such commit.
    """
    return [entry.path for entry in entries(commit, cwd=cwd) if entry.is_submodule]


def staged(*, cwd: Path) -> dict[str, Entry]:
    """The files of the index, by their paths from the root of the checkout; for a conflict, one of its sides.

    Raises:
        FieldstoneError: the index cannot be read.
    """
    found: dict[str, Entry] = {}
    for line in os.fsdecode(run("ls-files", "--stage", "-z", "--full-name", cwd=cwd)).split("\0"):
        about, _, path = line.partition("\t")
        if path:
            mode, blob, _ = about.split()
            found[path] = Entry(path, mode, blob)
    return found


def _entry(line: str) -> Entry:
    about, _, path = line.partition("\t")
    mode, _, blob = about.split()
    return Entry(path, mode, blob)


def blob_hash(content: bytes, *, like: str) -> str:
    """The hash that git gives to a file's content, in hex.

    Args:
        content: the bytes of the file on disk, without filters or conversion of line ends.
        like: another hash of the repository, whose length distinguishes SHA-1 from SHA-256.
    """
    algorithm = hashlib.sha1 if len(like) == _SHA1_DIGITS else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def merge_base(ref: str, cwd: Path) -> str:
    """The full hash of the merge base of HEAD and `ref`.

    Raises:
        FieldstoneError: there is no git, no checkout, no such revision, or no common commit.
    """
    found = merge_bases(resolve(ref, cwd), cwd)
    if found:
        return found[0]
    shallow = is_shallow(cwd)
    fix = FETCH_ALL if shallow else "name a revision that HEAD has a commit in common with"
    clone = "the shallow clone " if shallow else ""
    raise Invalid(f"{ref} and HEAD share no commit in {clone}{cwd}", fix=fix)


def merge_bases(commit: str, cwd: Path) -> list[str]:
    """The full hashes of the merge bases of HEAD and a commit.

    Empty if they share no commit; several after criss-cross merges.
    """
    try:
        return run("merge-base", "--all", commit, "HEAD", cwd=cwd).decode().split()
    except FieldstoneError:
        return []


def top_of(folder: Path) -> Path:
    """The root of a folder's checkout, with links resolved.

    Raises:
        FieldstoneError: there is no git, or no checkout.
    """
    return Path(os.fsdecode(run("rev-parse", "--show-toplevel", cwd=folder)).removesuffix("\n")).resolve()


def same_names(ref: str, cwd: Path) -> list[str]:
    """The full names of all tags, branches and remote branches that `ref` may mean, sorted."""
    patterns = [f"refs/{kind}/{ref}" for kind in ("tags", "heads", "remotes")]
    found = run("for-each-ref", "--format=%(refname)", *patterns, cwd=cwd).decode("utf-8", "replace").splitlines()
    return [name for name in found if name in patterns]


def names(cwd: Path) -> list[str]:
    """The names of all branches, tags and remote branches, as one writes them."""
    kinds = ("refs/heads", "refs/tags", "refs/remotes")
    return run("for-each-ref", "--format=%(refname:short)", *kinds, cwd=cwd).decode("utf-8", "replace").splitlines()


def blobs(hashes: Sequence[str], cwd: Path) -> list[bytes]:
    """The contents with these hashes, in their order.

    Raises:
        FieldstoneError: the repository lacks one of them, as a partial clone may.
    """
    stream = run("cat-file", "--batch", cwd=cwd, stdin="\n".join(hashes).encode() + b"\n") if hashes else b""
    contents: list[bytes] = []
    position = 0
    for _ in hashes:
        end = stream.index(b"\n", position)
        about = stream[position:end].split()
        if about[-1] == b"missing":
            raise Unavailable(f"{cwd} lacks {about[0].decode()}, a file of an earlier commit", fix=FETCH_ALL)
        size = int(about[2])
        contents.append(stream[end + 1 : end + 1 + size])
        position = end + size + 2
    return contents
