"""The arguments of what is done with proposals, as clients send them to a server."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from fieldstone.proposals.proposal import Kind


class Dependency(Struct, frozen=True):
    """A module that a proposed one imports.

    Attributes:
        module: its name.
        digest: its b5 digest: that of one of its releases.
    """

    module: str
    digest: str


class Wish(Struct, frozen=True, kw_only=True):
    """A change to propose.

    Attributes:
        files: the sources of the module, path to bytes.
        dependencies: the modules that it imports.
        reason: why.
        number: the proposal that it is a new revision of; 0 finds that, or makes a new one.
        wanted: the version that it shall have; empty for the one that it earns.
    """

    files: Mapping[str, bytes]
    dependencies: tuple[Dependency, ...] = ()
    reason: str = ""
    number: int = 0
    wanted: str = ""


class Deciding(Struct, frozen=True, kw_only=True):
    """A decision to take.

    Attributes:
        decision: its kind.
        revision: the number of the revision that it is about.
        reason: why.
        of: for `revoke`, whose approval is revoked; by default the own one.
    """

    decision: Kind
    revision: int
    reason: str = ""
    of: str = ""
