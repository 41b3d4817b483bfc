"""What the schema says reaches who uses its packages: comments as docstrings, and the end of what is deprecated."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.codegen.shop import Workspace, make_generated

LIBRARY = r'''syntax = "proto3";
// All about "books".
package acme.library.v1;
import "fieldstone/v1/annotations.proto";
import "google/protobuf/timestamp.proto";
// A book, or """two""" \ three.
//
//   indented
message Book {
  // Which one.
  string isbn = 1;
  // How it was called: "it".
  string title = 2 [
    deprecated = true,
    (fieldstone.v1.field_lifecycle) = {deprecated_since: "1.1.0", sunset: "2030-06-30", owner: "secret-team"}
  ];
  repeated string tags = 3 [deprecated = true];
  google.protobuf.Timestamp printed = 4 [deprecated = true];
  string property = 5;
  // How it is bound.
  enum Binding {
    // Nobody knows.
    BINDING_UNSPECIFIED = 0;
    BINDING_PAPER = 1 [deprecated = true];
  }
  Binding binding = 7;
  // A page.
  message Page {
    option deprecated = true;
    int32 number = 1;
  }
  Page page = 8;
}
message Shelf {
  string class = 1;
  string place = 2 [deprecated = true];
}
// Lends books.
service LibraryService {
  option deprecated = true;
  // Gives a book.
  rpc GetBook(Book) returns (Book) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option deprecated = true;
  }
}
'''
BUF = "version: v2\nmodules:\n  - path: annotations\n  - path: library\n  - path: third_party\n"
IMPORT = "from library_contracts.acme.library.v1.library_pb2 import Book\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    files = {"buf.yaml": BUF, "library/acme/library/v1/library.proto": LIBRARY}
    return make_generated(tmp_path_factory.mktemp("library"), files)


def mypy(library: Workspace, program: str) -> list[str]:
    (library.root / "uses.py").write_text(IMPORT + program)
    flags = ["--strict", "--enable-error-code", "deprecated", f"--cache-dir={library.root / '.mypy_cache'}"]
    done = library.run(sys.executable, "-m", "mypy", *flags, "uses.py")
    return [line.partition(": error: ")[2] for line in done.stdout.splitlines() if ": error: " in line]


def test_servers_learn_which_deprecated_parts_a_call_asks_for(library: Workspace) -> None:
    told = json.loads(library.python("import json, library_contracts.release as r; print(json.dumps(r.DEPRECATED))"))
    of = "acme.library.v1"
    assert told[f"{of}.LibraryService.GetBook"] == [
        f"{of}.LibraryService",
        f"{of}.LibraryService.GetBook",
        f"{of}.Book.Page",
    ]
    assert told[f"{of}.Book.title"] == [f"{of}.Book.title; since=1.1.0; sunset=2030-06-30"]
    assert told[f"{of}.Book.tags"] == [f"{of}.Book.tags"]
    assert f"{of}.Shelf.place" not in told  # no call has it


def test_comments_are_docstrings_where_people_look_them_up(library: Workspace) -> None:
    said = library.python(f"{IMPORT}print(Book.__doc__); print(Book.Page.__doc__)")
    assert said == 'A book, or """two""" \\ three.\n\n  indented\nA page.\n\nDeprecated.\n'
    stub = library.read("library-contracts/library_contracts/acme/library/v1/library_pb2.pyi")
    assert '"""All about "books"."""' in stub
    assert '    isbn: str\n    """Which one."""\n' in stub
    assert '"""How it is bound."""' in stub
    assert '        BINDING_UNSPECIFIED: _ClassVar[Book.Binding]\n        """Nobody knows."""\n' in stub
    assert 'How it was called: "it".\n\n        Deprecated since 1.1.0. Sunset: 2030-06-30."""' in stub
    assert "secret-team" not in stub


def test_the_stub_of_a_service_tells_its_end(library: Workspace) -> None:
    stub = library.read("library-contracts/library_contracts/acme/library/v1/library_pb2_grpc.pyi")
    assert '@deprecated("Deprecated.")\nclass LibraryServiceStub(' in stub
    assert '"""Gives a book.\n\n    Deprecated."""' in stub


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("Book().title = 'x'", "Deprecated since 1.1.0. Sunset: 2030-06-30."),
        ("Book().tags.append('x')", "Deprecated."),
        ("print(Book().printed)", "Deprecated."),
        ("Book(isbn='x', title='y')", "Deprecated: title, tags, printed"),
        ("Book.Page()", "Deprecated."),
    ],
)
def test_what_is_deprecated_is_told_by_mypy(library: Workspace, program: str, said: str) -> None:
    (error,) = mypy(library, program)
    assert "is deprecated" in error
    assert said in error


def test_the_rest_is_silent_and_constructors_take_keywords_alone(library: Workspace) -> None:
    assert mypy(library, "print(Book(isbn='x', property='y', binding='BINDING_PAPER').property)") == []
    assert mypy(library, "Book('x')") != []


def test_pyright_tells_it_too(library: Workspace) -> None:
    (library.root / "uses.py").write_text(IMPORT + "print(Book(title='x').title, Book.Page(), Book(isbn='x').isbn)\n")
    config = {"include": ["uses.py"], "extraPaths": library.python_path.split(":"), "reportDeprecated": "error"}
    config |= {"typeCheckingMode": "standard"}
    (library.root / "pyrightconfig.json").write_text(json.dumps(config))
    done = library.run(sys.executable, "-m", "basedpyright", "-p", ".", "--pythonpath", sys.executable)
    assert done.stdout.count("is deprecated") == 3, done.stdout
    assert "Sunset: 2030-06-30" in done.stdout


def test_generated_code_with_deprecated_parts_passes_mypy(library: Workspace) -> None:
    packages = [str(path) for path in Path(library.root).glob("generated/python/*/*_contracts")]
    done = library.run(
        sys.executable, "-m", "mypy", "--strict", f"--cache-dir={library.root / '.mypy_cache'}", *packages
    )
    assert done.returncode == 0, done.stdout
