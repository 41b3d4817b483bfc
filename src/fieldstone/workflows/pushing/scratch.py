"""The workspace of a push: the pushed modules, and beside them those that they were compiled with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from msgspec.structs import replace

from fieldstone.compatibility.waiver import Waiver
from fieldstone.consumers.published import Known
from fieldstone.errors import NotFound
from fieldstone.project.project import Project
from fieldstone.project.server_policy import Policy
from fieldstone.project.waiver_table import Entry
from fieldstone.registry import Registry
from fieldstone.registry.sql.catalog import Catalog, Commit
from fieldstone.schema.location import Location


def lay_out(
    folder: Path,
    sources: Mapping[str, Mapping[str, bytes]],
    *,
    registry: Registry,
    policy: Policy,
    ask: Callable[[], Known],
    waivers: Sequence[Waiver] = (),
) -> Project:
    """Write a workspace, and open it as a project.

    Args:
        folder: an empty folder.
        sources: the files of each module, path to bytes; the paths were checked.
        registry: the registry to judge against.
        policy: the policy of the registry.
        ask: gives what is known of consumers.
        waivers: waivers besides those of the policy.

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
    settings = policy.settings(folder, own, registry=registry.address)
    nowhere = Entry(Location("policy"), Location("policy"))
    settings = replace(settings, waivers={**settings.waivers, **dict.fromkeys(waivers, nowhere)})
    return Project(settings, opened=registry, asked=ask)


def compiled_with(catalog: Catalog, ids: Iterable[str]) -> list[Commit]:
    """The commits that modules were compiled with, and all that these depend on.

    Args:
        catalog: the commits of the registry.
        ids: the ids of the commits.

    Raises:
        NotFound: there is no such commit.
    """
    found = []
    for id_ in ids:
        commit = catalog.commit(id_)
        if commit is None:
            raise NotFound(f"no commit {id_} in this registry", fix="run `buf dep update`")
        found.append(commit)
    return catalog.with_dependencies(found)
