"""Searches for witnesses: writes messages of one version, reads them with the other and compares."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.finding import Direction, Surface, Witness
from fieldstone.compatibility.witness import words
from fieldstone.compatibility.witness.exchange import Difference, Exchange, Kind
from fieldstone.compatibility.witness.pair import Pair
from fieldstone.compatibility.witness.probes import Probe, empty, probes

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message


class Route(Struct, frozen=True, dict=True):
    """One message type from a writer to a reader, on one surface."""

    exchange: Exchange
    writer_label: str
    reader_label: str
    writer: Descriptor
    reader: Descriptor
    called: str

    def search(
        self,
        fields: Iterable[FieldDescriptor],
        *,
        numbers: Collection[int] | None = None,
        pairs_only: bool = False,
        set_only: bool = False,
    ) -> Iterator[Witness]:
        """Messages that set one of the writer's fields and are read differently.

        If the reader refuses even a message with nothing but required fields, a refusal may have another cause, and
        comes last.

        Args:
            fields: fields of the writer's message.
            numbers: if given, only enum values with these numbers are tried, and leaving fields unset.
            pairs_only: only two fields at once are tried.
            set_only: no field is left unset.
        """
        doubtful: list[Witness] = []
        for probe in probes(self.exchange, self.writer, self.reader, fields, numbers):
            if (probe.beside is not None or not pairs_only) and (probe.values or not set_only):
                found = self.run(probe)
                if found is not None and not self._is_accepted_by_writer(probe):
                    continue
                if found is not None and found.reads.startswith(words.REFUSES) and not self._accepts_empty:
                    doubtful.append(found)
                elif found is not None:
                    yield found
        yield from doubtful[:1]

    def missing(self, field: FieldDescriptor) -> Iterator[Witness]:
        """The proof that the reader requires a field that the writer lacks, or may omit."""
        mine = self.exchange.written_as(self.writer, field)
        if field.is_required and not (mine is not None and mine.is_required):
            received, _ = self._decode(self._empty)
            if received is not None and not received.HasField(field.name):
                yield self._witness(self._empty, Difference(Kind.MISSING, None, field), received)

    def run(self, probe: Probe) -> Witness | None:
        """Write one message and read it; None if it arrives unchanged, or cannot be written."""
        if self.exchange.surface is Surface.JSON and self.json_of(probe.message) is None:
            return None
        received, problem = self._decode(probe)
        if received is None:
            return self._witness(probe, Difference(Kind.REFUSED, reason=problem), None)
        if probe.beside is not None and len(probe.path) == 1:
            found = self.exchange.compare_all(probe.message, received, (*probe.path, probe.beside))
        else:
            found = self._compared(probe, received)
        if found is None:
            refused = problem and probe.alias is not None and not self._decode(replace(probe, alias=None))[1]
            return self._witness(probe, Difference(Kind.REFUSED, reason=problem), None) if refused else None
        return self._witness(probe, Difference(found.kind, found.writer, found.reader, problem), received)

    def _is_accepted_by_writer(self, probe: Probe) -> bool:
        """Whether the writer reads its own JSON: not so for a list of nulls, or an unnamed `NullValue`."""
        if self.exchange.surface is not Surface.JSON:
            return True
        own = replace(self.exchange, reader=self.exchange.writer)
        return replace(self, exchange=own, reader=self.writer).run(probe) is None

    def _compared(self, probe: Probe, received: Message) -> Difference | None:
        """The difference; none in a map whose keys or values are not UTF-8, because Python cannot read those."""
        with suppress(UnicodeDecodeError):
            return self.exchange.compare(probe.message, received, probe.path)
        return None

    def _decode(self, probe: Probe) -> tuple[Message | None, str]:
        """The reader's message, and its reason to refuse; both if it is lenient."""
        if self.exchange.surface is Surface.WIRE:
            return self._decode_bytes(probe)
        return self._decode_text(probe)

    def _decode_bytes(self, probe: Probe) -> tuple[Message | None, str]:
        try:
            return self.exchange.reader.decode(self.reader, probe.data), ""
        except DecodeError as error:
            return None, "not UTF-8" if "UTF-8" in str(error) else "these bytes are no such message"

    def _decode_text(self, probe: Probe) -> tuple[Message | None, str]:
        text = self._text(probe)
        try:
            return self._parsed(text), ""
        except json_format.ParseError as error:
            problem = _first_line(error)
        try:
            return self._parsed(text, lenient=True), problem
        except json_format.ParseError:
            return None, problem

    def _parsed(self, text: str, *, lenient: bool = False) -> Message:
        message = self.exchange.reader.new(self.reader)
        pool = self.exchange.reader.pool
        json_format.Parse(text, message, ignore_unknown_fields=lenient, descriptor_pool=pool)
        return message

    def _text(self, probe: Probe) -> str:
        text = self.json_of(probe.message) or "{}"
        if probe.alias is None:
            return text
        first, alias = probe.alias
        if text == "{}" and len(probe.path) == 1:  # an omitted zero may still be written
            return json.dumps({probe.path[0].json_name: alias})
        return text.replace(f'"{first}"', f'"{alias}"')

    def json_of(self, message: Message) -> str | None:
        """The ProtoJSON of a message of the writer; None if it has none."""
        try:
            text: str = json_format.MessageToJson(message, indent=None, descriptor_pool=self.exchange.writer.pool)
        except (json_format.Error, ValueError, TypeError):
            return None
        return text

    @cached_property
    def _empty(self) -> Probe:
        return empty(self.exchange, self.writer)

    @cached_property
    def _accepts_empty(self) -> bool:
        """Whether the reader accepts a message with nothing but required fields."""
        return self._decode(self._empty)[0] is not None

    def _witness(self, probe: Probe, difference: Difference, received: Message | None) -> Witness:
        is_wire = self.exchange.surface is Surface.WIRE
        paths = [probe.path, *([(*probe.path[:-1], probe.beside)] if probe.beside is not None else [])]
        told = " and ".join(words.shown(probe.message, path) for path in paths if path)
        value = told or f"an empty {self.writer.name}"
        if probe.alias:
            value = value.replace(*probe.alias)
        return Witness(
            surface=self.exchange.surface,
            direction=Direction.READING_OLD if self.exchange.is_old_data else Direction.READ_BY_OLD,
            writer=self.writer_label,
            reader=self.reader_label,
            message=self.called,
            value=value,
            encoded=words.in_hex(probe.data) if is_wire else self._text(probe),
            reads=words.outcome(self.exchange, difference, received, [path for path in paths if path]),
        )


def exchange_of(pair: Pair, *, old: bool) -> Exchange:
    """The exchange in which the newer version reads the older one's data, or the reverse."""
    writer, reader, _ = pair.writing(old=old)
    renamed = pair.renames.types if old else pair.renames.came
    return Exchange(writer.types, reader.types, pair.surface, old, pair.mode, renamed, pair.is_deep)


def routes(pair: Pair, names: tuple[str, str], *, called: str = "") -> Iterator[Route]:
    """Both directions of one message type: the newer version reads, then the older one, except for history.

    Args:
        pair: both versions.
        names: the full name of the message in each.
        called: its name in the witness, if not its full name.
    """
    mine, theirs = pair.old.types.message(names[0]), pair.new.types.message(names[1])
    if names[0] == names[1] and names[0] not in {*pair.old.schema.messages, *pair.new.schema.messages}:
        mine = mine or pair.old.types.borrow(pair.new.types, names[0])
        theirs = theirs or pair.new.types.borrow(pair.old.types, names[0])
    if mine is not None and theirs is not None:
        yield from pair_routes(pair, (mine, theirs), called=called)


def pair_routes(pair: Pair, messages: tuple[Any, Any], *, called: str = "") -> Iterator[Route]:
    """The same as `routes`, for two descriptors."""
    mine, theirs = messages
    old, new = pair.old.label, pair.new.label
    yield Route(exchange_of(pair, old=True), old, new, mine, theirs, called or mine.full_name)
    if not pair.is_history:
        yield Route(exchange_of(pair, old=False), new, old, theirs, mine, called or theirs.full_name)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".")
