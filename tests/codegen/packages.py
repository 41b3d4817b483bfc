"""Generated packages, imported as an application does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from msgspec import json

from fieldstone.codegen.names import CONTRACTS, DtoPackages, package
from fieldstone.codegen.scopes import unmarked
from fieldstone.codegen.storage.tree import storage_view
from fieldstone.codegen.storage.views import ModuleView
from fieldstone.project.project import Project
from fieldstone.schema.descriptors import load_schema
from fieldstone.workflows.generate import generate
from fieldstone.workflows.generating.generated_modules import compile_one, own_files


@dataclass(frozen=True)
class Generated:
    """What was generated from a module of a project, in a folder of its own."""

    project: Project
    module: str
    out: Path

    @cached_property
    def view(self) -> ModuleView:
        """What the templates saw, but for the migrations and the marks of names."""
        module = self.project.workspace.module(self.module)
        image = compile_one(self.project, module)
        owned = own_files(self.project, module)
        found = storage_view(
            load_schema(image, where=module.path, own_files=owned, with_imports=True),
            self.module,
            contracts=package(self.module, CONTRACTS),
            own_files=owned,
            root=module.path,
            history=[],
            record_paths=self.project.settings.record_paths,
            dto_module=DtoPackages(package(self.module, CONTRACTS), {}).python_module,
        )
        assert found is not None
        return json.decode(unmarked(json.encode(found).decode()), type=ModuleView)

    def storage(self, name: str) -> ModuleType:
        """A module of the storage package."""
        return importlib.import_module(f"{self.module}_storage.{name}")


def generated(project: Project, module: str, out: Path) -> Generated:
    """Generate a module's packages into `out`, and make them importable, beside the application's classes."""
    (made,) = generated_all(project, [module], out)
    return made


def generated_all(project: Project, modules: Sequence[str], out: Path) -> list[Generated]:
    """As `generated`, for several modules."""
    generate(project, modules, out=out)
    for path in (*out.glob("python/*"), *project.settings.record_paths):
        if path.is_dir() and str(path) not in sys.path:
            sys.path.insert(0, str(path))
    return [Generated(project, module, out) for module in modules]
