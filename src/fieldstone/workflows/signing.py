"""Signing of releases, and the verification of their signatures; see `registry.signature`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from semver import Version

from fieldstone.registry import Defect, Registry, manifest
from fieldstone.registry.signature import NAMESPACE, from_armor, split, to_armor
from fieldstone.toolchain import ssh

if TYPE_CHECKING:
    from fieldstone.project.project import Project
    from fieldstone.registry.release import Release


def signed(project: Project, release: Release) -> Release:
    """A new release with the signature of the project's key; as it is without a key.

    Raises:
        Unavailable: there is no ssh-keygen, or it cannot use the key.
    """
    if not project.signing_key:
        return release
    armored = ssh.sign(manifest.to_toml(release).encode(), project.signing_key, namespace=NAMESPACE)
    return replace(release, signature=from_armor(armored))


def signature_defects(registry: Registry, allowed: Path, trusted: Mapping[str, str]) -> Iterator[Defect]:
    """The releases without the signature of an allowed signer.

    Args:
        registry: the registry.
        allowed: a file of allowed signers; a key must be valid at the time of the release.
        trusted: module to version: this release and earlier ones need no signature.

    Raises:
        FieldstoneError: the registry or the file cannot be read.
    """
    for module in registry.modules():
        for release in registry.releases(module):
            if module not in trusted or release.semver > Version.parse(trusted[module]):
                problem = signature_problem(release, registry.text(release), allowed)
                if problem:
                    fix = "ask its author to sign: `fieldstone release --sign KEY`"
                    where = registry.label(release)
                    yield Defect("registry-signature-wrong", module, release.version, where, problem, fix)


def signature_problem(release: Release, text: bytes, allowed: Path) -> str:
    """The reason why a release has no valid signature, as a phrase; empty if it has one.

    Args:
        release: the release.
        text: its manifest.
        allowed: a file of allowed signers.

    Raises:
        Unavailable: there is no ssh-keygen, or the file cannot be read.
    """
    if not release.signature:
        return "it is not signed"
    return "" if signer_of(release, text, allowed) else "its signature is none of an allowed signer"


def signer_of(release: Release, text: bytes, allowed: Path) -> str:
    """The principal whose key signed a release and was valid at its time; empty if none of the allowed ones did.

    Args:
        release: the release.
        text: its manifest.
        allowed: a file of allowed signers.

    Raises:
        Unavailable: there is no ssh-keygen, or the file cannot be read.
    """
    content, signature = split(text.decode("utf-8", "replace"))
    if not signature:
        return ""
    return ssh.signer(content.encode(), to_armor(signature), allowed, namespace=NAMESPACE, at=release.released_time)
