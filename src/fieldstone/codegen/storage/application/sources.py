"""The application's modules, found below the folders that imports start from, and parsed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from fieldstone.codegen.storage.application.record_types import Types, dotted, parse_annotation, plain_name, unquoted
from fieldstone.errors import FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.regular_file import read_regular
from fieldstone.suggestions import did_you_mean

_REFERENCE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")


class SourceModule(Struct):
    """A source file: its definitions by name.

    Attributes:
        path: the file.
        name: the module.
        classes, functions: their nodes.
        imports: what each imported name stands for, in full.
        import_from: the module to import for each of these.
        values: the right-hand sides of its assignments.
        annotated: the annotations of assigned names.
    """

    path: Path
    name: str
    classes: dict[str, ast.ClassDef] = {}
    functions: dict[str, ast.FunctionDef] = {}
    imports: dict[str, str] = {}
    import_from: dict[str, str] = {}
    values: dict[str, ast.expr] = {}
    annotated: dict[str, ast.expr] = {}

    @classmethod
    def read(cls, name: str, path: Path) -> SourceModule:
        """Parse a file.

        Raises:
            FieldstoneError: it cannot be read, or is no Python.
        """
        module = cls(path, name)
        for statement in _top_level(_parse(path).body):
            module.add(statement)
        return module

    def add(self, statement: ast.stmt) -> None:
        """Note what a statement at the top of the module defines."""
        match statement:
            case ast.ClassDef():
                self.classes[statement.name] = statement
            case ast.FunctionDef():
                self.functions[statement.name] = statement
            case ast.Import():
                for item in statement.names:
                    local = item.asname or item.name.partition(".")[0]
                    self.imports[local] = item.name if item.asname else local
                    self.import_from[local] = item.name
            case ast.ImportFrom():
                source = self.absolute(statement)
                for item in statement.names:
                    self.imports[item.asname or item.name] = f"{source}.{item.name}"
                    self.import_from[item.asname or item.name] = source
            case ast.Assign():
                self.values.update({dotted(target): statement.value for target in statement.targets})
            case ast.AnnAssign():
                self.annotated[dotted(statement.target)] = statement.annotation
                if statement.value is not None:
                    self.values[dotted(statement.target)] = statement.value

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The module that a `from` import names, also where it begins with dots."""
        parts = self.name.split(".")
        up = statement.level - (1 if self.path.name == "__init__.py" else 0)
        package = parts[: len(parts) - up] if statement.level else []
        return ".".join([*package, *([statement.module] if statement.module else [])])

    def names(self) -> set[str]:
        """The names that a reference to the module may have."""
        return {*self.classes, *self.functions, *self.imports, *self.values, *self.annotated} - {""}

    def full_name(self, node: ast.expr) -> str:
        """The full name of a class, its parameters left out: `Generic[T]` is `Generic`."""
        node = node.value if isinstance(node, ast.Subscript) else node
        return plain_name(self.resolve(dotted(node))) or ast.unparse(node)

    def resolve(self, name: str) -> str:
        """The full name of a name with its dots; a name that the module does not define stays as it is."""
        first, dot, rest = name.partition(".")
        if first in self.imports:
            return f"{self.imports[first]}{dot}{rest}"
        return f"{self.name}.{name}" if first in self.classes or first in self.functions else name

    def called(self, node: ast.expr | None) -> str:
        """The full name of what a call or a decorator names; empty for anything else."""
        name = dotted(node.func if isinstance(node, ast.Call) else node) if node is not None else ""
        return self.resolve(name) if name else ""

    def kind(self, annotation: ast.expr) -> str:
        """The outermost name of an annotation: "ClassVar", "dataclasses.InitVar"."""
        node = unquoted(annotation)
        return plain_name(self.resolve(dotted(node.value if isinstance(node, ast.Subscript) else node)))

    def types(self, annotation: ast.expr, seen: frozenset[str] = frozenset()) -> Types:
        """The types of an annotation, the module's aliases resolved, but those in `seen`, which it is part of."""

        def resolve(name: str) -> str | Types:
            if name in self.values and name not in seen:
                return self.types(self.values[name], seen | {name})
            return self.resolve(name)

        return parse_annotation(annotation, resolve)


class Definition(Struct, frozen=True):
    """A name of a module where it is defined, however it was imported."""

    module: SourceModule
    name: str


class Sources:
    """Finds and parses modules below the folders that imports start from; each file is read once.

    Args:
        paths: the folders.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self._modules: dict[str, SourceModule | None] = {}

    def referenced(self, reference: str, *, what: str) -> tuple[SourceModule, str]:
        """The module and the name of a reference, "package.module:Name".

        Args:
            reference: the reference.
            what: what it should name, for errors: "class".

        Raises:
            FieldstoneError: it is no reference, or there is no such module below the folders.
        """
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            example = "Class" if what == "class" else what
            raise Invalid(f'"{reference}" names no {what} of a module', fix=f'write it as "package.module:{example}"')
        module = self.module(found["module"])
        if module is None:
            raise self._no_module(found["module"])
        return module, found["name"]

    def definition(
        self, module: SourceModule, name: str, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Definition | None:
        """Where a name of a module is defined; the module itself where its imports do not lead to a known one."""
        first, dot, rest = name.partition(".")
        if first in {*module.classes, *module.functions, *module.values, *module.annotated}:
            return Definition(module, name)
        source, _, original = module.imports.get(first, "").rpartition(".")
        further = self.module(source) if source and (source, original) not in seen else None
        if further is None:
            return None
        return self.definition(further, f"{original}{dot}{rest}", seen | {(source, original)})

    def class_at(self, module: SourceModule, name: str) -> tuple[SourceModule, ast.ClassDef] | None:
        """A class of a module, also one that it imports; `A.B` stands inside A."""
        definition = self.definition(module, name)
        if definition is None:
            return None
        first, *inner = definition.name.split(".")
        node = definition.module.classes.get(first)
        for part in inner:
            inside = node.body if node is not None else []
            node = next((one for one in inside if isinstance(one, ast.ClassDef) and one.name == part), None)
        return (definition.module, node) if node is not None else None

    def class_named(self, full_name: str) -> tuple[SourceModule, ast.ClassDef] | None:
        """The class of a full name; None where its module is not below the folders."""
        module, _, name = full_name.rpartition(".")
        found = self.module(module) if module else None
        return self.class_at(found, name) if found else None

    def module(self, name: str) -> SourceModule | None:
        """A module by its name; None where it is not below the folders.

        Raises:
            FieldstoneError: it cannot be read, or is no Python.
        """
        if name not in self._modules:
            inside = name.replace(".", "/")
            candidates = [root / end for root in self.paths for end in (f"{inside}/__init__.py", f"{inside}.py")]
            path = next((path for path in candidates if path.is_file()), None)
            self._modules[name] = SourceModule.read(name, path) if path else None
        return self._modules[name]

    def _no_module(self, name: str) -> FieldstoneError:
        roots = ", ".join(str(root) for root in self.paths) or "no folder"
        otherwise = "list the folder that its import starts from in `record-paths`"
        fix = did_you_mean(name, self._neighbours(name), otherwise)
        return NotFound(f"no module {name} below {roots}", fix=fix)

    def _neighbours(self, name: str) -> Iterator[str]:
        """The modules in the package that a module was looked for in."""
        package = name.rpartition(".")[0]
        for root in self.paths:
            folder = root / package.replace(".", "/")
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix == ".py" or (path / "__init__.py").is_file():
                    yield f"{package}.{path.stem}".removeprefix(".")


def methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that a class defines itself, by name."""
    return {part.name: part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}


def _parse(path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(read_regular(path), filename=str(path))
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    except SyntaxError as error:
        raise Invalid(f"{path}:{error.lineno or 1}: {error.msg}", fix="mend it first") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{path} does not parse: {error}", fix="mend it first") from error


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, also those under `if TYPE_CHECKING` and in `try`."""
    for statement in body:
        if isinstance(statement, ast.If):
            yield from _top_level([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            handlers = [inner for handler in statement.handlers for inner in handler.body]
            yield from _top_level([*statement.body, *handlers, *statement.orelse])
        else:
            yield statement
