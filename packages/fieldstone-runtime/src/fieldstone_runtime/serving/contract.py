"""The release of a contract that a server answers with, and the clients that it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

CONTRACT_HEADER, VERSION_HEADER, DIGEST_HEADER = "fieldstone-contract", "fieldstone-version", "fieldstone-digest"
"""The metadata of every answer. A client that needs a release says so with the first two."""

_SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")  # https://semver.org/spec/v2.0.0.html
_VERSIONED = re.compile(r"(?P<stem>.+)\.v\d+(?:(?:alpha|beta)\d*|p\d+(?:alpha|beta)\d*|test\w*)?")
"""A package of protobuf with its version, as buf's PACKAGE_VERSION_SUFFIX knows them."""


class Contract(Protocol):
    """The release of a contracts package, as its module `release` says: `telemetry_contracts.release`."""

    @property
    def NAME(self) -> str:  # noqa: N802  # a constant of the module
        """The contract: "telemetry"."""
        ...

    @property
    def DISTRIBUTION(self) -> str:  # noqa: N802
        """The distribution that clients install: "telemetry-contracts"."""
        ...

    @property
    def VERSION(self) -> str:  # noqa: N802
        """The release, as semver."""
        ...

    @property
    def DIGEST(self) -> str:  # noqa: N802
        """The release's digest, as the registry has it."""
        ...

    @property
    def SERVICES(self) -> Sequence[str]:  # noqa: N802
        """The full names of its services."""
        ...


class MalformedVersionError(ValueError):
    """A text that should be a version is none."""


def stem(service: str) -> str:
    """The package of a service without its version: "telemetry" of "telemetry.v1.TelemetryQueryService"."""
    package = service.rpartition(".")[0]
    found = _VERSIONED.fullmatch(package)
    return found["stem"] if found else package


def refusal(contract: Contract, wanted: str) -> str:
    """Why a server of this contract is none for clients of another release, and what they do; empty if it is one.

    Releases of one major version only grow: a server has all that older ones of it have.

    Args:
        contract: what the server answers with.
        wanted: the client's release, as semver.

    Raises:
        MalformedVersionError: `wanted` is no version.
    """
    asked, served = _parts(wanted), _parts(contract.VERSION)
    if asked[0] == served[0] and asked[:2] <= served[:2]:
        return ""
    here = f"this server has {contract.NAME} {contract.VERSION}"
    install = f"install {contract.DISTRIBUTION}>={served[0]}.0,<={'.'.join(map(str, served))}"
    if asked > served:
        return f"{here}, which is older than the {wanted} that is asked for; upgrade the server, or {install}"
    return f"{here}, and {contract.NAME} {wanted} is no longer served; {install}"


def _parts(version: str) -> tuple[int, int, int]:
    found = _SEMVER.fullmatch(version)
    if not found:
        raise MalformedVersionError(f'{VERSION_HEADER} must be a version such as "1.4.0", and is "{version[:50]}"')
    return int(found[1]), int(found[2]), int(found[3])
