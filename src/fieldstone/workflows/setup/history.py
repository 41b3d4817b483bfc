"""The advice of `fieldstone init` on git tags that can become releases."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from fieldstone.printed import printable
from fieldstone.project.project import Project
from fieldstone.toolchain.git_tags import tag_names
from fieldstone.workflows.adopting.tag_version import suggested_glob


def about_history(project: Project, top: Path | None) -> Iterator[str]:
    """Advice to adopt the tags of the checkout, which must come before the first release.

    Args:
        project: the new project.
        top: the root of the checkout; None outside a checkout.
    """
    glob = suggested_glob(tag_names(top)) if top else ""
    unreleased = [name for name in project.workspace.modules if not project.registry.versions(name)]
    if glob and unreleased:
        command = f"fieldstone adopt {unreleased[0]} --tags {shlex.quote(glob)} --dry-run"
        yield f"the tags {printable(glob)} can become releases, before the first one of today: `{printable(command)}`"
