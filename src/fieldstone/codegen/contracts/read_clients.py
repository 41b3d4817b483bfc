"""Services -> typed clients that read: one method an rpc, its request's fields as keywords, pages followed.

Their signatures stay as they are while the contract only grows: every argument may be left out, and
what an rpc gives is its response, whatever fields that gets.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from fieldstone.codegen.class_names import DtoNames
from fieldstone.codegen.contracts.dto_types import element_of, value_type
from fieldstone.codegen.contracts.imports import import_base, to_root
from fieldstone.codegen.names import DtoPackages, dto_module
from fieldstone.codegen.render import render
from fieldstone.codegen.scopes import marked, settled
from fieldstone.codegen.storage.served import NEXT_PAGE_TOKEN, PAGE_TOKEN, field_named
from fieldstone.schema.model import Enum, Field, Message, Rpc, Schema, Service
from fieldstone.schema.storage import snake


class ArgumentView(Struct, frozen=True, kw_only=True):
    """A field of a request: `name` as an argument, `field` in the message, its type and comment."""

    name: str
    field: str
    is_keyword: bool
    type: str
    comment: str


class ReadView(Struct, frozen=True, kw_only=True):
    """An rpc that reads.

    Attributes:
        name: the rpc; `function`: in snake case.
        comment: the rpc's.
        streams: whether the response is a stream.
        request, response: the classes of the messages.
        arguments: the fields of the request.
        every: the method that follows the pages of the answer; empty where it has none.
        item: the response's field that holds the items of a page; `item_type`: their type.
    """

    name: str
    function: str
    comment: str
    streams: bool
    request: str
    response: str
    arguments: list[ArgumentView]
    every: str
    item: str
    item_type: str

    @property
    def asked(self) -> list[ArgumentView]:
        """The arguments of the method that follows the pages."""
        return [argument for argument in self.arguments if argument.field != PAGE_TOKEN]


class ClientView(Struct, frozen=True, kw_only=True):
    """A service: its name, full name and comment, the module of its stub, and its rpcs that read."""

    name: str
    full_name: str
    comment: str
    stub: str
    rpcs: list[ReadView]


def read_clients(schema: Schema, own_files: Collection[str], packages: DtoPackages) -> dict[str, str]:
    """A module for each file that has a service with rpcs that read.

    Args:
        schema: the files and all that they import.
        own_files: the import paths of the module's own files.
        packages: the package that has the code of each file.

    Returns:
        path within the contracts package to text.
    """
    found = {path: _module(schema, path, packages) for path in sorted(own_files)}
    clients = {_file_of(path): text for path, text in found.items() if text}
    return clients | ({"_calls.py": render("contracts/_calls.py.j2")} if clients else {})


def _file_of(path: str) -> str:
    return dto_module(path).removesuffix("_pb2").replace(".", "/") + "_client.py"


def _module(schema: Schema, path: str, packages: DtoPackages) -> str:
    names = DtoNames(schema, lambda other: import_base(path, other, packages, whole=True))
    services = [service for service in schema.services.values() if service.file == path]
    clients = [view for service in services if (view := _client(service, schema, names)).rpcs]
    if not clients:
        return ""
    elements = list(_elements(services, schema))
    imports, stub = names.imports(elements), _stub(path)
    text = render(
        "contracts/read_client.py.j2", source=path, imports=imports, clients=clients, stub=stub, root=to_root(path)
    )
    return settled(text)


def _stub(path: str) -> str:
    return f"{dto_module(path).rpartition('.')[2]}_grpc"


def _client(service: Service, schema: Schema, names: DtoNames) -> ClientView:
    return ClientView(
        name=service.name,
        full_name=service.full_name,
        comment=service.comment,
        stub=f"{_stub(service.file)}.{service.name}",
        rpcs=[_read(rpc, service, schema, names) for rpc in service.rpcs.values() if _reads(rpc)],
    )


def _reads(rpc: Rpc) -> bool:
    return not rpc.client_streaming and bool(rpc.serves or rpc.idempotency == "NO_SIDE_EFFECTS")


def _read(rpc: Rpc, service: Service, schema: Schema, names: DtoNames) -> ReadView:
    request, response = schema.messages[rpc.request], schema.messages[rpc.response]
    items = None if rpc.server_streaming else _items(request, response)
    function = marked(_free(snake(rpc.name)))
    every = f"iter_{snake(rpc.name)}"
    taken = {snake(other) for other in service.rpcs}
    return ReadView(
        name=rpc.name,
        function=function,
        comment=rpc.comment,
        streams=rpc.server_streaming,
        request=names.of(request),
        response=names.of(response),
        arguments=[_argument(field, schema, names) for field in request.fields.values()],
        every=marked(every) if items and every not in taken else "",
        item=items.name if items else "",
        item_type=value_type(items, schema, names).removeprefix("Sequence[").removesuffix("]") if items else "",
    )


def _items(request: Message, response: Message) -> Field | None:
    """The field of a page's items: the first repeated one by number (https://google.aip.dev/158, /4233)."""
    if field_named(request, PAGE_TOKEN) is None or field_named(response, NEXT_PAGE_TOKEN) is None:
        return None
    repeated = [f for _, f in sorted(response.fields.items()) if f.cardinality == "repeated"]
    usable = [f for f in repeated if not keyword.iskeyword(f.name)]
    return usable[0] if usable else None


def _argument(field: Field, schema: Schema, names: DtoNames) -> ArgumentView:
    return ArgumentView(
        name=marked(_free(field.name)),
        field=field.name,
        is_keyword=_free(field.name) != field.name,
        type=value_type(field, schema, names),
        comment=field.comment,
    )


def _free(name: str) -> str:
    """A name as a method or an argument may have it."""
    return f"{name}_" if keyword.iskeyword(name) or name == "self" else name


def _elements(services: Iterable[Service], schema: Schema) -> Iterator[Message | Enum]:
    """The messages and enums that the signatures name."""
    for rpc in (rpc for service in services for rpc in service.rpcs.values() if _reads(rpc)):
        request, response = schema.messages[rpc.request], schema.messages[rpc.response]
        yield from (request, response)
        items = _items(request, response)
        for field in (*request.fields.values(), *([items] if items else [])):
            element = element_of(field, schema)
            if element is not None:
                yield element
