"""A message uses a type of another version of its package."""

from collections.abc import Iterator

from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.element import Element
from fieldstone.schema.model import Field, Message, package_version

_V1 = "package acme.v1; message TagV1 { string name = 1; }"


@rule(
    on=[(Added, Message), (Added, Field)],
    summary="A package version uses no types of another version of the same package.",
    message="`{field}` of `{holder}` has the type `{type}`, of another version of its package",
    fix="declare the type in `{package}` too",
    examples=[
        hit(
            {"acme/v1/tag_v1.proto": _V1},
            {
                "acme/v1/tag_v1.proto": _V1,
                "acme/v2/step_v2.proto": "package acme.v2; import 'acme/v1/tag_v1.proto'; "
                "message StepV2 { acme.v1.TagV1 tag = 1; }",
            },
        ),
        miss(
            {"acme/v1/tag_v1.proto": _V1},
            {
                "acme/v1/tag_v1.proto": _V1,
                "acme/v2/step_v2.proto": "package acme.v2; message TagV2 {} message StepV2 { TagV2 tag = 1; }",
            },
        ),
    ],
)
def package_version_incomplete(change: Added[Message] | Added[Field], context: Context) -> Iterator[Hit]:
    """The old version can be removed after its sunset only if nothing depends on it. A team that migrates to the new
    version should not need both.
    """
    for holder, field in _new_fields(change.new, context):
        used = _package(field, context)
        version, package = package_version(holder.package), holder.package
        same_family = used.rpartition(".")[0] == package.rpartition(".")[0]
        if version and package_version(used) and same_family and used != package:
            yield Hit(field=field.name, holder=holder.name, type=field.type, package=package, location=field.location)


def _new_fields(element: Element, context: Context) -> Iterator[tuple[Message, Field]]:
    """The added field, or all fields of an added message and of those nested in it."""
    of_rpcs = context.new.rpc_messages()
    if isinstance(element, Field):
        holder = context.new.messages.get(element.parent)
        if holder is not None and holder.full_name not in of_rpcs:
            yield holder, element
    elif isinstance(element, Message) and element.full_name not in of_rpcs:
        for message in context.new.messages.values():
            if message is element or message.full_name.startswith(f"{element.full_name}."):
                yield from ((message, field) for field in message.fields.values())


def _package(field: Field, context: Context) -> str:
    """The package of a field's type, or of a map's values."""
    name = field.type.partition(", ")[2].rstrip(">") if field.cardinality == "map" else field.type
    found = context.new.messages.get(name) or context.new.enums.get(name)
    return found.package if found else ""
