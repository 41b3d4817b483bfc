"""Promises of a schema about runtimes that cannot be run here, as their documentation states them.

`features.json_format`: https://protobuf.dev/editions/features/#json_format. Java checks text when
`java_string_check_utf8` or `features.(pb.java).utf8_validation` says so:
https://protobuf.dev/editions/features/#java-utf8_validation. `legacy_closed_enum` of C++ and Java closes an open enum:
https://protobuf.dev/editions/features/#legacy_closed_enum. Custom options mean what their readers agreed on
(`google.api.field_behavior`: https://google.aip.dev/203).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToJson

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.language_features import of_fields
from fieldstone.compatibility.witness.definitions import sample
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.values import NOT_UTF8
from fieldstone.compatibility.witness.words import in_hex
from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, Field, Message, Rpc, Schema

_REQUIRED = "REQUIRED"
_JAVA = "Java utf8_validation"


def json_format(pair: Pair, name: str) -> Iterator[Witness]:
    """JSON of a message or an enum that the newer version no longer supports."""
    before, after = (_type(v.schema, n) for v, n in zip((pair.old, pair.new), pair.names(name), strict=True))
    formats = [side.json_format for side in (before, after) if side is not None]
    if pair.surface is Surface.JSON and formats == ["ALLOW", "LEGACY_BEST_EFFORT"]:
        what = name.rpartition(".")[2]
        reads = f"promises no JSON of {what} (json_format is LEGACY_BEST_EFFORT)"
        yield _promised(pair, name, f"writes {what} as JSON", reads)


def _type(schema: Schema, name: str) -> Message | Enum | None:
    return schema.messages.get(name) or schema.enums.get(name)


def _promised(pair: Pair, message: str, value: str, reads: str, *, old: bool = True, encoded: str = "") -> Witness:
    writer, reader, direction = pair.writing(old=old)
    return Witness(
        surface=pair.surface,
        direction=direction,
        writer=writer.label,
        reader=reader.label,
        message=message,
        value=value,
        encoded=encoded,
        reads=reads,
        proven_by="specification",
    )


def of_languages(pair: Pair, before: Field, after: Field) -> Iterator[Witness]:
    """Witnesses that code of one language reads differently because one of its features changed."""
    yield from _java_text(pair, before, after)
    yield from _closed_enum(pair, before, after)


def _java_text(pair: Pair, before: Field, after: Field) -> Iterator[Witness]:
    """Text that is not UTF-8, which one version writes and the other's Java code refuses."""
    for option, mine in before.options.items():
        theirs = after.options.get(option, mine)
        if pair.surface is Surface.WIRE and option.startswith(_JAVA) and mine != theirs:
            value = f"writes {before.name} with the bytes {NOT_UTF8.hex()}, which are not UTF-8"
            reads = "refuses them in Java, which is told to verify text"
            yield _promised(pair, before.extendee or before.parent, value, reads, old=theirs == "VERIFY")


def _closed_enum(pair: Pair, before: Field, after: Field) -> Iterator[Witness]:
    """A number without a name, which the code of one language accepted as a value and now treats as unknown."""
    enums = pair.old.schema.enums.get(pair.names(before.holds)[0]), pair.new.schema.enums.get(after.holds)
    for switched in of_fields(before, after, enums):
        if pair.surface is Surface.WIRE and switched.to_closed is not None:
            value = f"writes {before.name} with a number of {before.holds} that has no name"
            reads = f"leaves it unset in {switched.feature.partition(' ')[0]}, which takes the enum for closed"
            yield _promised(pair, before.extendee or before.parent, value, reads, old=switched.to_closed)


def options(pair: Pair, message: str, before: Element | None, after: Element, said: str) -> Iterator[Witness]:
    """Data with identical bytes, under an option with another value.

    Args:
        pair: both versions.
        message: the full name of the element's message, or the path of the call.
        before: the element in the older version; None if it was added.
        after: the element in the newer version.
        said: the text of a finding: only options that it names count.
    """
    mine = before.custom if before is not None else {}
    for option in sorted(mine.keys() | after.custom.keys()):
        was, now = (found.text if found else "nothing" for found in (mine.get(option), after.custom.get(option)))
        if was != now and f"`{option}`" in said:
            yield _under_option(pair, message, after, (option, was, now))
            yield _under_option(pair, message, after, (option, now, was), old=False)


def _under_option(
    pair: Pair, message: str, element: Element, values: tuple[str, str, str], *, old: bool = True
) -> Witness:
    """The proof that one version writes data and the other interprets it differently.

    Args:
        pair: both versions.
        message: the full name of the element's message, or the path of the call.
        element: the element with the option.
        values: the option, its value for the writer and for the reader.
        old: whether the older version writes.
    """
    option, mine, theirs = values
    writer, _, _ = pair.writing(old=old)
    reads = f"takes it under {option} = {theirs}, where {writer.label} has {mine}"
    written = writer.types.message(message)
    if written is None or isinstance(element, Rpc):
        calls = f"calls {message}" if isinstance(element, Rpc) else "writes it"
        return _promised(pair, message, calls, reads, old=old)
    field = element.name if isinstance(element, Field) and _REQUIRED not in theirs.upper() else ""
    content, what = sample(writer, written, field)
    return _promised(pair, message, what, reads, old=old, encoded=_encoded(pair.surface, writer, content))


def _encoded(surface: Surface, writer: Version, message: Any) -> str:
    if surface is Surface.WIRE:
        return in_hex(message.SerializePartialToString(deterministic=True))
    return MessageToJson(message, indent=None, descriptor_pool=writer.types.pool)
