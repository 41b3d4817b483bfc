"""The views that the template of a servicer is given."""

from __future__ import annotations

import keyword
from collections.abc import Sequence

from msgspec import Struct

from fieldstone.codegen.contracts.views import ImportView, UpcastView
from fieldstone.codegen.scopes import marked


class AskedView(Struct, frozen=True, kw_only=True):
    """An argument of a query, or a part of a position in its answer.

    `value` is an expression over `request`, or over `record`; `type` its annotation. `converter` is the constant that
    makes the attribute of it; empty where the two are the same.
    """

    name: str
    value: str
    type: str
    converter: str = ""

    @property
    def local(self) -> str:
        """The variable that holds it."""
        return f"{marked(self.name)}_" if keyword.iskeyword(self.name) else marked(self.name)

    def given(self, variable: str, field: str) -> str:
        """A variable of that type, as a method of the repository takes it; `field` is that of the request."""
        if not self.converter:
            return variable
        if self.type.startswith("list["):
            return f'[argument("{field}", {self.converter}.from_dto, item) for item in {variable}]'
        made = f'argument("{field}", {self.converter}.from_dto, {variable})'
        return f"None if {variable} is None else {made}" if self.type.endswith("| None") else made

    @property
    def kind(self) -> str:
        """The class of a part of a position, perhaps with `| None`; an enum is kept as its number."""
        plain = self.type.removesuffix(" | None")
        return f"{plain if plain in _CLASSES else 'int'}{self.type[len(plain) :]}"


_CLASSES = frozenset({"int", "str", "bool", "float", "bytes", "datetime", "timedelta"})


class ConverterView(Struct, frozen=True, kw_only=True):
    """From a record to the DTO that a service answers with.

    Attributes:
        name: the function: "to_dto_step", or one of the servicer's own, "to_dto_step_v2".
        first: the mapper's function for the stored message.
        record: the record's class.
        dto: the class of the DTO.
        upcasts: those that come after the mapper, in their order; none where its DTO is the answer.
    """

    name: str
    first: str
    record: str
    dto: str
    upcasts: Sequence[UpcastView]

    @property
    def whole(self) -> str:
        """The function as the servicer's methods name it."""
        return f"self._{self.name}" if self.upcasts else self.name


class ServedRpcView(Struct, frozen=True, kw_only=True):
    """An rpc that a query answers.

    Attributes:
        name: the rpc; `function`: in snake case.
        comment: the rpc's.
        kind: record, records, count or stream.
        query: the repository's method; full_name: with its message.
        what: what a record is called: "step".
        request, response: the classes of the messages.
        equal, range: the arguments of the query that the request has: those by position, those by name.
        sized: whether the request has a page_size.
        paged: whether the answer is read page by page.
        resumable: whether the request has a page_token.
        tokens: whether the response has a next_page_token.
        holder: the response's field for the answer; empty where the response is the DTO.
        dto: the class of the DTO.
        record: the class of the record.
        order: the parts of a position in the answer.
        converter: from a record to the DTO; None for a count.
    """

    name: str
    function: str
    comment: str
    kind: str
    query: str
    full_name: str
    what: str
    request: str
    response: str
    equal: Sequence[AskedView]
    range: Sequence[AskedView]
    sized: bool
    paged: bool
    resumable: bool
    tokens: bool
    holder: str
    dto: str
    record: str
    order: Sequence[AskedView]
    converter: ConverterView | None

    @property
    def asked(self) -> Sequence[AskedView]:
        """All arguments of the query that the request has."""
        return [*self.equal, *self.range]

    @property
    def passed(self) -> Sequence[str]:
        """The arguments as a method of the servicer is called with them."""
        return [*(asked.local for asked in self.equal), *(f"{asked.name}={asked.local}" for asked in self.range)]

    @property
    def given(self) -> Sequence[str]:
        """The arguments as the query is called with them."""
        named = (f"{asked.name}={asked.given(asked.local, asked.name)}" for asked in self.range)
        return [*(asked.given(asked.local, asked.name) for asked in self.equal), *named]

    @property
    def resumed(self) -> str:
        """The position `after` as the query takes it."""
        if not any(part.converter for part in self.order):
            return "after"
        parts = (part.given(f"after[{position}]", "page_token") for position, part in enumerate(self.order))
        return f"None if after is None else ({', '.join(parts)},)"

    @property
    def parameters(self) -> str:
        """The parameters of a method that passes the arguments on, each after a comma."""
        positional = [f"{asked.local}: {asked.type.removesuffix(' | None')}" for asked in self.equal]
        named = [f"{asked.local}: {asked.type}" for asked in self.range]
        return "".join(f", {part}" for part in [*positional, *(["*"] if named else []), *named])

    @property
    def position(self) -> str:
        """The type of a position in the answer."""
        return f"tuple[{', '.join(part.type for part in self.order)}]"


class ServicerView(Struct, frozen=True, kw_only=True):
    """A servicer.

    Attributes:
        module: the module: "telemetry_query_service_v1"; `name`: the class.
        service: the service's full name; `comment`: its comment.
        base: the class of the generated stub.
        imports: the modules of DTOs and stubs.
        rpcs: those that queries answer.
        converters: each once.
    """

    module: str
    name: str
    service: str
    comment: str
    base: str
    imports: Sequence[ImportView]
    rpcs: Sequence[ServedRpcView]
    converters: Sequence[ConverterView]
