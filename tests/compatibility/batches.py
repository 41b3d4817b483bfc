"""Many schema pairs through the real buf at once: each has a folder and packages of its own in one image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic

Sources = Mapping[str, str]
"""Path to text."""

Pair = tuple[Sources, Sources]
"""Before and after."""

OWN = "@"
"""What stands for the name of a pair in its sources: its folder, and the first part of its packages."""


def placed(name: str, sources: str | Sources) -> dict[str, str]:
    """The sources of a pair below its folder; a file without a syntax is proto3, one without a package gets one."""
    files = {"a.proto": sources} if isinstance(sources, str) else sources
    return {f"{name}/{path}": _with_header(text).replace(OWN, name) for path, text in files.items()}


def _with_header(text: str) -> str:
    syntax = re.match(r'\s*(syntax|edition)\s*=\s*"\w+";', text)
    head, body = (syntax[0], text[syntax.end() :]) if syntax else ('syntax = "proto3";', text)
    package = "" if re.search(r"(^|[;\s])package [\w.@]+;|/\* no package \*/", body) else f"\npackage {OWN};"
    return head + package + body


def compile_all(batch: Collection[Sources]) -> tuple[bytes, dict[str, str]]:
    """The image of all that compiles, and what the compiler said of the others, by the name of their pair."""
    refused: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path, text in ((path, text) for sources in batch for path, text in sources.items()):
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text)
        while True:
            command = [buf.find_buf(), "build", ".", "-o", "-#format=binpb", "--error-format", "json"]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            if done.returncode == 0:
                return done.stdout, refused
            said = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
            assert said, done.stderr.decode()
            for line in said:
                name = line["path"].partition("/")[0]
                refused.setdefault(name, line["message"])
                shutil.rmtree(Path(folder, name), ignore_errors=True)
            if not any(Path(folder).iterdir()):
                return b"", refused


def compile_pairs(pairs: Mapping[str, Pair]) -> tuple[bytes, bytes, dict[str, str]]:
    """Two images of all pairs of which both sides compile, and what was said of the others."""
    left, refused = dict(pairs), dict[str, str]()
    while left:
        images = []
        for side in (0, 1):
            image, bad = compile_all([pair[side] for pair in left.values()])
            images.append(image)
            refused |= bad
        if not refused.keys() & left.keys():
            return images[0], images[1], refused
        left = {name: pair for name, pair in pairs.items() if name not in refused}
    return b"", b"", refused


def by_buf(old: bytes, new: bytes, rules: Collection[str], version: str = "v2") -> list[Diagnostic]:
    """What the real buf finds between two images."""
    config = {"version": version, "breaking": {"use": list(rules)}}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "old.binpb").write_bytes(old)
        Path(folder, "new.binpb").write_bytes(new)
        against = ["--against", "old.binpb", "--exclude-imports"]
        flags = ["--config", json.dumps(config), "--error-format", "json"]
        running = buf.Running(["breaking", "new.binpb", *against, *flags], cwd=Path(folder))
        return running.diagnostics(what="buf breaking")
