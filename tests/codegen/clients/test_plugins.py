"""Plugins of protoc that answer, and those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldstone.codegen.client_package import ClientPackage
from fieldstone.codegen.contracts.plugins import run_plugin
from fieldstone.errors import FieldstoneError
from tests.codegen.clients.fakes import ECHO, make_plugin, make_program
from tests.codegen.clients.releases import made

OPTIONAL = 'syntax = "proto3"; package a.v1; message A { message B { optional string x = 1; } B b = 1; }'
EDITION = 'edition = "2023"; package a.v1; message A { string x = 1; }'
FILES = {
    "a/v1/a.proto": OPTIONAL,
    "a/v1/b.proto": 'syntax = "proto3"; package a.v1; import "a/v1/a.proto"; message C { A a = 1; }',
    "a/v1/c.proto": 'syntax = "proto3"; package a.v1; message D {}',
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> ClientPackage:
    return made(tmp_path_factory.mktemp("sources"), FILES)


def answer(client: ClientPackage, folder: Path, body: str, *files: str) -> dict[str, str]:
    plugin = make_plugin(folder, "protoc-gen-x", body)
    return run_plugin([str(plugin)], client.image, files or client.files, "a=b,c")


def test_a_plugin_gets_its_parameter_and_what_its_files_import(client: ClientPackage, tmp_path: Path) -> None:
    assert answer(client, tmp_path, ECHO, "a/v1/b.proto") == {"said": "a=b,c\na/v1/a.proto a/v1/b.proto"}


def test_what_comes_in_parts_is_put_together(client: ClientPackage, tmp_path: Path) -> None:
    body = "[response.file.add(name=name, content=name + '1') for name in ('x', '', 'y')]"
    assert answer(client, tmp_path, body) == {"x": "x11", "y": "y1"}


def test_a_file_that_is_sent_empty_is_empty(client: ClientPackage, tmp_path: Path) -> None:
    assert answer(client, tmp_path, "response.file.add(name='x')") == {"x": ""}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("response.error = 'no such type\\nmore'", "protoc-gen-x cannot generate code: no such type"),
        ("print('protoc-gen-x: I died', file=sys.stderr); sys.exit(1)", "protoc-gen-x cannot generate code: I died"),
        ("sys.exit(3)", "protoc-gen-x cannot generate code: it ended with 3"),
        ("print('hello'); sys.exit()", "protoc-gen-x is no plugin of protoc: its answer is no CodeGeneratorResponse"),
        (
            "response.supported_features = 0",
            "protoc-gen-x does not know `optional` of proto3, which a/v1/a.proto has; install a newer protoc-gen-x",
        ),
    ],
)
def test_a_plugin_that_fails(client: ClientPackage, tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(FieldstoneError) as failed:
        answer(client, tmp_path, body)
    assert str(failed.value) == said


def test_a_plugin_that_cannot_be_started(client: ClientPackage, tmp_path: Path) -> None:
    plugin = make_program(tmp_path, "protoc-gen-x", "#!/no/such/program\n")
    with pytest.raises(FieldstoneError, match="cannot start protoc-gen-x: No such file or directory"):
        run_plugin([str(plugin)], client.image, client.files, "")


def test_an_edition_is_for_plugins_that_know_it(tmp_path: Path) -> None:
    client = made(tmp_path, {"a/v1/a.proto": EDITION})
    with pytest.raises(FieldstoneError, match=r"does not know the edition that a/v1/a\.proto is written in"):
        answer(client, tmp_path, ECHO)
    knows = "response.supported_features |= 2; response.minimum_edition = 998; response.maximum_edition = {}; "
    with pytest.raises(FieldstoneError, match="does not know the edition"):
        answer(client, tmp_path, knows.format(999) + ECHO)
    assert answer(client, tmp_path, knows.format(1000) + ECHO)
