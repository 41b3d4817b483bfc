"""How much a registry weighs: a module of 95 kB of sources with 65 releases, against the layout that keeps all files.

Each release adds some fields and a message in one or two of the files. The bytes of layout 1 are those of the same
releases with every source, the image uncompressed and the whole ledger.

    python benchmarks/registry_size.py [RELEASES] [FILES] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
from pathlib import Path

from fieldstone.checking.baseline import ledger_of
from fieldstone.project.project import Project
from fieldstone.registry import Registry
from fieldstone.registry.release import IMAGE, LEDGER, NAME, Release
from fieldstone.workflows.release import release

SIZE = 95_000
"""The size of the newest sources in bytes, about."""
TARGET = 1 / 3
"""The share of layout 1 that the registry may weigh."""
WORDS = (
    "account amount batch channel client cluster code count currency cursor device duration endpoint "
    "entry event factor filter group handle index input item key label level limit manager mode node "
    "offset option order output owner page parent phase policy price queue range rate record region "
    "report result revision role score segment session shard signal source stage state step stream "
    "summary table target task tenant token topic total unit user value version volume window worker zone "
).split()
TYPES = ("string", "int64", "int32", "bool", "double", "bytes", "repeated string", "uint64")


class Module:
    """A module that grows: messages with fields, each with a comment, in several files."""

    def __init__(self, root: Path, files: int, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)
        self.messages: list[dict[str, list[str]]] = [{} for _ in range(files)]

    def grow(self, number: int, size: int) -> None:
        """Let a file grow by about so many bytes: fields of a message that it has, or a new one."""
        messages, added = self.messages[number], 0
        while added < size:
            if not messages or self.random.random() < 1 / 12:
                messages[f"M{number}{self._name().title().replace('_', '')}{len(messages)}"] = []
            fields = self.random.choice([*messages.values()])
            taken = len(fields) + 1
            line = f"  // The {self._comment()}.\n  {self.random.choice(TYPES)} {self._name()}_{taken} = {taken};\n"
            fields.append(line)
            added += len(line)

    def write(self) -> None:
        """Write the files."""
        for number, messages in enumerate(self.messages):
            body = "".join(map(self._text, messages, messages.values()))
            path = self.root / f"proto/acme/v1/part{number}.proto"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'syntax = "proto3";\n\npackage acme.v1;\n{body}')

    def _name(self) -> str:
        return "_".join(self.random.sample(WORDS, 2))

    def _comment(self) -> str:
        return " ".join(self.random.sample(WORDS, self.random.randint(4, 12)))

    @staticmethod
    def _text(name: str, fields: list[str]) -> str:
        return f"\n// A {name.lower()} as the service keeps it.\nmessage {name} {{\n{''.join(fields)}}}\n"


def make(root: Path, releases: int, files: int, seed: int) -> Registry:
    """A repository whose module has so many releases."""
    (root / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\nlint:\n  use: [MINIMAL]\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    module = Module(root, files, seed)
    for number in range(files):  # the first release has three quarters of the newest one's sources
        module.grow(number, SIZE * 3 // 4 // files)
    for count in range(releases):
        if count:
            for number in module.random.sample(range(files), module.random.randint(1, min(2, files))):
                module.grow(number, SIZE // 4 // releases * 2 // 3)
        module.write()
        made = release(Project.at(root), "proto")
        if made.release is None:
            raise SystemExit(f"release {count} was refused: {made.report}")
    return Project.at(root).registry


def whole(registry: Registry, made: Release) -> dict[str, int]:
    """The bytes of a release in layout 1, by kind."""
    sources = sum(len(registry.read(made, path)) for path in made.files if path not in {IMAGE, LEDGER})
    ledger = len(ledger_of(registry, made).to_json().encode())
    manifest = (Path(registry.label(made)) / NAME).stat().st_size
    return {"sources": sources, "image": len(registry.read(made, IMAGE)), "ledger": ledger, "manifest": manifest}


def there(folder: Path) -> dict[str, int]:
    """The bytes of a release's folder, by kind."""
    found = dict.fromkeys(("sources", "image", "ledger", "manifest"), 0)
    kinds = {NAME: "manifest", LEDGER: "ledger", f"{IMAGE}.gz": "image", IMAGE: "image"}
    for path in folder.rglob("*"):
        if path.is_file():
            found[kinds.get(path.name, "sources")] += path.stat().st_size
    return found


def main() -> None:
    """Measure, and print bytes by kind and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", nargs="?", type=int, default=65)
    parser.add_argument("files", nargs="?", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ["FIELDSTONE_CACHE"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        registry = make(Path(scratch), given.releases, given.files, given.seed)
        releases = registry.releases("proto")
        before = [whole(registry, made) for made in releases]
        after = [there(Path(registry.label(made))) for made in releases]
    print(f"{given.releases} releases of a module of {given.files} files, seed {given.seed}, in kB:")
    for kind in before[0]:
        old, new = sum(size[kind] for size in before), sum(size[kind] for size in after)
        print(f"{kind:9} {old / 1e3:9.0f} -> {new / 1e3:8.0f}  {new / old:6.1%}")
    old, new = sum(sum(size.values()) for size in before), sum(sum(size.values()) for size in after)
    met = "met" if new <= old * TARGET else "missed"
    print(f"{'all':9} {old / 1e3:9.0f} -> {new / 1e3:8.0f}  {new / old:6.1%}  (at most {TARGET:.1%}: {met})")


if __name__ == "__main__":
    main()
