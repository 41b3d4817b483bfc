"""A file has another syntax or edition."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import File


@rule(
    on=[(Kept, File)],
    summary="A released file keeps its syntax.",
    message="{name} went from {old} to {new}",
    fix="keep {old}",
    breaks=[Surface.SOURCE],
    buf=["FILE_SAME_SYNTAX", "MESSAGE_SAME_REQUIRED_FIELDS"],
    examples=[
        hit(
            'syntax = "proto3"; message Step { optional string id = 1; }',
            'edition = "2023"; message Step { string id = 1; }',
        ),
        hit(
            'edition = "2023"; message Step { int32 id = 1; }',
            'edition = "2024"; message Step { int32 id = 1; }',
            also=["language-feature-changed"],
        ),
        hit(
            'edition = "2023"; message Step { int32 id = 1 [features.field_presence = LEGACY_REQUIRED]; }',
            'syntax = "proto2"; message Step { required int32 id = 1; }',
            also=["json-format-changed"],
        ),
        miss(
            'syntax = "proto3"; message Step { optional string id = 1; }',
            'syntax = "proto3"; message Step { optional string id = 1; string note = 2; }',
        ),
    ],
)
def file_syntax_changed(change: Kept[File], context: Context) -> Iterator[Hit]:
    """The syntax sets the defaults of presence, enums, packing and UTF-8 checks, each of which has a rule of its own.
    Besides, code generators treat files of another syntax differently, and older ones do not know editions at all.
    """
    old, new = change.old.syntax, change.new.syntax
    if old != new:
        yield Hit(old=old, new=new, buf=() if _are_editions(old, new) else None)


def _are_editions(*syntaxes: str) -> bool:
    """Whether all of them are editions, which buf treats as one syntax."""
    return all(syntax.startswith("edition") for syntax in syntaxes)
