"""Every kind of field with a converter, which boxes its value: the same records in memory, SQLite and PostgreSQL."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fieldstone_runtime.errors import ValueRefusedError

from fieldstone.project.project import Project
from tests.codegen.cases import ROOT
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer
from tests.schema.files import write_files

pytestmark = pytest.mark.slow

BOX = """\
from __future__ import annotations
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Box:
    value: Any


class Boxes:
    @staticmethod
    def to_dto(value: Box) -> Any:
        return value.value

    @staticmethod
    def from_dto(value: Any) -> Box:
        return Box(value)
"""
SCALARS = "double float int32 int64 uint32 uint64 sint32 fixed64 bool string bytes".split()
WELL_KNOWN = "Timestamp Duration Struct Value ListValue Int64Value BoolValue DoubleValue StringValue BytesValue".split()
FIELDS = [
    *((scalar, "") for scalar in SCALARS),
    *((f"optional {scalar}", "") for scalar in SCALARS),
    *((f"repeated {scalar}", "") for scalar in SCALARS),
    *((f"google.protobuf.{name}", "") for name in WELL_KNOWN),
    *((f"google.protobuf.{name}", "required: true") for name in WELL_KNOWN),
    *((f"repeated google.protobuf.{name}", "") for name in WELL_KNOWN),
    ("Kind", ""),
    ("optional Kind", "codec: CODEC_ENUM_NAME"),
    ("Kind", "codec: CODEC_ENUM_NAME"),
    ("repeated Kind", ""),
    ("Part", ""),
    ("Part", "required: true"),
    ("Part", "codec: CODEC_PROTO"),
    ("Part", "codec: CODEC_PROTO required: true"),
    ("repeated Part", ""),
    ("repeated Part", "codec: CODEC_CHILD_TABLE"),
    ("repeated double", "codec: CODEC_CHILD_TABLE"),
    ("map<string, Part>", "codec: CODEC_CHILD_TABLE"),
    ("map<int64, string>", "codec: CODEC_CHILD_TABLE"),
    ("map<bool, double>", ""),
    ("map<string, Part>", ""),
    ("optional bytes", "codec: CODEC_JSON"),
    ("string", "codec: CODEC_JSON required: true"),
]
KEYS = "int64 string bytes Kind fixed64".split()


HEAD = """\
syntax = "proto3";
package boxes.v1;
import "fieldstone/v1/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }
message Part {
  string a = 1 [(fieldstone.v1.column).converter = "app.boxes:Boxes"];
  optional int32 b = 2;
}
message Holder {
  option (fieldstone.v1.entity) = {primary_key: "id"};
  int64 id = 1;
  repeated Nested whole = 2;
}
"""
KEY = """\
message Key{} {{
  option (fieldstone.v1.entity) = {{primary_key: "id" queries: {{name: "keys_{}"}} outbox: {{}}}};
  {} id = 1 [(fieldstone.v1.column).converter = "app.boxes:Boxes"];
}}
"""


def schema() -> str:
    """An entity and a message kept as JSON, with every field, and an entity for each type of key."""
    fields = [
        f'  {kind} field_{n} = {n} [(fieldstone.v1.column) = {{converter: "app.boxes:Boxes" {more}}}];\n'
        for n, (kind, more) in enumerate(FIELDS, 2)
    ]
    json = [field for field in fields if "CHILD_TABLE" not in field]
    entity = 'option (fieldstone.v1.entity) = {primary_key: "id"};'
    keys = [KEY.format(n, n, kind) for n, kind in enumerate(KEYS)]
    whole = f"message Whole {{ {entity}\n  int64 id = 1;\n{''.join(fields)}}}\n"
    return f"{HEAD}{whole}message Nested {{ int64 id = 1;\n{''.join(json)}}}\n{''.join(keys)}"


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("boxes")
    annotations = "fieldstone/v1/annotations.proto"
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: annotations\n  - path: boxes\n",
        "fieldstone.toml": '[generate]\nrecord-paths = ["records"]\n',
        "records/app/boxes.py": BOX,
        "boxes/boxes/v1/boxes_v1.proto": schema(),
        f"annotations/{annotations}": (ROOT / "schemas/fieldstone" / annotations).read_text("utf-8"),
    }
    write_files(folder, files)
    return generated(Project.at(folder), "boxes", tmp_path_factory.mktemp("out"))


def roots(boxes: Generated) -> list[Path]:
    """The folders that imports start from."""
    sources = [ROOT / "packages/fieldstone-runtime/src", *boxes.project.settings.record_paths]
    return [*sources, *boxes.out.glob("python/*")]


def test_the_types(boxes: Generated, tmp_path: Path) -> None:
    settings = f"[mypy]\nstrict = true\nmypy_path = {':'.join(map(str, roots(boxes)))}\ncache_dir = {tmp_path}\n"
    write_files(tmp_path, {"mypy.ini": settings})
    package = boxes.out / "python/boxes-storage/boxes_storage"
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", str(package)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def repository(request: pytest.FixtureRequest, boxes: Generated) -> Iterator[Any]:
    module = boxes.storage(request.param)
    if request.param == "memory":
        made = module.InMemoryBoxesRepository()
    elif request.param == "sqlite":
        made = module.SQLiteBoxesRepository(":memory:")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made = module.PostgresBoxesRepository(server.new_database())
    with closing(made):
        made.migrate()
        yield made


def test_every_example_comes_back(boxes: Generated, repository: Any) -> None:
    contract = boxes.storage("contract")
    for entity in boxes.view.entities:
        records = [getattr(contract, f"example_{entity.name}")(n) for n in range(contract.EXAMPLES)]
        add = getattr(repository, f"add_{entity.plural}")
        assert (add(records), add(records)) == (len(records), 0)
        for record in records:
            key = [getattr(record, column.attribute) for column in entity.key]
            found = getattr(repository, f"get_{entity.name}")(*key)
            assert contract.plain(found) == contract.plain(record)
            assert all(type(part).__name__ == "Box" for part in key) or entity.name in {"whole", "holder"}


def test_keys_are_asked_for_and_paged(boxes: Generated, repository: Any) -> None:
    contract = boxes.storage("contract")
    for n in range(len(KEYS)):
        records = {record.id.value: record for record in (getattr(contract, f"example_key{n}")(i) for i in range(9))}
        getattr(repository, f"add_key{n}s")(records.values())
        ask = getattr(repository, f"keys_{n}")
        found: list[Any] = []
        while page := list(ask(after=(found[-1].id,) if found else None, limit=4)):
            found += page
        assert [one.id.value for one in found] == sorted(records)
        assert getattr(repository, f"delete_key{n}")(found[0].id) is True


def test_every_field_refuses_alike(boxes: Generated, repository: Any) -> None:
    contract = boxes.storage("contract")
    boxed, box = contract.example_whole(1), importlib.import_module("app.boxes").Box
    for name in (f"field_{n}" for n in range(2, len(FIELDS) + 2)):
        bad = contract.changed(boxed, **{name: box(object())})
        for write in (repository.add_whole, repository.save_whole, lambda record: repository.add_wholes([record])):
            with pytest.raises(ValueRefusedError) as refused:
                write(bad)
            assert (refused.value.record, refused.value.attribute) == ("WholeRecord", name)
    assert repository.get_whole(boxed.id) is None
