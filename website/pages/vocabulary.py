"""The page of the annotations, from the comments of their schema."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet

from fieldstone.toolchain.buf import find_buf
from website.pages.markdown import table

SCHEMAS = Path(__file__).parents[2] / "schemas" / "fieldstone"
_INTRO = """# Annotations

```proto
import "fieldstone/v1/annotations.proto";
```

`fieldstone/v1/annotations.proto` declares options for messages, fields and rpcs. It is a module of its own, released
and additive like any other. [From a schema to storage code](storage.md) explains them with examples.
"""
_Comments = Mapping[tuple[int, ...], str]


def page() -> str:
    """The options by what they annotate, then each message and enum that they are made of."""
    (file,) = (f for f in _compiled().file if f.package == "fieldstone.v1")
    comments = {tuple(place.path): place.leading_comments.strip() for place in file.source_code_info.location}
    parts = [_INTRO, "## Options\n", table(["option", "of", "meaning"], _options(file.extension, comments)), ""]
    parts += (_message(message, number, comments) for number, message in enumerate(file.message_type))
    parts += (_enum(enum, number, comments) for number, enum in enumerate(file.enum_type))
    return "\n".join(parts)


def _compiled() -> FileDescriptorSet:
    command = [find_buf(), "build", str(SCHEMAS), "--as-file-descriptor-set", "-o", "-#format=binpb"]
    return FileDescriptorSet.FromString(subprocess.run(command, check=True, capture_output=True).stdout)


def _options(extensions: Sequence[FieldDescriptorProto], comments: _Comments) -> Iterator[tuple[str, str, str]]:
    for number, option in enumerate(extensions):
        extendee = option.extendee.rpartition(".")[2].removesuffix("Options")
        words = {"EnumValue": "enum value", "Method": "rpc"}
        yield (
            f"`({'fieldstone.v1.' + option.name})`",
            words.get(extendee, extendee.lower()),
            comments.get((7, number), ""),
        )


def _message(message: DescriptorProto, number: int, comments: _Comments) -> str:
    rows = (
        (f"`{field.name}`", _type(field), comments.get((4, number, 2, index), ""))
        for index, field in enumerate(message.field)
    )
    about = comments.get((4, number), "")
    return f"## {message.name}\n\n{about}\n\n{table(['key', 'type', 'meaning'], rows)}\n"


def _enum(enum: EnumDescriptorProto, number: int, comments: _Comments) -> str:
    rows = ((f"`{value.name}`", comments.get((5, number, 2, index), "")) for index, value in enumerate(enum.value))
    return f"## {enum.name}\n\n{comments.get((5, number), '')}\n\n{table(['value', 'meaning'], rows)}\n"


def _type(field: FieldDescriptorProto) -> str:
    """The type of a field as in its source, with a link if it is declared here."""
    name = field.type_name.rpartition(".")[2]
    of = f"[{name}](#{name.lower()})" if name else FieldDescriptorProto.Type.Name(field.type)[5:].lower()
    return f"list of {of}" if field.label == FieldDescriptorProto.LABEL_REPEATED else of
