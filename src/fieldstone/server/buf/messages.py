"""The messages of the protocol, compiled by buf from the .proto files in `protos/` when the server starts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from msgspec import Struct

from fieldstone.toolchain.buf import Running

if TYPE_CHECKING:
    from google.protobuf.message import Message

MODULE = "buf.registry.module.v1"
OWNER = "buf.registry.owner.v1"
"""The packages that most names below come from."""


class Method(Struct, frozen=True):
    """A method of a service: the classes of its request and its response."""

    request: type[Message]
    response: type[Message]


@cache
def _pool() -> tuple[DescriptorPool, FileDescriptorSet]:
    with as_file(files(__package__) / "protos") as folder:
        image = Running(["build", str(folder), "-o", "-", "--as-file-descriptor-set"], cwd=folder).output(
            what="the messages of buf's protocol do not compile"
        )
    found = FileDescriptorSet.FromString(image)
    pool = DescriptorPool()
    for file in found.file:
        pool.Add(file)
    return pool, found


@cache
def message(name: str) -> Any:
    """The class of a message, by its full name."""
    pool, _ = _pool()
    return GetMessageClass(pool.FindMessageTypeByName(name))


@cache
def methods() -> Mapping[str, Method]:
    """All methods by the path of their calls: `/package.Service/Method`."""
    _, found = _pool()
    return {
        f"/{file.package}.{service.name}/{method.name}": Method(
            message(method.input_type[1:]), message(method.output_type[1:])
        )
        for file in found.file
        for service in file.service
        for method in service.method
    }


def timestamp(text: str) -> timestamp_pb2.Timestamp:
    """A time from RFC 3339."""
    found = timestamp_pb2.Timestamp()
    found.FromJsonString(text)
    return found


def assign_time(field: Any, text: str) -> None:
    """Set a field of type Timestamp from RFC 3339."""
    time = timestamp(text)
    field.seconds, field.nanos = time.seconds, time.nanos
