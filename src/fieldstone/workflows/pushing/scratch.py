"""The workspace of a push: the pushed modules, and beside them those that they were compiled with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from fieldstone.project.project import Project
from fieldstone.project.server_policy import Policy
from fieldstone.registry import Registry


def lay_out(folder: Path, sources: Mapping[str, Mapping[str, bytes]], *, registry: Registry, policy: Policy) -> Project:
    """Write a workspace, and open it as a project.

    Args:
        folder: an empty folder.
        sources: the files of each module, path to bytes; the paths were checked.
        registry: the registry to judge against.
        policy: the policy of the registry.

    Raises:
        OSError: a file cannot be written.
    """
    for module, files in sources.items():
        for path, content in files.items():
            target = folder / "modules" / module / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    listed = [{"path": f"modules/{module}"} for module in sorted(sources)]
    (folder / "buf.yaml").write_text(yaml.safe_dump({"version": "v2", "modules": listed}), "utf-8")
    own = {module: {"path": f"modules/{module}"} for module in sources}
    return Project(policy.settings(folder, own, registry=registry.address), opened=registry)
