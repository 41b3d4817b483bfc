"""A message's name lacks the version of its package."""

import re
from collections.abc import Iterator

from fieldstone.compatibility.pairing import Added, Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Message, package_version


@rule(
    on=[(Added, Message), (Renamed, Message)],
    summary="A message's name ends in the version of its package.",
    message="message `{new_name}` of `{package}` does not end in {suffix}",
    fix="call it `{new_name}{suffix}`",
    examples=[
        hit("package acme.v1;", "package acme.v1; message Step {}"),
        hit("package acme.v2beta1;", "package acme.v2beta1; message StepV2 {}"),
        miss("package acme.v1;", "package acme.v1; message StepV1 { message Tag {} Tag tag = 1; }"),
        miss(
            "package acme.v1;",
            "package acme.v1; message GetRequest {} message GetResponse {} "
            "service Steps { rpc Get(GetRequest) returns (GetResponse); }",
        ),
        miss("package acme;", "package acme; message Step {}"),
    ],
)
def message_name_without_version(change: Added[Message], context: Context) -> Iterator[Hit]:
    """Two versions of a message exist side by side, in one program, during a migration. With the version in the name
    nobody imports one and means the other. Messages of rpcs are named after the rpc, nested ones after the message
    around them: both are exempt.
    """
    message = change.new
    version = package_version(message.package)
    if not version or not message.top_level or message.full_name in context.new.rpc_messages():
        return
    suffix = re.sub("[a-z]+", lambda letters: letters[0].capitalize(), version)
    if not message.name.endswith(suffix):
        yield Hit(package=message.package, suffix=suffix)
