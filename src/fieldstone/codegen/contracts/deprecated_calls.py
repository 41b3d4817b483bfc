"""The deprecated parts that a call of an rpc asks for, as a server tells its client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fieldstone.schema.lifecycle import Lifecycle
from fieldstone.schema.model import Message, Rpc, Schema, Service

_UNPRINTABLE = re.compile(r"[^ -:<-~]")
"""Characters that metadata of gRPC cannot have, and the semicolon between the parts of a notice."""


def deprecated_calls(schema: Schema, services: Sequence[str]) -> dict[str, list[str]]:
    """Notices by the full name of the rpc, or of the field of a request, that they are about.

    A call of an rpc asks for the service, the rpc, the response, and the messages that the response holds. It asks for
    a field of the request if it sets it.

    Args:
        schema: the files and all that they import.
        services: the full names of the services.
    """
    later = {message.entity.supersedes: message.full_name for message in schema.messages.values() if message.entity}
    found: dict[str, list[str]] = {}
    for service in (schema.services[name] for name in services):
        for rpc in service.rpcs.values():
            for subject, name, lifecycle in _asked(service, rpc, schema):
                if lifecycle.deprecated:
                    notices = found.setdefault(subject, [])
                    notice = _notice(name, lifecycle, later.get(name, ""))
                    notices.extend([notice] if notice not in notices else [])
    return dict(sorted(found.items()))


def _asked(service: Service, rpc: Rpc, schema: Schema) -> Iterator[tuple[str, str, Lifecycle]]:
    """The subject of a notice, the name of what is asked for, and its lifecycle."""
    yield rpc.full_name, service.full_name, service.lifecycle
    yield rpc.full_name, rpc.full_name, rpc.lifecycle
    response = schema.messages[rpc.response]
    for message in (response, *_held(response, schema)):
        yield rpc.full_name, message.full_name, message.lifecycle
    for field in schema.messages[rpc.request].fields.values():
        yield field.full_name, field.full_name, field.lifecycle


def _held(message: Message, schema: Schema) -> Iterator[Message]:
    """The messages of the fields of a message."""
    for _, field in sorted(message.fields.items()):
        held = schema.messages.get(field.type.removesuffix(">").rpartition(" ")[2])
        if held is not None:
            yield held


def _notice(name: str, lifecycle: Lifecycle, replacement: str) -> str:
    """`telemetry.v1.Step; since=1.2.0; sunset=2027-12-31; replacement=telemetry.v2.Step`."""
    parts = {"since": lifecycle.deprecated_since, "sunset": lifecycle.sunset, "replacement": replacement}
    told = [f"{key}={_UNPRINTABLE.sub('?', value)}" for key, value in parts.items() if value]
    return "; ".join([name, *told])
