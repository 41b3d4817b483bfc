"""The outline of a text: of a whole one as the compiler sees it, of a broken one without an error."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from fieldstone.lsp.text.outline import Declaration, outline
from fieldstone.toolchain.buf import find_buf
from tests.cli.workspace import HERE
from tests.conftest import SEED

_KINDS = frozenset({"message", "enum", "service", "field", "value", "rpc"})
_SOURCES = sorted(HERE.glob("schemas/**/*.proto"))
_ODD = """\
syntax = "proto2"; // message No { string no = 1; }
package odd.v1;
/* enum No { */
message A { optional string a = 0x1 [deprecated = true, json_name = "a;{}", (x) = { y: [1, 2]; z { } }];
  map < string , .odd.v1.A > m = 2; oneof o { A b = 3; group G = 4 { optional int32 in_group = 1; } }
  reserved 10 to 12, 15; reserved "r", 'q'; extensions 100 to max [declaration = { number: 100 }];
  extend A { repeated int32 e = 100; } enum message_kind { option allow_alias = true; NEG = -1; HEX = 0x10; }
  option (y).z = { a: "}" ; b: < c: 1 > };
}
service S { option deprecated = true; rpc One (A) returns (stream A); rpc Two(.odd.v1.A) returns (A) { option idempotency_level = NO_SIDE_EFFECTS; } ; }
extend .odd.v1.A { optional string message = 101; }
"""  # noqa: E501 - one statement a line is what others have
_OF_ODD = """\
message odd.v1.A None, field odd.v1.A.a 1, field odd.v1.A.m 2, field odd.v1.A.b 3, field odd.v1.A.e 100,
enum odd.v1.A.message_kind None, value odd.v1.A.message_kind.NEG -1, value odd.v1.A.message_kind.HEX 16,
service odd.v1.S None, rpc odd.v1.S.One None, rpc odd.v1.S.Two None, field odd.v1.message 101"""


def _seen(file: Declaration) -> set[tuple[str, str, int | None]]:
    return {(part.kind, part.full_name, part.number) for part in file.all() if part.kind in _KINDS}


def _compiled(scope: str, file: Any) -> Iterator[tuple[str, str, int | None]]:
    """What a file or a message of the compiler's declares."""
    messages = file.nested_type if hasattr(file, "nested_type") else file.message_type
    for message in messages:
        if not message.options.map_entry:
            name = f"{scope}.{message.name}"
            yield "message", name, None
            yield from (("field", f"{name}.{field.name}", field.number) for field in message.field)
            yield from _compiled(name, message)
    for enum in file.enum_type:
        yield "enum", f"{scope}.{enum.name}", None
        yield from (("value", f"{scope}.{enum.name}.{value.name}", value.number) for value in enum.value)
    yield from (("field", f"{scope}.{extension.name}", extension.number) for extension in file.extension)
    for service in getattr(file, "service", ()):
        yield "service", f"{scope}.{service.name}", None
        yield from (("rpc", f"{scope}.{service.name}.{rpc.name}", None) for rpc in service.method)


def test_declarations_are_those_of_the_compiler() -> None:
    built = subprocess.run(
        [find_buf(), "build", "-o", "-#format=binpb"], cwd=HERE, check=True, capture_output=True
    ).stdout
    files = {file.name: file for file in FileDescriptorSet.FromString(built).file}
    for source in _SOURCES:
        file = next(file for name, file in files.items() if source.as_posix().endswith(f"/{name}"))
        assert _seen(outline(source.read_text())) == {*_compiled(file.package, file)}, source


def test_odd_text() -> None:
    expected = {tuple(words.split()) for words in _OF_ODD.replace("\n", " ").split(", ")}
    seen = {(kind, name, str(number)) for kind, name, number in _seen(outline(_ODD))}
    assert expected <= seen
    assert not any("No" in name or name.endswith(".no") for _, name, _ in seen)


def _check(text: str) -> None:
    file = outline(text)
    assert (file.start, file.end) == (0, len(text))
    for part in file.all():
        assert all(part.start <= inner.start <= inner.end <= len(text) for inner in part.parts), text
        assert part.name_at < 0 or text.startswith(part.name[:1], part.name_at) or part.name_at <= len(text)
        assert part.text == text[part.start : part.end]
        assert part.full_name is not None
    for index in range(0, len(text) + 1, 7):
        assert file.at(index).type is not None


@pytest.mark.parametrize("path", [None, *_SOURCES[:2]], ids=str)
def test_broken_texts(path: Path | None) -> None:
    text = path.read_text() if path else _ODD
    rng = random.Random(f"{SEED} {path}")
    for _ in range(30):
        start, end = sorted(rng.choices(range(len(text) + 1), k=2))
        _check(text[:end])
        _check(text[:start] + text[end:])
        _check(text[:start] + rng.choice("{}[]<>;=\"'/*\\\0") + text[start:])
