"""Refuses annotations that cannot be met, with file, line and fix, before anything is generated.

Each module here is one topic: a list of small generators, one for each mistake. A new refusal is a
new generator in its topic's `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.completion import with_ready_converters
from fieldstone.codegen.storage.refusals import (
    aggregates,
    classes,
    codecs,
    columns,
    converters,
    defaults,
    entities,
    keys,
    methods,
    nesting,
    queries,
    records,
    serving,
    sql_names,
)
from fieldstone.codegen.storage.refusals.subject import Refusal, Subject
from fieldstone.codegen.storage.served import served_rpcs
from fieldstone.errors import FieldstoneError
from fieldstone.schema.model import Schema

__all__ = ["Refusal", "RefusedError", "is_stored_or_served", "refusals", "refuse"]

_TOPICS = (
    entities,
    keys,
    queries,
    aggregates,
    codecs,
    columns,
    converters,
    defaults,
    nesting,
    sql_names,
    methods,
    classes,
    records,
    serving,
)


class RefusedError(FieldstoneError):
    """Annotations that cannot be met; its text has a first line and one line for each.

    Args:
        module: the module's name.
        found: the refusals, at least one.
        root: the path of the module's root as people know it, before the paths of its files.
    """

    def __init__(self, module: str, found: Collection[Refusal], *, root: str = "") -> None:
        count = "an annotation" if len(found) == 1 else f"{len(found)} annotations"
        super().__init__(f"nothing is generated from {module}: {count} cannot be met")
        self.lines = tuple(refusal.line(root) for refusal in found)

    def __str__(self) -> str:
        """The problem, then a line for each refusal."""
        return "\n".join((self.problem, *self.lines))


def is_stored_or_served(schema: Schema, own_files: Collection[str]) -> bool:
    """Whether an annotation asks for storage code."""
    stored = any(message.entity is not None for message in schema.messages.values())
    return stored or any(True for _ in served_rpcs(schema, own_files))


def refusals(
    schema: Schema, module: str, *, own: Collection[str], application: Application | None = None
) -> list[Refusal]:
    """Everything in a module's annotations that cannot be met, in the order of the files.

    Args:
        schema: the schema with all imported files.
        module: the module's name.
        own: the paths of the module's own files; what is annotated elsewhere is not the module's.
        application: the application's classes and converters. Without them the schema alone is judged.
    """
    completed = with_ready_converters(schema, application) if application else schema
    subject = Subject(completed, module, frozenset(own), application)
    found = dict.fromkeys(_all(subject))
    return sorted(found, key=lambda r: (r.location.path, r.location.line, r.location.column))


def refuse(schema: Schema, module: str, *, own: Collection[str], application: Application, root: str = "") -> None:
    """Let nothing pass that cannot be generated; the arguments are those of `refusals`.

    Args:
        schema: the schema with all imported files.
        module: the module's name.
        own: the paths of the module's own files.
        application: the application's classes and converters.
        root: the path of the module's root, which its files' paths are shown below: "schemas/telemetry".

    Raises:
        RefusedError: there are refusals.
    """
    found = refusals(schema, module, own=own, application=application)
    if found:
        raise RefusedError(module, found, root=root)


def _all(subject: Subject) -> Iterator[Refusal]:
    for topic in _TOPICS:
        for check in topic.CHECKS:
            yield from check(subject)
