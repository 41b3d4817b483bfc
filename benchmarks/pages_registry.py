"""A registry with many modules, written to its database without compiling anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from fieldstone.compatibility.finding import Finding, Surface
from fieldstone.compatibility.reader import Reader
from fieldstone.consumers.published import Deployment, Published, Stay
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.proposals.proposal import Break, Judged, Proposal, Revision, State
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.fetched import FetchedRegistry
from fieldstone.registry.release import IMAGE, LEDGER, SOURCES, Link, Release
from fieldstone.registry.sql import open_store, proposals
from fieldstone.schema.digest import file_digest
from fieldstone.schema.location import Location

if TYPE_CHECKING:
    from sqlalchemy import Connection

TYPES = 20
FIELDS = 6
RELEASES = 5
CONSUMERS = 500
PROPOSALS = 400
"""The types of a module, the fields of a type, the releases of a module; the consumers and proposals of all modules."""
_AT_ONCE = 50
"""The modules of one transaction."""
_README = "# Module\n\nWhat the module is for, and *how* to use it.\n\n" + "- a point of a list\n" * 40
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def filled(address: str, modules: int) -> None:
    """Fill a database: modules of several releases, each of which depends on the one before.

    Args:
        address: the address of an empty database.
        modules: how many.
    """
    store = open_store(address)
    registry = FetchedRegistry(store)
    before: Release | None = None
    for start in range(0, modules, _AT_ONCE):
        with store.database.transaction():
            for number in range(start, min(modules, start + _AT_ONCE)):
                before = _module(registry, f"m{number}", before)
    with store.database.transaction() as connection:
        _consumers(SqlConsumers(store.database), modules)
        _proposals(connection, modules)


def _consumers(consumers: SqlConsumers, modules: int) -> None:
    """Publish consumers of a twentieth of the modules, which run somewhere."""
    for number in range(CONSUMERS):
        module = f"m{number % max(1, modules // 20)}"
        field = f"acme.{module}.v1.Thing3.field_1"
        evidence = Evidence(module, "1.0.0", Rank.SCAN, _BEGIN.date(), read={field: ("src/main.py:3",)})
        published = Published(Uses(f"consumer-{number}", "team", (evidence,)), "1.0", "c0ffee", _BEGIN.isoformat())
        consumers.publish(published)
        consumers.deploy(Deployment(published.consumer, "1.0", "production", Stay.DEPLOYED, _BEGIN.isoformat()))


def _proposals(connection: Connection, modules: int) -> None:
    """Propose breaks; a quarter waits for approval, the others were rejected."""
    for number in range(PROPOSALS):
        module = f"m{number % modules}"
        path = f"acme/{module}/v1/{module}.proto"
        files, judged = {path: file_digest(f"// {module} {RELEASES - 1}\n".encode())}, _judged(module, path)
        revision = Revision(number=1, who="author", credential="a", files=files, digest=f"d{number}", judged=judged)
        proposal = proposals.create(
            connection, Proposal(number=0, module=module, authors=(), revisions=(revision,)), is_sqlite=True
        )
        if number % 4:
            proposals.close(connection, proposal, State.REJECTED)


def _judged(module: str, path: str) -> Judged:
    """The judgement of a change that removes a field of every type, each with three readers."""
    places, day = ("src/main.py:3",), _BEGIN.date()
    reader = Reader("consumer-1", "team", "1.0", ("production",), "", "read", places, "scan", day, "")
    findings = tuple(
        Finding(
            rule="field-removed",
            subject=f"acme.{module}.v1.Thing{of}.field_1",
            message=f"`field_1` was removed from `acme.{module}.v1.Thing{of}`",
            location=Location(path, 1, 1),
            breaks=(Surface.WIRE, Surface.JSON),
            used_by=(reader,) * 3,
        )
        for of in range(TYPES)
    )
    breaks, told = tuple(Break(one.rule, one.subject) for one in findings), "x" * 9_000
    return Judged(
        compared_with="1.4.0", releases=RELEASES, version="2.0.0", findings=findings, breaks=breaks, text=told
    )


def _module(registry: FetchedRegistry, name: str, needed: Release | None) -> Release:
    """Add the releases of a module; gives the newest."""
    links = (needed.link,) if needed else ()
    previous: Release | None = None
    for number in range(RELEASES):
        previous = _release(registry, name, number, previous, links)
    assert previous is not None
    return previous


def _release(
    registry: FetchedRegistry, name: str, number: int, previous: Release | None, needs: tuple[Link, ...]
) -> Release:
    path = f"acme/{name}/v1/{name}.proto"
    files = {
        SOURCES + path: f"// {name} {number}\n".encode(),
        SOURCES + "README.md": _README.encode(),
        IMAGE: _image(name, path, TYPES - RELEASES + 1 + number),
        LEDGER: b"{}",
    }
    release = Release(
        name=name,
        version=f"1.{number}.0",
        digest=file_digest(f"{name} {number}".encode()),
        bump="minor" if previous else "first",
        released_at=(_BEGIN + timedelta(days=40 * number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        style="",
        compiler="buf 1.75.0",
        changes=(f"message `Thing{number}` was added",),
        previous=previous.link if previous else None,
        dependencies=needs,
        files={file: file_digest(content) for file, content in files.items()},
    )
    registry.add(release, files)
    return registry.release(name, release.version)


def _image(name: str, path: str, types: int) -> bytes:
    """A compiled file of so many messages, with comments."""
    file = FileDescriptorProto(name=path, package=f"acme.{name}.v1", syntax="proto3")
    for number in range(types):
        message = file.message_type.add(name=f"Thing{number}")
        _comment(file, (4, number), f"The thing {number} of {name}, with its amount and its state.")
        for field, kind in _fields():
            message.field.add(name=field, json_name=field, number=len(message.field) + 1, type=kind, label=1)
            _comment(file, (4, number, 2, len(message.field) - 1), f"The {field} of the thing.")
    return FileDescriptorSet(file=[file]).SerializeToString()


def _fields() -> Iterator[tuple[str, FieldDescriptorProto.Type.ValueType]]:
    for number in range(FIELDS):
        yield f"field_{number}", FieldDescriptorProto.TYPE_STRING


def _comment(file: FileDescriptorProto, path: tuple[int, ...], text: str) -> None:
    file.source_code_info.location.add(path=path, span=[1, 0, 1], leading_comments=f" {text}\n")
