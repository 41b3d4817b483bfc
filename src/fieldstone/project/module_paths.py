"""The module that a path belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldstone.errors import Invalid, NotFound
from fieldstone.project.project import Project
from fieldstone.suggestions import did_you_mean
from fieldstone.workspace.modules import Module


def modules_at(project: Project, named: str) -> list[str]:
    """The names of the modules that a path means: the one at or around it, else those below it.

    Args:
        project: the project with the modules.
        named: a file or folder, relative to the working directory.

    Raises:
        FieldstoneError: there is no such path, or no module is there.
    """
    modules = [*project.workspace.modules.values()]
    path = Path(named).resolve()
    found = _around(modules, path) or [module for module in modules if path in module.root.parents]
    if found and (path.exists() or any(module.root == path for module in found)):
        return [module.name for module in found]
    config = project.workspace.root / project.workspace.config
    listed = ", ".join(f"{module.name} at {module.path}" for module in modules) or "none"
    hint = did_you_mean(named, [*project.workspace.modules, *(m.path for m in modules)], f"it lists {listed}")
    if not path.exists():
        raise NotFound(f"there is no file or folder {path}, and no module {named} in {config}", fix=hint)
    raise NotFound(f"no module of {config} is at {path}", fix=f"it lists {listed}")


def holds_all(project: Project, named: str) -> bool:
    """Whether a path is the folder of the buf configuration, or around it."""
    root, path = project.workspace.root, Path(named).resolve()
    return root == path or path in root.parents


def module_at(project: Project, named: str) -> str:
    """The name of the only module that a path means; see `modules_at`.

    Raises:
        FieldstoneError: there is no such path, or none or several modules are there.
    """
    found = modules_at(project, named)
    if len(found) > 1:
        raise Invalid(f"{named} holds several modules: {', '.join(found)}", fix="name one of them")
    return found[0]


def _around(modules: Sequence[Module], path: Path) -> list[Module]:
    """The modules with the innermost root at or around a path; those that include it, if modules share a root."""
    around = [module for module in modules if module.root == path or module.root in path.parents]
    deepest = max((len(module.root.parts) for module in around), default=0)
    innermost = [module for module in around if len(module.root.parts) == deepest]
    including = [module for module in innermost if _includes(module, path)]
    return including if len(innermost) > 1 and including else innermost


def _includes(module: Module, path: Path) -> bool:
    return any(top == path or top in path.parents for top in module.includes)
