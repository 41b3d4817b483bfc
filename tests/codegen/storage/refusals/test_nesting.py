"""Messages that hold themselves."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import PATH, annotated, entity, refused

CYCLES: Mapping[str, tuple[str, list[str]]] = {
    "itself": (
        entity("not_stored: true", "StepV1 next"),
        ["3:3: StepV1 holds itself: StepV1.next -> StepV1; keep next as bytes: codec: CODEC_PROTO"],
    ),
    "through a list and a map": (
        entity("not_stored: true", "A a")
        + "message A {\n  repeated B b = 1;\n}\nmessage B {\n  map<string, A> a = 1;\n}",
        ["9:3: A holds itself: A.b -> B.a -> A; keep a as bytes: codec: CODEC_PROTO"],
    ),
    "broken by bytes": (
        entity("not_stored: true", annotated("repeated StepV1 next", "codec: CODEC_PROTO")),
        [],
    ),
    "no record": ("message M { M m = 1; }", []),
    "JSON": (
        'import "google/protobuf/struct.proto"; ' + entity("not_stored: true", "google.protobuf.Value next"),
        [],
    ),
}


@pytest.mark.parametrize("case", CYCLES.values(), ids=CYCLES)
def test_cycles(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


def test_a_cycle_in_another_module() -> None:
    files = {
        PATH: 'import "other/v1/tree.proto";\n' + entity("not_stored: true", "other.v1.Tree tree"),
        "other/v1/tree.proto": "package other.v1;\nmessage Tree { repeated Tree children = 1; }",
    }
    line = "4:3: Tree holds itself: Tree.children -> Tree; keep children as bytes: codec: CODEC_PROTO"
    assert refused(files, own=[PATH]) == [line]
