"""The application's own dataclasses, read from their source: nothing of the application is imported or run."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from fieldstone.codegen.storage.record_types import Types, dotted, parse_annotation, plain_name
from fieldstone.errors import FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.regular_file import read_regular

_REFERENCE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_MAKING = frozenset({"__init__", "__new__", "__setattr__"})
_EMPTY_BASES = frozenset({"object", "Generic", "Protocol", "abc.ABC"})


class RecordAttribute(Struct, frozen=True):
    """An attribute of a dataclass.

    Attributes:
        name: the attribute.
        annotation: its annotation as written, in the spelling of `ast.unparse`.
        types: what the annotation says, for `record_types.fits`.
        has_default: whether it may be left out when an instance is made.
        line: where it stands in the file of the class that declares it.
        init: whether `__init__` takes it.
        init_only: whether `__init__` takes it and the instance does not have it: an `InitVar`.
    """

    name: str
    annotation: str
    types: Types
    has_default: bool
    line: int
    init: bool = True
    init_only: bool = False


class RecordClass(Struct, frozen=True, kw_only=True):
    """A dataclass of the application.

    Attributes:
        module, name: as the reference names them; generated code imports it from there.
        path: the file that declares it; line: of its `class` statement.
        attributes: by name, those of its bases first, as `dataclasses.fields` orders them.
        frozen, slots, kw_only: what its decorator says.
        has_post_init: whether it or a base has a `__post_init__`.
        makes_itself: the methods of it and its bases that decide how an instance is made: `__new__`.
        bases: the full names of its bases.
        unread: the bases, its own and theirs, whose source is not below the roots.
    """

    module: str
    name: str
    path: Path
    line: int
    attributes: Mapping[str, RecordAttribute]
    frozen: bool = False
    slots: bool = False
    kw_only: bool = False
    has_post_init: bool = False
    makes_itself: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def find_record_class(reference: str, paths: Sequence[Path]) -> RecordClass:
    """The dataclass that an annotation names.

    Args:
        reference: module and class: "telemetry_app.records:StepRecord".
        paths: the folders that the application's imports start from.

    Raises:
        FieldstoneError: the reference names no dataclass below the roots, or its source does not parse.
    """
    return RecordSources(paths).find(reference)


def by_slots(record: RecordClass, mapped: Collection[str]) -> bool:
    """Whether an instance may be made by `object.__new__` and storing the mapped attributes.

    Args:
        record: the class.
        mapped: all attributes that are stored.
    """
    plain = all(
        item.init and not item.init_only and "Final" not in item.annotation for item in record.attributes.values()
    )
    special = record.frozen or record.has_post_init or record.makes_itself or record.unread
    return plain and not special and set(record.attributes) == set(mapped)


class RecordSources:
    """Finds dataclasses below the folders that imports start from; each file is read once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self._modules: dict[str, _Module | None] = {}

    def find(self, reference: str) -> RecordClass:
        """As `find_record_class`.

        Raises:
            FieldstoneError: the reference names no dataclass below the roots, or its source does not parse.
        """
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise Invalid(f'"{reference}" names no class of a module', fix='write it as "package.module:Class"')
        module = self._module(found["module"])
        if module is None:
            raise self._no_module(found["module"])
        declared = self._class(module, found["name"], frozenset())
        if declared is None:
            near = difflib.get_close_matches(found["name"], module.names() - {found["name"]}, n=1)
            raise NotFound(f"no class {found['name']} in {module.path}", fix=f"did you mean {near[0]}?" if near else "")
        return self._record(found["module"], found["name"], *declared)

    def _record(self, module: str, name: str, home: _Module, node: ast.ClassDef) -> RecordClass:
        options = home.dataclass_options(node)
        if options is None:
            raise Invalid(
                f"{name} at {home.path}:{node.lineno} is no dataclass", fix="put @dataclass(slots=True) above it"
            )
        parts = _Parts()
        self._collect(home, node, parts, frozenset())
        return RecordClass(
            module=module,
            name=name,
            path=home.path,
            line=node.lineno,
            attributes=parts.attributes,
            has_post_init="__post_init__" in parts.methods,
            makes_itself=tuple(sorted(parts.methods - {"__post_init__"})),
            bases=tuple(home.full_name(base) for base in node.bases),
            unread=tuple(parts.unread),
            **{option: options.get(option, False) for option in ("frozen", "slots", "kw_only")},
        )

    def _collect(self, home: _Module, node: ast.ClassDef, parts: _Parts, inside: frozenset[str]) -> None:
        """Add what a class declares to `parts`, after its bases, the last of which comes first."""
        for base in reversed(node.bases):
            name = home.full_name(base)
            declared = None if name in inside else self._by_full_name(name)
            if declared is not None:
                self._collect(*declared, parts, inside | {name})
            elif name not in _EMPTY_BASES:
                parts.unread.append(name)
        parts.unread.extend(f"metaclass {ast.unparse(word.value)}" for word in node.keywords if word.arg == "metaclass")
        parts.methods |= _methods(node) & {"__post_init__", *_MAKING}
        if home.dataclass_options(node) is not None:
            parts.attributes.update({item.name: item for item in home.attributes(node)})

    def _by_full_name(self, full_name: str) -> tuple[_Module, ast.ClassDef] | None:
        module, _, name = full_name.rpartition(".")
        found = self._module(module) if module else None
        return self._class(found, name, frozenset()) if found else None

    def _class(
        self, module: _Module, name: str, seen: frozenset[tuple[str, str]]
    ) -> tuple[_Module, ast.ClassDef] | None:
        """A class of a module, also one that it imports; `A.B` stands inside A."""
        first, _, rest = name.partition(".")
        node = module.classes.get(first)
        while node is not None and rest:
            first, _, rest = rest.partition(".")
            node = next((part for part in node.body if isinstance(part, ast.ClassDef) and part.name == first), None)
        if node is not None:
            return module, node
        source, _, original = module.imports.get(name, "").rpartition(".")
        further = self._module(source) if source and (source, original) not in seen else None
        return self._class(further, original, seen | {(source, original)}) if further else None

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            inside = name.replace(".", "/")
            candidates = [root / end for root in self.paths for end in (f"{inside}/__init__.py", f"{inside}.py")]
            path = next((path for path in candidates if path.is_file()), None)
            self._modules[name] = _Module.parse(name, path) if path else None
        return self._modules[name]

    def _no_module(self, name: str) -> FieldstoneError:
        roots = ", ".join(str(root) for root in self.paths) or "no folder"
        near = difflib.get_close_matches(name, self._neighbours(name), n=1)
        fix = f"did you mean {near[0]}?" if near else "list the folder that its import starts from in `record-paths`"
        return NotFound(f"no module {name} below {roots}", fix=fix)

    def _neighbours(self, name: str) -> Iterator[str]:
        """The modules in the package that a module was looked for in."""
        package = name.rpartition(".")[0]
        for root in self.paths:
            folder = root / package.replace(".", "/")
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix == ".py" or (path / "__init__.py").is_file():
                    yield f"{package}.{path.stem}".removeprefix(".")


class _Parts(Struct):
    """The collected declarations of a class and its bases."""

    attributes: dict[str, RecordAttribute] = {}
    methods: set[str] = field(default_factory=set)
    unread: list[str] = []


class _Module(Struct):
    """A source file: its classes, what its imports stand for, and its aliases of types."""

    path: Path
    name: str
    classes: dict[str, ast.ClassDef] = {}
    imports: dict[str, str] = {}
    aliases: dict[str, ast.expr] = {}

    @classmethod
    def parse(cls, name: str, path: Path) -> _Module:
        """Parse a file.

        Raises:
            FieldstoneError: it cannot be read, or is no Python.
        """
        module = cls(path, name)
        for statement in _top_level(_parse(path).body):
            if isinstance(statement, ast.ClassDef):
                module.classes[statement.name] = statement
            elif isinstance(statement, ast.Import):
                module.imports.update(_imported(statement))
            elif isinstance(statement, ast.ImportFrom):
                source = module.absolute(statement)
                module.imports.update({item.asname or item.name: f"{source}.{item.name}" for item in statement.names})
            elif isinstance(statement, ast.AnnAssign | ast.Assign) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                module.aliases.update({dotted(target): statement.value for target in targets})
        return module

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The module that a `from` import names, also where it begins with dots."""
        parts = self.name.split(".")
        up = statement.level - (1 if self.path.name == "__init__.py" else 0)
        package = parts[: len(parts) - up] if statement.level else []
        return ".".join([*package, *([statement.module] if statement.module else [])])

    def names(self) -> set[str]:
        """The names that a reference to the module may have."""
        return {*self.classes, *self.imports}

    def full_name(self, node: ast.expr) -> str:
        """The full name of a class, its parameters left out: `Generic[T]` is `Generic`."""
        node = node.value if isinstance(node, ast.Subscript) else node
        return plain_name(self._resolve(dotted(node))) or ast.unparse(node)

    def _resolve(self, name: str) -> str:
        first, dot, rest = name.partition(".")
        if first in self.imports:
            return f"{self.imports[first]}{dot}{rest}"
        return f"{self.name}.{name}" if first in self.classes else name

    def types(self, annotation: ast.expr, seen: frozenset[str] = frozenset()) -> Types:
        """The types of an annotation, the module's aliases resolved, but those in `seen`, which it is part of."""

        def resolve(name: str) -> str | Types:
            if name in self.aliases and name not in seen:
                return self.types(self.aliases[name], seen | {name})
            return self._resolve(name)

        return parse_annotation(annotation, resolve)

    def dataclass_options(self, node: ast.ClassDef) -> dict[str, bool] | None:
        """The arguments of a class's `@dataclass`; None where it has none."""
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self._resolve(dotted(call)) == "dataclasses.dataclass":
                words = decorator.keywords if isinstance(decorator, ast.Call) else []
                return {w.arg: bool(w.value.value) for w in words if w.arg and isinstance(w.value, ast.Constant)}
        return None

    def attributes(self, node: ast.ClassDef) -> Iterator[RecordAttribute]:
        """The attributes that a dataclass declares itself."""
        for statement in node.body:
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            kind = self._kind(statement.annotation)
            if kind not in {"ClassVar", "dataclasses.KW_ONLY"}:
                yield RecordAttribute(
                    name=statement.target.id,
                    annotation=ast.unparse(_unquoted(statement.annotation)),
                    types=self.types(statement.annotation),
                    line=statement.lineno,
                    init_only=kind == "dataclasses.InitVar",
                    **self._field(statement.value),
                )

    def _kind(self, annotation: ast.expr) -> str:
        node = _unquoted(annotation)
        return plain_name(self._resolve(dotted(node.value if isinstance(node, ast.Subscript) else node)))

    def _field(self, value: ast.expr | None) -> dict[str, bool]:
        """The right-hand side of an attribute: `field(...)` of dataclasses, or a default."""
        if isinstance(value, ast.Call) and self._resolve(dotted(value.func)) == "dataclasses.field":
            words = {word.arg: word.value for word in value.keywords}
            init = words.get("init")
            return {
                "has_default": "default" in words or "default_factory" in words,
                "init": bool(init.value) if isinstance(init, ast.Constant) else True,
            }
        return {"has_default": value is not None, "init": True}


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


def _imported(statement: ast.Import) -> dict[str, str]:
    """`import a.b` makes `a` known, `import a.b as c` makes `c`."""
    return {
        item.asname or item.name.partition(".")[0]: item.name if item.asname else item.name.partition(".")[0]
        for item in statement.names
    }


def _methods(node: ast.ClassDef) -> set[str]:
    return {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}


def _unquoted(annotation: ast.expr) -> ast.expr:
    """The expression that an annotation in quotes holds; others as they are."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return annotation
    return annotation
