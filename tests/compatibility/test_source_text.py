"""Source made from a compiled file compiles to the same contract."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from fieldstone.compatibility.rules import all_rules
from fieldstone.schema.image import parse_image
from fieldstone.toolchain import buf
from tests.compatibility.batches import Pair, by_buf, compile_pairs, placed
from tests.compatibility.reduction import Sources, reduce_pair


def compiled(sources: Sources) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in sources.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text)
        return buf.build(".", cwd=Path(folder)).output(what="build")


STRICTEST = ["FILE", "PACKAGE"]


def images() -> tuple[bytes, bytes]:
    """The examples of all rules that need no other file."""
    examples = [(rule.id.replace("-", "_"), example) for rule in all_rules().values() for example in rule.examples]
    pairs: dict[str, Pair] = {}
    for i, (name, example) in enumerate(examples):
        texts = [text for text in (example.before, example.after) if isinstance(text, str)]
        if len(texts) == 2 and not any("fieldstone.v1" in text for text in texts):
            before, after = (placed(f"{name}{i}", re.sub(r"package acme\b", "package @.acme", text)) for text in texts)
            pairs[f"{name}{i}"] = before, after
    old, new, refused = compile_pairs(pairs)
    assert len(refused) < len(pairs) // 4, refused
    return old, new


def test_every_example_written_out_is_the_same_contract() -> None:
    old, new = images()
    seen: list[tuple[Sources, Sources]] = []

    def look(before: Sources, after: Sources) -> bool:
        seen.append((before, after))
        return False

    assert reduce_pair(old, new, look) is None
    assert len(seen) == 1
    for image, sources in zip((old, new), seen[0], strict=True):
        again = compiled(sources)
        assert by_buf(image, again, STRICTEST) == []
        assert by_buf(again, image, STRICTEST) == []
        assert [file.name for file in parse_image(again, where="again").file if file.name in sources] != []


def test_a_map_leaves_with_the_type_of_its_values() -> None:
    source = 'syntax = "proto3";\nmessage Value {}\nmessage Holder { map<string, Value> values = 1; int32 kept = 2; }\n'
    image = compiled({"a.proto": source})
    reduced = reduce_pair(image, image, lambda old, _: "kept" in old.get("a.proto", ""))
    assert reduced is not None
    assert "map<" not in reduced[0]["a.proto"]
