"""Types for `_pb2_grpc.py`, which grpcio-tools writes without any."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from msgspec import Struct

from fieldstone.codegen.contracts.docstrings import end_of
from fieldstone.codegen.contracts.imports import import_line
from fieldstone.codegen.contracts.taken_names import in_stub
from fieldstone.codegen.names import DtoPackages, dto_module
from fieldstone.codegen.render import render
from fieldstone.schema.model import Rpc, Schema, Service

_SHAPES = {
    (False, False): "UnaryUnary",
    (False, True): "UnaryStream",
    (True, False): "StreamUnary",
    (True, True): "StreamStream",
}
"""The kind of a method in gRPC by whether its request, and its response, is a stream."""


class RpcView(Struct, frozen=True, kw_only=True):
    """An rpc: its name, its comment, the Python types of its messages, and its shape (`_SHAPES`)."""

    name: str
    comment: str
    request: str
    response: str
    shape: str


class ServiceView(Struct, frozen=True, kw_only=True):
    """A service: its name, its comment, its rpcs; `deprecated` is what a checker of types says of it, or empty."""

    name: str
    comment: str
    deprecated: str
    rpcs: tuple[RpcView, ...]


def grpc_stubs(schema: Schema, files: Iterable[str], packages: DtoPackages) -> dict[str, str]:
    """The `_pb2_grpc.pyi` of files with services.

    Args:
        schema: the files and all that they import.
        files: the import paths of those with services.
        packages: the package that has the code of each file.

    Returns:
        path within the package to text.
    """
    return {f"{dto_module(path).replace('.', '/')}_grpc.pyi": _stub(schema, path, packages) for path in files}


def _stub(schema: Schema, path: str, packages: DtoPackages) -> str:
    services = [service for service in schema.services.values() if service.file == path]
    rpcs = [rpc for service in services for rpc in service.rpcs.values()]
    used = sorted({schema.messages[name].file for rpc in rpcs for name in (rpc.request, rpc.response)})
    return render(
        "contracts/grpc.pyi.j2",
        source=path,
        imports=[import_line(path, other, packages, _alias(other), is_stub=True) for other in used],
        shapes=sorted({_shape(rpc) for rpc in rpcs}),
        services=[_service(schema, service) for service in services],
    )


def _service(schema: Schema, service: Service) -> ServiceView:
    rpcs = tuple(
        RpcView(
            name=rpc.name,
            comment=rpc.comment,
            request=_type(schema, rpc.request),
            response=_type(schema, rpc.response),
            shape=_shape(rpc),
        )
        for rpc in service.rpcs.values()
        if not keyword.iskeyword(rpc.name)  # reached by getattr, as its method in the servicer
    )
    return ServiceView(name=service.name, comment=service.comment, deprecated=end_of(service), rpcs=rpcs)


def _shape(rpc: Rpc) -> str:
    return _SHAPES[rpc.client_streaming, rpc.server_streaming]


def _type(schema: Schema, full_name: str) -> str:
    message = schema.messages[full_name]
    inside = full_name.removeprefix(f"{message.package}.") if message.package else full_name
    return f"{_alias(message.file)}.{in_stub(inside)}"


def _alias(path: str) -> str:
    return "_" + dto_module(path).replace(".", "_")
