"""A message was removed."""

from collections.abc import Iterator

from fieldstone.compatibility.buf.coverage import entry_name, is_map
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Removed
from fieldstone.compatibility.rules import EVERYTHING, Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field, Message, Schema


@rule(
    on=[(Removed, Message)],
    summary="A released message stays until its sunset.",
    message="message `{name}` was removed from `{parent}`",
    fix="keep it; deprecate it with a sunset date, and remove it in a major release after that date",
    breaks=EVERYTHING,
    buf=["MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "FILE_NO_DELETE", "FILE_SAME_PACKAGE"],
    follows=["package-removed", "file-removed"],
    examples=[
        hit("message Step { string id = 1; } message Tag { string name = 1; }", "message Step { string id = 1; }"),
        hit(
            "message Step { string id = 1; } message Tag { enum Kind { KIND_NONE = 0; } Kind kind = 1; }",
            "message Step { string id = 1; }",
        ),
        hit(
            "package acme.v1; message Step { string id = 1; } message Tag { string name = 1; }",
            "package acme.v2; message Step { string id = 1; } message Label { bytes name = 1; }",
            also=["package-removed"],
        ),
        miss(
            "message Step { message TagsEntry { string key = 1; string value = 2; } repeated TagsEntry tags = 1; }",
            "message Step { map<string, string> tags = 1; }",
            also=["field-cardinality-changed"],
        ),
        hit(
            "message Step { message TagsEntry { string key = 1; string value = 2; } }",
            "message Step { map<string, string> tags = 1; }",
        ),
        miss("message Step { string id = 1; }", "message Move { string id = 1; }", also=["type-renamed"]),
        miss(
            "message Step { string id = 1; }",
            "message Step { option deprecated = true; string id = 1; } message StepV2 { string id = 1; int32 n = 2; }",
        ),
    ],
)
def message_removed(change: Removed[Message], context: Context) -> Iterator[Hit]:
    """Programs that still send, store or compile against the message cannot read it: no added message has its fields. A
    message that was deprecated with a sunset date may be removed after that date. A release must have announced the
    date with enough days of notice (the setting `notice`). If the message is renamed, `type-renamed` reports it.
    """
    if _is_of_a_map(change.old, context):
        if not any(change.old.full_name == field.type for field in _fields(context.old)):
            yield Hit(breaks=[Surface.SOURCE, Surface.STORAGE], buf=())
    elif not context.is_retired(change.old):
        yield Hit(covers=context.inside(change.old), because=context.why_kept(change.old))


def _is_of_a_map(message: Message, context: Context) -> bool:
    """Whether the compiler now generates a map entry of this name; a field of its type reports the change."""
    parent = context.renames.types.get(message.parent, message.parent)
    holder = context.new.messages.get(parent)
    fields = holder.fields.values() if holder else ()
    return any(is_map(field) and entry_name(parent, field) == f"{parent}.{message.name}" for field in fields)


def _fields(schema: Schema) -> Iterator[Field]:
    for message in schema.messages.values():
        yield from message.fields.values()
