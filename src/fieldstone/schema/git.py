"""git, asked as a subprocess: what a revision holds, and what has changed since."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

from fieldstone.errors import FieldstoneError

FETCH_ALL = "fetch the whole history: `git fetch --unshallow`"
"""What to do about a clone that lacks a commit."""


def run(*arguments: str, cwd: Path, stdin: bytes | None = None) -> bytes:
    """Run `git`, which writes nothing of its own accord, and give its standard output.

    Raises:
        FieldstoneError: there is no git, or it failed; the error carries what it said.
    """
    binary = shutil.which("git")
    if binary is None:
        raise FieldstoneError("no git binary on PATH", fix="install git, or name a version, a folder or an image")
    done = subprocess.run(  # noqa: S603 - an argument list, no shell
        [binary, "--no-optional-locks", *arguments], cwd=cwd, input=stdin, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise FieldstoneError(f"git {arguments[0]} failed in {cwd}: {said[0] if said else done.returncode}")
    return done.stdout


def head_commit(cwd: Path) -> str:
    """The full hash of the commit checked out at `cwd`; empty outside a checkout or before the first commit."""
    try:
        return run("rev-parse", "--verify", "--quiet", "HEAD", cwd=cwd).decode().strip()
    except FieldstoneError:
        return ""


def config(key: str, cwd: Path) -> str:
    """A setting of git that holds at `cwd`; empty where there is none, or no git."""
    try:
        return run("config", "--get", key, cwd=cwd).decode("utf-8", "replace").strip()
    except FieldstoneError:
        return ""


def source_commit(folder: Path, files: Collection[Path]) -> str:
    """The commit that files (absolute) below `folder` are of; `-dirty` is added where they differ from it.

    Empty outside a checkout or before the first commit.
    """
    commit = head_commit(folder)
    if not commit:
        return ""
    top = Path(os.fsdecode(run("rev-parse", "--show-toplevel", cwd=folder)).strip())
    flags = ("--porcelain", "--untracked-files=all", "--no-renames", "-z")
    entries = os.fsdecode(run("status", *flags, "--", ".", cwd=folder)).split("\0")
    changed = {top / entry[len("XY ") :] for entry in entries if entry}
    return f"{commit}-dirty" if changed & set(files) else commit


def resolve(ref: str, cwd: Path) -> str:
    """The full hash of the commit that `ref` names.

    Raises:
        FieldstoneError: there is no git, no checkout, or no such commit.
    """
    run("rev-parse", "--git-dir", cwd=cwd)
    try:
        found = run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", cwd=cwd)
    except FieldstoneError as error:
        raise FieldstoneError(f"there is no git revision {ref} in {cwd}") from error
    return found.decode().strip()


def is_tag(ref: str, cwd: Path) -> bool:
    """Whether `ref`, which names a commit, is the name of a tag."""
    return run("rev-parse", "--symbolic-full-name", ref, cwd=cwd).startswith(b"refs/tags/")


def is_shallow(cwd: Path) -> bool:
    """Whether the clone at `cwd` was made without the whole history; not so outside a checkout."""
    try:
        return run("rev-parse", "--is-shallow-repository", cwd=cwd).strip() == b"true"
    except FieldstoneError:
        return False


def export_tree(commit: str, *, cwd: Path, into: Path, keep: Iterable[str]) -> None:
    """Write the files of `commit` below `cwd` whose names end in one of `keep` into the folder `into`.

    Raises:
        FieldstoneError: git failed, or the folder cannot be written.
    """
    listed = os.fsdecode(run("ls-tree", "-r", "-z", commit, cwd=cwd)).split("\0")
    endings = tuple(keep)
    wanted: list[tuple[str, str]] = []
    for entry in filter(None, listed):
        about, _, path = entry.partition("\t")
        kind, blob = about.split()[1:]
        if kind == "blob" and path.endswith(endings):
            wanted.append((blob, path))
    contents = _blobs([blob for blob, _ in wanted], cwd)
    for (_, path), content in zip(wanted, contents, strict=True):
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def changed_since(ref: str, folder: Path, *, cwd: Path) -> list[tuple[str, str]]:
    """What the index changed below `folder` since it parted from `ref`: (status letter, path) pairs.

    Paths are relative to the root of the checkout; the letters are those of `git diff --name-status`.

    Raises:
        FieldstoneError: there is no git, no checkout, no such revision, or no commit that both share.
    """
    if not head_commit(cwd):
        run("rev-parse", "--git-dir", cwd=cwd)
        return []
    base = merge_base(ref, cwd)
    flags = ("--cached", "--name-status", "--no-renames", "-z")
    parts = os.fsdecode(run("diff", *flags, base, "--", str(folder), cwd=cwd)).split("\0")
    return list(zip(parts[0:-1:2], parts[1::2], strict=False))


def listed_at(ref: str, folder: Path, *, cwd: Path) -> list[str]:
    """The files below `folder` in the commit where HEAD parted from `ref`, relative to the folder `cwd`.

    Raises:
        FieldstoneError: there is no git, no checkout, no such revision, or no commit that both share.
    """
    if not head_commit(cwd):
        return []
    base = merge_base(ref, cwd)
    return os.fsdecode(run("ls-tree", "-r", "-z", "--name-only", base, "--", str(folder), cwd=cwd)).split("\0")


def merge_base(ref: str, cwd: Path) -> str:
    """The full hash of the commit where HEAD parted from `ref`; that of `ref` itself where HEAD stands on it.

    Raises:
        FieldstoneError: there is no git, no checkout, no such revision, or no commit that both share.
    """
    commit = resolve(ref, cwd)
    try:
        return run("merge-base", commit, "HEAD", cwd=cwd).decode().strip()
    except FieldstoneError as error:
        shallow = is_shallow(cwd)
        fix = FETCH_ALL if shallow else "name a revision that HEAD has a commit in common with"
        clone = "the shallow clone " if shallow else ""
        raise FieldstoneError(f"{ref} and HEAD share no commit in {clone}{cwd}", fix=fix) from error


def _blobs(hashes: list[str], cwd: Path) -> list[bytes]:
    stream = run("cat-file", "--batch", cwd=cwd, stdin="\n".join(hashes).encode() + b"\n") if hashes else b""
    contents: list[bytes] = []
    position = 0
    for _ in hashes:
        end = stream.index(b"\n", position)
        size = int(stream[position:end].split()[2])
        contents.append(stream[end + 1 : end + 1 + size])
        position = end + size + 2
    return contents
