"""Small schemas, and the very lines that are refused in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from google.protobuf import descriptor_pb2

from fieldstone.checking.examples import compile_example, with_headers
from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.refusals import refusals
from fieldstone.compatibility.rules import Sources
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema

PATH = "acme/v1/example.proto"
ENTITY = "option (fieldstone.v1.entity)"
COLUMN = "(fieldstone.v1.column)"


def schema_of(sources: Sources) -> Schema:
    """The model of an example with all that it imports."""
    image = compile_example(sources)
    files = [file.name for file in descriptor_pb2.FileDescriptorSet.FromString(image).file]
    return load_schema(image, where="the example", own_files=files)


def refused(sources: Sources, *roots: Path, own: Sequence[str] = (), module: str = "acme") -> list[str]:
    """The lines of what is refused, without the example's path before line and column."""
    own = own or list(with_headers(sources))
    found = refusals(schema_of(sources), module, own=own, application=Application(roots))
    return [refusal.line().removeprefix(f"{PATH}:") for refusal in found]


def entity(options: str, *fields: str, name: str = "StepV1") -> str:
    """A message whose annotation is on line 2 and whose fields are on line 3 and after."""
    numbered = [
        f"  {head.strip()} = {i}{' [' + rest if rest else ''};"
        for i, (head, _, rest) in enumerate((field.partition("[") for field in fields), 1)
    ]
    return "\n".join([f"message {name} {{", f"  {ENTITY} = {{{options}}};", *numbered, "}"]) + "\n"


def annotated(field: str, options: str) -> str:
    """A field of `entity` with options of its column."""
    return f"{field} [{COLUMN} = {{{options}}}]"


STEP = ("string run_id", "int64 step_index", "optional int64 seq_id", "double reward", "repeated string tags")
KEY = 'primary_key: ["run_id", "step_index"]'


def step(options: str, *more: str) -> str:
    """The step of an episode with its key, more options and more fields, from line 8 on."""
    return entity(f"{KEY} {options}", *STEP, *more)


def query(options: str) -> str:
    """A step with one query."""
    return step(f'queries: {{name: "q" {options}}}')
