"""The modules that code is generated from, their compiled images, and the schema of each release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from fieldstone.codegen.published import is_published, with_code
from fieldstone.errors import Invalid
from fieldstone.project.project import Project
from fieldstone.registry.release import IMAGE
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import CompileError
from fieldstone.workspace.modules import Module

"""The import path of the annotations: options, which no code of a contract needs."""


def compile_modules(project: Project, names: Iterable[str] = ()) -> dict[str, bytes]:
    """The images of the named modules, or of all that code is generated from, compiled side by side.

    Raises:
        FieldstoneError: there is no such module, nothing is generated from it, or it does not compile.
    """
    modules = generated_modules(project, names)
    with ExitStack() as under_way:
        running = {module.name: _compiler(project, module) for module in modules}
        for compiling in running.values():
            under_way.callback(compiling.close)
        started = {module.key: running[module.name] for module in modules}
        return _outputs(started, [module.name for module in modules])


def _outputs(running: Mapping[str, buf.Running], names: Iterable[str]) -> dict[str, bytes]:
    """The images of modules by name, in the order of their compilers, which are given by path.

    Raises:
        CompileError: some do not compile; the error lists what is wrong with all of them.
    """
    images: list[bytes] = []
    broken: dict[str, CompileError] = {}
    for path, compiling in running.items():
        try:
            images.append(compiling.output(what=f"{path} does not compile"))
        except CompileError as error:
            broken[path] = error
    if broken:
        found = [annotation for error in broken.values() for annotation in error.errors]
        verb = "does" if len(broken) == 1 else "do"
        raise CompileError(f"{' and '.join(broken)} {verb} not compile", found)
    return dict(zip(names, images, strict=True))


def compile_one(project: Project, module: Module) -> bytes:
    """The image of a module.

    Raises:
        FieldstoneError: it does not compile.
    """
    return _compiler(project, module).output(what=f"{module.path} does not compile")


def _compiler(project: Project, module: Module) -> buf.Running:
    workspace = project.workspace
    given = workspace.input_of(module, project.settings.registry_folder)
    return buf.build(given.target, cwd=workspace.buf_root, exclude=given.exclude, within=given.within)


def generated_modules(project: Project, names: Iterable[str] = ()) -> list[Module]:
    """The named modules, or all that code is generated from.

    Raises:
        FieldstoneError: there is no such module, or nothing is generated from it, or from any.
    """
    chosen = project.modules(names) if names else []
    for module in chosen:
        if not own_files(project, module):
            raise Invalid(f"nothing is generated from {module.name}", fix=_why_not(project, module))
    found = chosen or [module for module in project.workspace.modules.values() if own_files(project, module)]
    if not found:
        workspace = project.workspace
        raise Invalid(f"nothing to generate: no module in {workspace.root / workspace.config} has schemas of its own")
    return found


def own_files(project: Project, module: Module) -> list[str]:
    """The import paths of the files of a module that code is generated from; empty where the settings say so."""
    return with_code(module.proto_files, asked=project.settings.module(module.name).generate)


def released_schemas(project: Project, module: Module) -> list[tuple[str, Schema]]:
    """Version and schema of each release of the line, with all that it imports, oldest first.

    Raises:
        FieldstoneError: the registry cannot be read, or the module is retired.
    """
    project.require_living(module.name)
    registry = project.registry
    registry.releases(module.name)  # refuses stray files
    return [
        (r.version, load_schema(registry.read(r, IMAGE), where=registry.label(r), with_imports=True))
        for r in reversed([*project.ancestry(module.name)])
    ]


def current_version(project: Project, module: Module, image: Callable[[], bytes], *, start: Path) -> tuple[str, bool]:
    """The newest version if the module is as released, else the one that it would become; and whether it is that.

    Args:
        project: where the module is.
        module: the module.
        image: compiles the working tree, where that is needed.
        start: the folder that paths in errors are relative to.

    Raises:
        FieldstoneError: the module is retired, or cannot be judged.
    """
    from fieldstone.checking.judging import judging_of_module
    from fieldstone.checking.options import CheckOptions
    from fieldstone.incremental.changed_files import is_unchanged

    newest = project.newest(module)
    if newest is not None and is_unchanged(project, module, newest):
        return newest.version, False
    project.require_living(module.name)
    only_the_version = CheckOptions(witness=False, second_opinion=False, style=False)
    judging = judging_of_module(project, module, image(), against="", start=start, options=only_the_version)
    report = judging.checked().report
    if newest is not None and not report.version:
        return newest.version, False
    return report.version, True


def _why_not(project: Project, module: Module) -> str:
    if not module.proto_files:
        return f"there are no .proto files below {module.root}"
    if project.settings.module(module.name).generate is False:
        return f"the settings say `generate = false` for {module.name}"
    anyway = f"`generate = true` in [tool.fieldstone.modules.{module.name}] asks for it anyway"
    if all(is_published(path) for path in module.proto_files):
        return f"other distributions publish the code of all its files; {anyway}"
    return f"it holds options alone; {anyway}"
