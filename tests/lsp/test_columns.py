"""The compiler's columns, compared with the real compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from fieldstone.lsp.text.columns import index_of
from fieldstone.toolchain.buf import find_buf

_BEFORE = ["", " ", "\t", " \t", "     \t\t"] + [
    f"/*{inside}*/"
    for inside in ("é", "漢字", "🙂", "👨‍👩‍👧", "👍🏽", "☺️☺", "e\u0301", "\U0001d4b3\u200b", "한한", "ｱ①")
]


def test_columns_are_those_of_the_compiler(tmp_path: Path) -> None:
    lines = [f"{before}string s{number} = {number + 1};" for number, before in enumerate(_BEFORE)]
    text = "\n".join(['syntax = "proto3";', "message M {", *lines, "}", ""])
    (tmp_path / "m.proto").write_text(text)
    built = subprocess.run([find_buf(), "build", "-o", "-#format=binpb"], cwd=tmp_path, check=True, capture_output=True)
    spans = {
        location.path[3]: location.span
        for location in FileDescriptorSet.FromString(built.stdout).file[0].source_code_info.location
        if len(location.path) == 4
    }
    for number, (before, line) in enumerate(zip(_BEFORE, lines, strict=True)):
        _, start, end = spans[number]
        assert index_of(line, start + 1) == len(before), before
        assert index_of(line, end + 1) == len(line), before
