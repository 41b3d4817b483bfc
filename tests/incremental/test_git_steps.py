"""Whatever is done to a checkout, step by step, a check that asks git comes to what one of everything comes to."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldstone.checking.options import CheckOptions
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.report import render
from fieldstone.workflows.check import check
from fieldstone.workflows.release import release
from tests.cli.workspace import MANY, Repo, many, many_sources, new_repo, pinned_environment
from tests.conftest import SEED

pytestmark = pytest.mark.slow

STEPS = int(os.environ.get("FIELDSTONE_STEPS", "13"))
ANEW = 12
"""After how many steps the checkout is made as it was, the cache left; so it is where it no longer compiles."""

OWN = 7
"""The first of the files that no other one imports."""

OLD = "registry/schemas/0.1.0"
OUTSIDE, ASIDE = "../outside", "../aside"
KINDS = ("string", "int32")
SETTINGS = {
    "core.fsmonitor": "../liar",
    "core.ignoreCase": "true",
    "core.trustctime": "false",
    "core.checkStat": "minimal",
    "core.fileMode": "false",
    "core.untrackedCache": "true",
    "core.autocrlf": "true",
    "core.splitIndex": "true",
}
LIAR = "#!/bin/sh\nprintf 'token\\0'\n"
FILTER = '[filter "odd"]\n  clean = sed s/int32.id/string.id/\n  smudge = sed s/string.id/int32.id/\n'


@dataclass
class Steps:
    """What may be done to a checkout; each gives what it did."""

    repo: Repo
    rng: random.Random

    def next(self) -> str:
        """Do something."""
        others = [self.registry, self.settings, self.stale]
        return self.rng.choice([self.git] * 6 + [self.edit] * 5 + [self.place] * 3 + others)()

    def git(self) -> str:
        """What git does to its files, its index and its branches."""
        path, branch = self.file(), self.rng.choice(["main", "a", "b"])
        told = self.rng.choice(GIT).format(path=path, branch=branch, other=many(self.rng.randrange(MANY)))
        self.tell(*told.split())
        return f"git {told}"

    def tell(self, *arguments: str) -> None:
        """Have git do something, if it will."""
        subprocess.run(
            ["git", *arguments], cwd=self.repo.root, env=self.repo.environment, check=False, capture_output=True
        )

    def file(self) -> str:
        """A source, or a place for one."""
        there = sorted((self.repo.root / "schemas").rglob("*.proto"))
        paths = [path.relative_to(self.repo.root).as_posix() for path in there if path.is_file()]
        imported = {many(number) for number in range(OWN)}
        return self.rng.choice(
            [
                *(path for path in paths if path not in imported),
                many(self.rng.randrange(OWN, MANY)),
                many(self.rng.randrange(MANY)),
            ]
        )

    def edit(self) -> str:
        """Another text in a file: all of them compile, and some break what was released."""
        path = self.file()
        number = self.rng.randrange(10**9)
        text = self.text(path)
        old, new = KINDS if "string id" in text else reversed(KINDS)
        edited = self.rng.choice(
            [
                *[text.replace(f"{old} id = 1;", f"{new} id = 1;")] * 3,
                text.replace("id = 1;", "di = 1;") if "id = 1;" in text else text.replace("di = 1;", "id = 1;"),
                f"{text}// {number}\n",
                f"{text}\nmessage New{number} {{\n  string id = 1;\n}}\n",
                text.replace("\r", "").replace("\n", self.rng.choice(["\n", "\r\n"])),
            ]
        )
        stat = (self.repo.root / path).stat() if (self.repo.root / path).exists() else None
        self.repo.write(path, edited)
        keeps = stat is not None and self.rng.random() < 0.3
        if stat and keeps:
            os.utime(self.repo.root / path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return f"edit {path}{' keeping its time' * keeps}: {edited[len(text) - 20 :] if edited != text else 'not'}"

    def text(self, path: str) -> str:
        """The text of a source, or one for a new file."""
        place = self.repo.root / path
        fresh = f'syntax = "proto3";\n\npackage acme.many.v1;\n\nmessage File{self.rng.randrange(10**9)} {{}}\n'
        return place.read_bytes().decode() if place.is_file() else fresh

    def place(self) -> str:
        """Another inode, time, mode or kind of a file, or none."""
        path = self.file()
        there, outside = self.repo.root / path, self.repo.root / OUTSIDE / Path(path).name
        outside.parent.mkdir(exist_ok=True)
        way = self.rng.choice("gone gone touched old copied back mode new new ignored ignored link".split())
        if way in {"new", "ignored"}:
            path = f"schemas/acme/many/v1/{'ignored' if way == 'ignored' else 'g'}{self.rng.randrange(9)}.proto"
            self.repo.write(path, self.text(path))
        elif there.is_file():
            text = there.read_bytes()
            if way in {"gone", "link", "copied"}:
                there.unlink()
            if way == "link":
                outside.write_bytes(text)
                there.symlink_to(outside.resolve())
            elif way == "copied":
                there.write_bytes(text)
            elif way == "mode":
                there.chmod(self.rng.choice([0o644, 0o755]))
            elif way == "back":
                there.rename(f"{there}.away").rename(there)
            elif way in {"touched", "old"}:
                os.utime(there, None if way == "touched" else (1e9, 1e9))
        return f"{way}: {path}"

    def registry(self) -> str:
        """Something below the registry: of the newest release, a full check would refuse to read the files."""
        way = self.rng.choice(["edit", "stray", "empty", "release", "ignore", "clean", "clean", "clean"])
        root = self.repo.root
        if way == "edit":
            path = self.rng.choice(sorted(p for p in (root / OLD).rglob("*") if p.is_file()) or [root / OLD / "x"])
            self.repo.write(path.relative_to(root).as_posix(), path.read_bytes() + b" " if path.exists() else b"")
        elif way in {"stray", "ignore"}:
            self.repo.write(f"{OLD}/{'ignored' if way == 'ignore' else 'stray'}.txt", "")
        elif way == "empty":
            (root / "registry/schemas/0.5.0").mkdir(exist_ok=True)
        elif way == "release":
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(root)
                try:
                    release(Project.at(root), "schemas")
                except FieldstoneError as error:
                    return f"no release: {error}"
        else:
            self.tell("checkout", "-q", "start", "--", OLD)
            self.tell("clean", "-ffdxq", "registry")
        return f"registry: {way}"

    def settings(self) -> str:
        """What git and buf are told."""
        way = self.rng.choice(["git", "git", "attributes", "buf"])
        if way == "git":
            name = self.rng.choice([*SETTINGS])
            self.tell("config", *self.rng.choice([("--unset", name), (name, SETTINGS[name])]))
            return f"git config {name}"
        if way == "attributes":
            line = self.rng.choice(["", "* text=auto\n", "*.proto text eol=crlf\n", "f1*.proto filter=odd\n"])
            self.repo.write(".gitattributes", line)
            return f"attributes: {line}"
        start = "version: v2\nmodules:\n  - path: schemas\n"
        more = self.rng.choice(["", "    excludes: [schemas/acme/none]\n", "    excludes: [schemas/acme/many/v2]\n"])
        self.repo.write("buf.yaml", f"{start}{more}lint:\n  use: [MINIMAL]\n")
        return f"buf: {more}"

    def stale(self) -> str:
        """The cache or the index as it was before, or a repository in the module."""
        name = self.rng.choice([".fieldstone", ".git/index", "schemas/acme/many/v1/.git"])
        kept = self.repo.root / ASIDE / Path(name).name
        target = self.repo.root / name
        if name.endswith("v1/.git"):
            if target.exists():
                shutil.rmtree(target)
            elif target.parent.is_dir():
                self.tell("init", "-q", str(target.parent))
            return name
        source, to = (kept, target) if kept.exists() and self.rng.random() < 0.6 else (target, kept)
        if source.is_dir():
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(source, to)
        elif source.is_file():
            to.parent.mkdir(exist_ok=True)
            shutil.copy2(source, to)
        return f"{name} {'back' if to == target else 'kept'}"

    def anew(self) -> None:
        """The checkout as it was at first; the cache stays."""
        root = self.repo.root
        shutil.copy(root / "../config", root / ".git/config")
        for path in (root / "schemas/acme/many/v1/.git", root / OUTSIDE, root / ASIDE):
            shutil.rmtree(path, ignore_errors=True)
        for path in (root / ".git/MERGE_HEAD", root / ".git/info/sparse-checkout"):
            path.unlink(missing_ok=True)
        for flag in ("--no-assume-unchanged", "--no-skip-worktree"):
            self.tell("update-index", flag, *self.repo.git("ls-files").splitlines())
        self.tell("checkout", "-qf", "-B", "main", "start")
        self.tell("reset", "-q", "--hard", "start")
        self.tell("clean", "-ffdxq", "-e", ".fieldstone")


GIT = """
add -A
add -A
add {path}
add -N .
commit -qam more
commit -qam more
commit -q --amend --allow-empty -am other
checkout -q {branch}
checkout -qf {branch}
checkout -q -B {branch}
checkout -q -- {path}
checkout -q start -- {path}
checkout -q start -- schemas
stash -q
stash -q --include-untracked
stash pop -q
reset -q
reset -q --soft HEAD~
reset -q --hard HEAD~
reset -q --hard
rm -q --cached {path}
rm -qf {path}
mv {path} {other}
mv {path} schemas/acme/many/v1/a.proto
update-index --assume-unchanged {path}
update-index --skip-worktree {path}
update-index --no-assume-unchanged {path}
update-index --refresh
update-index --fsmonitor
merge -q --no-edit {branch}
merge --abort
sparse-checkout set --no-cone /* !/{path}
sparse-checkout disable
status
gc -q --prune=now
""".strip().splitlines()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A module of many files, released twice."""
    made = new_repo(tmp_path / "repo", many_sources(), pinned_environment(tmp_path))
    for version in ("0.1.0", "1.0.0"):
        outcome = release(Project.at(made.root), "schemas", version=version)
        assert outcome.release is not None, outcome
        made.edit(many(0), "old = 9;", "older = 10;") if version == "0.1.0" else None
        made.commit(version)
    made.git("tag", "start")
    made.write(".git/info/exclude", "ignored*\n")
    made.write("../liar", LIAR)
    (tmp_path / "liar").chmod(0o755)
    made.write(".git/config", made.read(".git/config") + FILTER)
    shutil.copy(made.root / ".git/config", tmp_path / "config")
    return made


def judged(root: Path, *, full: bool) -> str:
    """What a check says; only that it failed where it could not be done: with what, it may say in other words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        try:
            options = CheckOptions(witness=False, second_opinion=False)
            report = check(Project.at(root), full=full, options=options).report
        except FieldstoneError:
            return "error"
        return render(report, "json", read=lambda _: []) + repr(report)


@pytest.mark.timeout(3600)
def test_random_steps_are_judged_as_the_whole_is(repo: Repo) -> None:
    rng = random.Random(f"{SEED} steps")
    steps = Steps(repo, rng)
    done: list[str] = []
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - repo.environment.keys():
            patch.delenv(name)
        for name, value in repo.environment.items():
            patch.setenv(name, value)

        for number in range(STEPS):
            if number % ANEW == 0 or said[-2:] == ["error", "error"]:
                steps.anew()
                done = ["anew"]
            done.append(steps.next())
            part, whole = judged(repo.root, full=False), judged(repo.root, full=True)
            assert part == whole, f"FIELDSTONE_SEED={SEED}, step {number}: {'; '.join(done)}"
            assert judged(repo.root, full=False) == whole, f"FIELDSTONE_SEED={SEED}, again, {number}: {'; '.join(done)}"
            said.append(whole)
    assert said.count("error") <= STEPS // 2
    assert len({*said}) >= STEPS // 6
