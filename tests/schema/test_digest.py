"""What a source imports, and digests that are buf's to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.schema.digest import b5, file_digest, imports
from fieldstone.toolchain import buf
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import load_workspace
from tests.schema.files import write_files


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import "a.proto";', ["a.proto"]),
        ("import 'a.proto';", ["a.proto"]),
        ('import public "a.proto"; import weak "b.proto";', ["a.proto", "b.proto"]),
        ('import option "a.proto";', ["a.proto"]),
        ('import"a.proto";import   \n\t"b.proto"  ;', ["a.proto", "b.proto"]),
        ('import /* not "x.proto" */ "a.proto" // nor "y.proto"\n;', ["a.proto"]),
        ('// import "x.proto";\n/* import "y.proto"; */ import "a.proto";', ["a.proto"]),
        ('option java_package = "import \\"x.proto\\";"; import "a.proto";', ["a.proto"]),
        ("option x = 'import \"x.proto\";';", []),
        ('import "a/" "b.proto";', ["a/b.proto"]),
        ('message M { string import = 1; } message import { }\nimport "a.proto";', ["a.proto"]),
        ('syntax = "proto3"; package p; import "a.proto"; message M {}', ["a.proto"]),
        ('import "a.proto"', []),
        ("", []),
    ],
)
def test_imports(source: str, expected: list[str]) -> None:
    assert imports(source.encode()) == expected


def test_imports_of_bytes_that_are_no_text() -> None:
    assert imports(b'\xff\xfe import "a.proto"; // \xc3') == []
    assert imports(b'// \xff\nimport "a.proto";') == ["a.proto"]


def test_the_digest_of_nothing() -> None:
    """SHAKE256 of no bytes, as FIPS 202 gives it."""
    assert file_digest(b"").startswith("shake256:46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f")
    assert len(file_digest(b"")) == len("shake256:") + 128
    assert b5({}, ["b5:b", "b5:a"]) == b5({}, ["b5:a", "b5:b"])


A = 'syntax = "proto3";\npackage a;\nmessage A {}\n'
B = 'syntax = "proto3";\npackage b;\nIMPORT\nmessage B { a.A a = 1; }\n'
C = 'syntax = "proto3";\npackage c;\nimport "b/b.proto";\nmessage C { b.B b = 1; }\n'
PLAIN = {"buf.yaml": "version: v2\nmodules:\n  - path: one\n  - path: two\n  - path: three\n"}
FILES = {"one/a/a.proto": A, "two/b/b.proto": B, "three/c/c.proto": C}

SPELLINGS = [
    'import "a/a.proto";',
    "import 'a/a.proto';",
    'import public "a/a.proto";',
    'import weak "a/a.proto";',
    'import /* "x" */ "a/a.proto" /* import "y.proto"; */ ; // import "z.proto";',
    'import\n  "a/"\n  "a.proto"\n;',
    '/* import "c/c.proto"; */ import "a/a.proto"; // "\'',
]


def digests_agree(root: Path, files: Mapping[str, str]) -> None:
    write_files(root, files)
    workspace = load_workspace(root)
    dependencies = Dependencies(workspace)
    ours = {module.buf_name or module.path: dependencies.digest(module) for module in workspace.modules.values()}
    assert ours == {node["name"]: node["digest"] for node in buf.dependency_graph(cwd=root)}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_digests_are_those_of_buf_however_an_import_is_spelled(tmp_path: Path, spelling: str) -> None:
    digests_agree(tmp_path, {**PLAIN, **FILES, "two/b/b.proto": B.replace("IMPORT", spelling)})


@pytest.mark.parametrize(
    "more",
    [
        {"one/LICENSE": "free", "one/README.md": "# One"},
        {"LICENSE": "free", "README.md": "# All"},
        {"LICENSE": "free", "README.md": "# All", "two/LICENSE": "own", "three/README.md": "# Three"},
        {"one/buf.md": "# buf", "one/README.md": "# readme"},
        {"buf.md": "# buf", "one/README.md": "# readme"},
        {"one/README.markdown": "# markdown"},
        {"one/a/LICENSE": "below", "one/a/README.md": "below", "one/notes.txt": "none", "one/LICENSE.txt": "none"},
        {"one/a/empty.proto": 'syntax = "proto3";\npackage a;\n', "one/a/ünïcode name.proto": 'syntax = "proto3";'},
    ],
    ids=" ".join,
)
def test_digests_are_those_of_buf_with_documents(tmp_path: Path, more: Mapping[str, str]) -> None:
    digests_agree(tmp_path, {**PLAIN, **FILES, "two/b/b.proto": B.replace("IMPORT", SPELLINGS[0]), **more})


def test_digests_are_those_of_buf_in_a_v1_module(tmp_path: Path) -> None:
    config = "version: v1\nname: buf.build/acme/one\nbuild:\n  excludes:\n    - a/skipped\n"
    skipped = A.replace("message A", "message B")
    files = {"buf.yaml": config, "a/a.proto": A, "a/skipped/b.proto": skipped, "LICENSE": "free", "README.md": "#"}
    digests_agree(tmp_path, files)


def test_digests_are_those_of_buf_in_a_v1_workspace(tmp_path: Path) -> None:
    files = {**FILES, "two/b/b.proto": B.replace("IMPORT", SPELLINGS[0]), "LICENSE": "free", "two/LICENSE": "own"}
    config = {
        "buf.work.yaml": "version: v1\ndirectories:\n  - one\n  - two\n  - three\n",
        "one/buf.yaml": "version: v1\n",
    }
    digests_agree(tmp_path, {**files, **config})


def test_digests_are_those_of_buf_with_includes_and_excludes(tmp_path: Path) -> None:
    config = (
        "version: v2\nmodules:\n  - path: one\n    name: buf.build/acme/one\n"
        "    includes:\n      - one/a\n    excludes:\n      - one/a/skipped\n"
    )
    files = {"buf.yaml": config, "one/a/a.proto": A, "one/a/skipped/b.proto": A, "one/z/z.proto": A, "LICENSE": "free"}
    digests_agree(tmp_path, files)
