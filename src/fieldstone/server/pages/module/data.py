"""The data of a module's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from fieldstone.server.pages.module.install import Line
from fieldstone.server.pages.paging import Part


class Released(Struct, frozen=True):
    """A release in the list.

    Attributes:
        version: its version.
        address: its page.
        released_at: when it was released (UTC, RFC 3339).
        bump: the bump that its changes need.
        line: the minor line that it continues; empty in the main line.
        changes: the number of its changes.
        before: the version that it follows; empty for the first.
        diff: the page of the changes since then; empty for the first.
        retires: whether it ends the module.
    """

    version: str
    address: str
    released_at: str
    bump: str
    line: str
    changes: int
    before: str
    diff: str
    retires: bool


class Neighbour(Struct, frozen=True):
    """A module that this one depends on, or that depends on this one.

    Attributes:
        name: its name.
        version: the version of the dependency; of a dependent, its newest one.
        address: its page; empty if it is not in this registry.
    """

    name: str
    version: str
    address: str


class Consumer(Struct, frozen=True):
    """A consumer of the module, in a version that counts.

    Attributes:
        name: its name.
        version: its version.
        owner: who answers for it.
        environments: where it runs.
        evidence: the rank and the day of each of its evidence.
    """

    name: str
    version: str
    owner: str
    environments: tuple[str, ...]
    evidence: tuple[str, ...]


class ModulePage(Struct, frozen=True, kw_only=True):
    """The data of the page.

    Attributes:
        name: the name of the module.
        description: a text for people.
        url: where people read more about it; empty without one.
        owner: the first part of its name in buf.
        owners: the teams or addresses that answer for it, by the policy.
        deprecated_at: when it was deprecated; empty if it is not.
        newest: its newest release; empty without one.
        is_retired: whether the newest release ends it.
        part: the part of its releases that is shown.
        releases: the releases of the part, the newest first.
        dependencies: what its newest release depends on.
        dependents: the modules whose newest release depends on it.
        unread: the number of modules of which it is not known yet whether they depend on it.
        consumers: the first of its consumers.
        consumer_count: the number of all its consumers.
        policy: the settings that judge it.
        install: how it gets into a project.
        readme: its README, in Markdown; empty without one.
    """

    name: str
    description: str
    url: str
    owner: str
    owners: tuple[str, ...]
    deprecated_at: str
    newest: str
    is_retired: bool
    part: Part
    releases: tuple[Released, ...]
    dependencies: tuple[Neighbour, ...]
    dependents: tuple[Neighbour, ...]
    unread: int
    consumers: tuple[Consumer, ...]
    consumer_count: int
    policy: Mapping[str, Any]
    install: tuple[Line, ...]
    readme: str
