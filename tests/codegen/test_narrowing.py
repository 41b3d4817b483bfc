"""Narrowed releases: what is left of a release that keeps one consumer's uses only."""

from __future__ import annotations

import os
import random
from collections.abc import Collection
from functools import cache
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet

from fieldstone.checking.examples import compile_example
from fieldstone.codegen.narrowing.declarations import Declarations
from fieldstone.codegen.narrowing.image import Narrowed, narrowed
from fieldstone.consumers.enforced import leaves
from tests.compatibility.batches import compile_all
from tests.compatibility.random_messages import Writer
from tests.compatibility.random_schemas.mutation import Mutator
from tests.compatibility.random_schemas.placing import placed
from tests.compatibility.soundness import Side, UnsupportedError
from tests.conftest import SEED

SCHEMAS = int(os.environ.get("FIELDSTONE_SCHEMAS", "40"))
SOURCES = {
    "acme/opt/v1/opt.proto": """\
syntax = "proto3";
package acme.opt.v1;
import "google/protobuf/descriptor.proto";
message Note { string text = 1; }
extend google.protobuf.FieldOptions { Note note = 50001; }
""",
    "acme/all/v1/all.proto": """\
syntax = "proto3";
package acme.all.v1;
import public "acme/base/v1/base.proto";
""",
    "acme/base/v1/base.proto": """\
syntax = "proto3";
package acme.base.v1;
message Money { string currency = 1; int64 units = 2; }
message Unused { int32 x = 1; }
""",
    "acme/shop/v1/shop.proto": """\
syntax = "proto3";
package acme.shop.v1;
import "acme/all/v1/all.proto";
import "acme/opt/v1/opt.proto";
import "google/protobuf/timestamp.proto";
// An order.
message Order {
  // Its id.
  string id = 1;
  // Its total.
  acme.base.v1.Money total = 2 [(acme.opt.v1.note) = { text: "n" }];
  google.protobuf.Timestamp at = 3;
  oneof choice { string card = 4; Cash cash = 5; }
  // By number.
  map<int32, Line> lines = 6;
  optional int32 discount = 7;
  // Its state.
  State state = 8;
  message Line { string text = 1; Order of = 2; }
  message Cash { int32 given = 1; }
  enum State { STATE_UNSPECIFIED = 0; STATE_PAID = 1; }
}
message List { repeated Order orders = 1; string next_page_token = 2; int32 count = 3; }
message Ask { string page_token = 1; string who = 2; }
// Orders.
service Orders {
  // Lists.
  rpc ListOrders(Ask) returns (List);
  rpc Cancel(Order) returns (Ask);
}
""",
    "acme/old/v1/old.proto": """\
syntax = "proto2";
package acme.old.v1;
message Old {
  required Part part = 1;
  optional group Grouped = 2 { optional int32 a = 1; optional int32 b = 2; }
  optional Kind kind = 3 [default = KIND_B];
  extensions 100 to 200;
}
message Part { required string must = 1; optional string may = 2; }
message Scope { extend Old { optional Part nested = 101; } optional int32 n = 1; }
enum Kind { KIND_A = 0; KIND_B = 1; }
extend Old { optional string more = 100; }
""",
    "acme/new/v1/new.proto": """\
edition = "2023";
package acme.new.v1;
option features.field_presence = IMPLICIT;
message New {
  New inner = 1 [features.message_encoding = DELIMITED];
  string must = 2 [features.field_presence = LEGACY_REQUIRED];
  int32 n = 3;
}
""",
}
ORDER = "acme.shop.v1.Order"


@cache
def image() -> bytes:
    return compile_example(SOURCES)


def narrow(*elements: str, wholes: Collection[str] = ()) -> Narrowed:
    return narrowed(FileDescriptorSet.FromString(image()), SOURCES.keys(), elements, wholes)


def fields(narrow: Narrowed, name: str) -> list[str]:
    return [field.name for field in message(narrow, name).field]


def message(narrow: Narrowed, name: str) -> DescriptorProto:
    return Declarations.of(FileDescriptorSet.FromString(narrow.image).file).messages[name]


def comments(narrow: Narrowed, file: str) -> list[str]:
    (found,) = (one for one in FileDescriptorSet.FromString(narrow.image).file if one.name == file)
    return [place.leading_comments.strip() for place in found.source_code_info.location if place.leading_comments]


def test_a_field_keeps_its_message_and_the_bare_type_of_its_value() -> None:
    found = narrow(f"{ORDER}.total")

    assert set(leaves(found.elements)) == {
        f"{ORDER}.total",
        "acme.base.v1.Money",
        "acme.opt.v1.note",
        "acme.opt.v1.Note.text",
    }
    assert found.files == (
        "acme/all/v1/all.proto", "acme/base/v1/base.proto", "acme/opt/v1/opt.proto", "acme/shop/v1/shop.proto",
    )  # fmt: skip
    assert comments(found, "acme/shop/v1/shop.proto") == ["An order.", "Its total."]
    assert message(found, ORDER).field[0].options.ByteSize()  # its custom option
    assert "timestamp" not in str([file.name for file in FileDescriptorSet.FromString(found.image).file])


def test_what_goes_is_reserved() -> None:
    order = message(narrow(f"{ORDER}.at"), ORDER)

    assert [(one.start, one.end) for one in order.reserved_range] == [(1, 3), (4, 9)]
    assert list(order.reserved_name) == ["id", "total", "card", "cash", "lines", "discount", "state"]


@pytest.mark.parametrize(
    ("declared", "name", "kept"),
    [
        (f"{ORDER}.card", ORDER, ["card", "cash"]),  # a member of a oneof: all of them, or a write leaves two set
        (f"{ORDER}.card", f"{ORDER}.Cash", []),
        (f"{ORDER}.discount", ORDER, ["discount"]),
        (f"{ORDER}.lines", f"{ORDER}.LinesEntry", ["key", "value"]),
        (f"{ORDER}.lines", f"{ORDER}.Line", []),
        (f"{ORDER}.Line.text", ORDER, []),
        (ORDER, ORDER, []),
        ("acme.old.v1.more", "acme.old.v1.Old", ["part"]),  # what is required stays
        ("acme.old.v1.more", "acme.old.v1.Part", ["must"]),
        ("acme.old.v1.Scope.nested", "acme.old.v1.Scope", []),
        ("acme.old.v1.Old.Grouped.a", "acme.old.v1.Old.Grouped", ["a"]),
        ("acme.new.v1.New.inner", "acme.new.v1.New", ["inner", "must"]),
        ("acme.shop.v1.Orders.ListOrders", "acme.shop.v1.List", ["orders", "next_page_token"]),
        ("acme.shop.v1.Orders.ListOrders", "acme.shop.v1.Ask", ["page_token"]),
        ("acme.shop.v1.Orders.Cancel", ORDER, []),
        ("acme.shop.v1.Orders", "acme.shop.v1.List", ["orders", "next_page_token"]),
    ],
)
def test_what_a_declared_element_needs(declared: str, name: str, kept: list[str]) -> None:
    assert fields(narrow(declared), name) == kept


def test_enums_are_whole_and_rpcs_alone() -> None:
    found = narrow(f"{ORDER}.State.STATE_PAID", "acme.shop.v1.Orders.Cancel", "acme.old.v1.Old.kind")

    assert found.enums == ("acme.old.v1.Kind", f"{ORDER}.State")
    assert "acme.shop.v1.Orders.ListOrders" not in found.elements
    assert comments(found, "acme/shop/v1/shop.proto") == ["An order.", "Orders."]


def test_a_message_as_a_whole_has_everything_below_it() -> None:
    order, old = narrow(wholes=[ORDER]), narrow(wholes=["acme.old.v1.Old"])

    assert fields(order, ORDER) == ["id", "total", "at", "card", "cash", "lines", "discount", "state"]
    assert (order.partial, old.partial) == ((), ("acme.old.v1.Scope",))
    assert fields(order, "acme.base.v1.Money") == ["currency", "units"]
    assert fields(order, f"{ORDER}.Line") == ["text", "of"]
    assert {"acme.old.v1.more", "acme.old.v1.Scope.nested", "acme.old.v1.Part.may"} <= {*old.elements}
    assert "acme.old.v1.Scope.n" not in old.elements


def test_an_unknown_value_of_a_closed_enum_passes_through() -> None:
    """It is no value of the field, in a narrowed message as in the full one, and no byte of it is lost."""
    full, part = Side(image()), Side(narrow("acme.old.v1.Old.kind").image)
    written = b"\x0a\x03\x0a\x01m\x18\x07\x20\x01"  # part.must = "m", kind = 7, 4 = 1
    for side in (full, part):
        old: Any = side.make(side.message("acme.old.v1.Old")).FromString(written)
        assert (old.HasField("kind"), old.kind) == (False, 1)
        assert old.SerializeToString() == written


@pytest.mark.timeout(3600)
def test_random_parts_of_random_schemas() -> None:
    """Each loads, has what is declared, narrows to itself, and keeps every byte of messages that pass through it."""
    print(f"FIELDSTONE_SEED={SEED}: {SCHEMAS} schemas")
    sources = {}
    for index in range(SCHEMAS):
        mutator = Mutator(f"{SEED}:narrow:{index}")
        sources[f"p{index}"] = placed(mutator.tree(), f"p{index}", index)
    whole, _ = compile_all(sources.values())
    compiled = FileDescriptorSet.FromString(whole)
    names = {file.name.partition("/")[0] for file in compiled.file} & sources.keys()
    tried = sum(_try(_of(compiled, name, names), name) for name in sorted(names))
    assert tried >= SCHEMAS // 3


def _of(compiled: FileDescriptorSet, name: str, names: Collection[str]) -> FileDescriptorSet:
    """The image of one schema: its files, and those that are of none."""
    others = {*names} - {name}
    return FileDescriptorSet(file=[file for file in compiled.file if file.name.partition("/")[0] not in others])


def _try(compiled: FileDescriptorSet, name: str) -> bool:
    rng = random.Random(f"{SEED}:uses:{name}")
    own = [file.name for file in compiled.file if file.name.startswith(f"{name}/")]
    everything = Declarations.of(file for file in compiled.file if file.name in own)
    members = sorted({*everything.fields, *everything.methods} & {*everything.names})
    declared = rng.sample(members, min(len(members), rng.randrange(1, 6)))
    wholes = rng.sample(sorted({*everything.messages} & {*everything.names}), 1) if rng.random() < 0.3 else []
    found = narrowed(compiled, own, declared, wholes)
    assert {*declared, *wholes} <= {*found.elements}, name
    parts = {*leaves({*found.elements, *found.enums})}
    assert narrowed(compiled, own, parts - {*found.enums}, found.enums) == found, name
    try:
        full, narrow = Side(compiled.SerializeToString()), Side(found.image)
    except UnsupportedError:
        return False
    for message in sorted(
        {*Declarations.of(FileDescriptorSet.FromString(found.image).file).messages} & {*everything.names}
    ):
        _passes_through(full, narrow, message, rng)
    return True


def _passes_through(full: Side, narrow: Side, message: str, rng: random.Random) -> None:
    written: Any = full.make(full.message(message))
    filling = Writer(full, full, rng, as_json=False, is_old_data=True)
    filling.fill(written, written.DESCRIPTOR)
    if filling.is_endless or not written.IsInitialized():
        return
    through = narrow.make(narrow.message(message)).FromString(written.SerializeToString())
    again = type(written).FromString(through.SerializeToString())
    assert again.SerializeToString(deterministic=True) == written.SerializeToString(deterministic=True), message
