"""Images at the limits of what there can be: an answer or a clear refusal, never a traceback and never a hang."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from fieldstone.compatibility.changes import describe
from fieldstone.compatibility.engine import judge
from fieldstone.compatibility.finding import Finding
from fieldstone.compatibility.ledger import Ledger
from fieldstone.compatibility.rules import Context, all_rules
from fieldstone.compatibility.witness import Version, prove
from fieldstone.errors import FieldstoneError
from fieldstone.schema.descriptors import load_schema
from tests.compatibility.examples import TODAY

RULES = list(all_rules().values())
LARGEST_NUMBER = 536_870_911
NEWER_EDITION = 1005
WITNESSED = 5
UNKNOWN = b"\xba\xbb\x3b\x03new"  # field 121271, length-delimited: of no descriptor that there is

INT32, INT64, MESSAGE = (
    FieldDescriptorProto.TYPE_INT32,
    FieldDescriptorProto.TYPE_INT64,
    FieldDescriptorProto.TYPE_MESSAGE,
)


def image(*files: FileDescriptorProto) -> bytes:
    return FileDescriptorSet(file=files).SerializeToString()


def file(*messages: DescriptorProto, name: str = "a.proto", imports: str = "") -> FileDescriptorProto:
    made = FileDescriptorProto(name=name, package="acme.v1", syntax="proto3", message_type=messages)
    if imports:
        made.dependency.append(imports)
        made.public_dependency.append(0)
    return made


def add_field(
    message: DescriptorProto,
    name: str,
    number: int,
    type_: FieldDescriptorProto.Type.ValueType = INT32,
    holds: str = "",
) -> FieldDescriptorProto:
    return message.field.add(
        name=name, json_name=name, number=number, type=type_, type_name=holds, label=FieldDescriptorProto.LABEL_OPTIONAL
    )


def judged(old: bytes, new: bytes) -> list[Finding]:
    """What the rules find; the search for witnesses sees the images too, and must end."""
    found = by_rules(old, new)
    versions = [Version(label, data, load_schema(data, where=label)) for label, data in (("1.0.0", old), ("new", new))]
    for finding in found[:WITNESSED]:
        with suppress(TypeError):  # what protobuf's runtime does not load cannot be proven
            prove(finding, *versions)
    return found


def by_rules(old: bytes, new: bytes) -> list[Finding]:
    before, after = load_schema(old, where="old"), load_schema(new, where="new")
    describe(before, after)
    ledger = Ledger().advance(before, "1.0.0")
    return judge(Context(before, after, ledger, TODAY), RULES)


def rules_of(found: list[Finding]) -> set[str]:
    return {finding.rule for finding in found}


def with_message(change: Callable[[DescriptorProto], object]) -> bytes:
    message = DescriptorProto(name="Step")
    change(message)
    return image(file(message))


def test_a_cycle_of_imports() -> None:
    def cycle(number: int) -> bytes:
        one = file(DescriptorProto(name="A"), imports="b.proto")
        two = file(DescriptorProto(name="B"), name="b.proto", imports="a.proto")
        add_field(one.message_type[0], "b", number, MESSAGE, ".acme.v1.B")
        add_field(two.message_type[0], "a", 1, MESSAGE, ".acme.v1.A")
        return image(one, two)

    with pytest.raises(FieldstoneError, match="its imports form a circle"):
        judged(cycle(1), cycle(2))


def nested(depth: int, type_: FieldDescriptorProto.Type.ValueType) -> bytes:
    """The image of a message inside as many others, put together by hand as none can be built."""
    innermost = DescriptorProto(name="M")
    add_field(innermost, "x", 1, type_)
    data = innermost.SerializeToString()
    for _ in range(depth):
        data = b"\x0a\x01M\x1a" + _varint(len(data)) + data
    whole = FileDescriptorProto(name="a.proto", package="acme.v1", syntax="proto3").SerializeToString()
    whole += b"\x22" + _varint(len(data)) + data
    return b"\x0a" + _varint(len(whole)) + whole


def test_messages_in_messages() -> None:
    assert rules_of(judged(nested(90, INT32), nested(90, INT64))) == {"field-type-changed"}


@pytest.mark.parametrize("depth", [100, 5000])
def test_messages_deeper_than_can_be_read(depth: int) -> None:
    with pytest.raises(FieldstoneError, match="old nests messages deeper than protobuf reads them"):
        judged(nested(depth, INT32), nested(depth, INT64))


def test_ten_thousand_fields() -> None:
    def many(message: DescriptorProto) -> None:
        for number in range(1, 10_001):
            add_field(message, f"f{number}", number)

    found = judged(with_message(many), with_message(lambda message: add_field(message, "f1", 1)))
    assert len(found) == 9_999
    assert rules_of(found) == {"field-removed-without-reserve"}


def test_all_of_ten_thousand_fields_swap_their_numbers() -> None:
    def many(message: DescriptorProto, last: int) -> None:
        for number in range(1, 10_001):
            add_field(message, f"f{abs(last - number)}", number)

    found = judged(with_message(lambda m: many(m, 0)), with_message(lambda m: many(m, 10_001)))
    assert rules_of(found) == {"field-numbers-swapped"}


def test_the_largest_field_number() -> None:
    old = with_message(lambda message: add_field(message, "x", LARGEST_NUMBER))
    new = with_message(lambda message: add_field(message, "x", LARGEST_NUMBER, INT64))
    assert rules_of(judged(old, new)) == {"field-type-changed"}


def test_identifiers_of_a_thousand_characters() -> None:
    name = "x" * 1000
    old = with_message(lambda message: add_field(message, name, 1))
    new = with_message(lambda message: add_field(message, name + "y", 1))
    found = judged(old, new)
    assert rules_of(found) == {"field-renamed"}
    assert name in found[0].message


def test_options_of_unknown_extensions() -> None:
    def with_options(data: bytes) -> bytes:
        def add(message: DescriptorProto) -> None:
            message.options.MergeFromString(data)
            add_field(message, "x", 1).options.MergeFromString(data)

        return with_message(add)

    assert judged(with_options(UNKNOWN), with_options(UNKNOWN)) == []
    assert judged(with_options(UNKNOWN), with_options(UNKNOWN * 2)) == []


def test_an_image_made_by_a_newer_buf() -> None:
    def newer(type_: FieldDescriptorProto.Type.ValueType) -> bytes:
        made = FileDescriptorProto(
            name="a.proto", package="acme.v1", syntax="editions", message_type=[DescriptorProto(name="A")]
        )
        add_field(made.message_type[0], "x", 1, type_).MergeFromString(UNKNOWN)
        made.message_type[0].MergeFromString(UNKNOWN)
        data = made.SerializeToString() + bytes([14 << 3]) + _varint(NEWER_EDITION) + UNKNOWN
        return b"\x0a" + _varint(len(data)) + data

    assert judged(newer(INT32), newer(INT32)) == []
    assert rules_of(judged(newer(INT32), newer(INT64))) == {"field-type-changed"}


def test_a_type_of_field_that_nobody_knows_yet() -> None:
    def add(message: DescriptorProto) -> None:
        add_field(message, "x", 1).ClearField("type")
        message.field[0].MergeFromString(b"\x28\x13")  # type 19

    unknown = with_message(add)
    assert judged(unknown, unknown) == []
    judged(unknown, with_message(lambda message: add_field(message, "x", 1)))


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def chain(length: int, prefix: str, *, cyclic: bool) -> bytes:
    """Messages of which each holds the next, and with `cyclic` the last the first."""
    messages = [DescriptorProto(name=f"{prefix}{i}") for i in range(length)]
    for i, (one, two) in enumerate(pairwise([*messages, messages[0]])):
        if cyclic or two is not messages[0]:
            add_field(one, "next", 1, MESSAGE, f".acme.v1.{two.name}")
        add_field(one, f"f{i}", 2)
    return image(file(*messages))


@pytest.mark.parametrize("cyclic", [False, True])
def test_a_chain_is_judged_in_time_linear_in_its_size(*, cyclic: bool) -> None:
    """Counted in calls of functions, which no other load on the machine changes."""
    calls = {n: _calls(n, cyclic=cyclic) for n in (250, 500, 1000)}
    assert calls[500] < 2.3 * calls[250]
    assert calls[1000] < 2.3 * calls[500]


def _calls(length: int, *, cyclic: bool) -> int:
    """How many functions are called to judge a chain whose head and types all have other names."""
    old = load_schema(chain(length, "Old", cyclic=cyclic), where="old")
    new = load_schema(chain(length, "New", cyclic=cyclic), where="new")
    context = Context(old, new, Ledger(), TODAY)
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        found = judge(context, RULES)
        context.structure.message("acme.v1.Old0", "acme.v1.New0")
    finally:
        sys.setprofile(None)
    assert rules_of(found) - {"message-name-without-version"} == {"type-renamed"}
    return count
