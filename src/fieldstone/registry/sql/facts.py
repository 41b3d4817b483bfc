"""The facts of a release that the audit of a registry keeps."""

from __future__ import annotations

from typing import Any

from fieldstone.registry.release import Release


def release_facts(release: Release, seal: str) -> dict[str, Any]:
    """Version, verdict and digests of a release, by name.

    Args:
        release: the release.
        seal: the seal of its manifest.
    """
    return {
        "version": release.version,
        "bump": release.bump,
        "digest": release.digest,
        "seal": seal,
        "previous": release.previous.version if release.previous else "",
        "waivers": [waiver.text for waiver in release.waivers],
        "files": len(release.sources),
    }
