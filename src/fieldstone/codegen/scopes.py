"""Names of the schema and names of the generator, kept apart in generated Python.

A field, message, entity or query can have any name that generated code uses itself: a local variable, an import, a
constant, a builtin. Views mark the names that come from a schema, templates write their own as they like, and `settled`
gives the generator's name another form wherever one scope has both.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterator

from msgspec import Struct

from fieldstone.errors import Invalid

MARK = "\u02b9"
"""The mark in names of the schema: a letter to Python (https://docs.python.org/3/reference/lexical_analysis.html)
that no name of protobuf has, as those are ASCII. It never reaches a file."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_BUILTINS = frozenset(dir(builtins))


def marked(name: str) -> str:
    """A name of the schema, for a view, marked at both ends to tell `add_` and `x` from `add` and `_x`."""
    return f"{MARK}{name}{MARK}" if name else ""


def unmarked(text: str) -> str:
    """The text without marks."""
    return text.replace(MARK, "")


def settled(source: str) -> str:
    """Generated Python without marks, in which no name stands for two things.

    Parameters, attributes, methods and public definitions keep their names. A variable, private definition or import
    that has the name of one of them gets an underscore; a global that a parameter would hide gets a second name.

    Args:
        source: Python with marked names.

    Raises:
        FieldstoneError: two public definitions have one name.
        SyntaxError: the source is no Python.
    """
    text, _ = settled_with_names(source)
    return text


def settled_with_names(source: str) -> tuple[str, dict[str, str]]:
    """As `settled`; gives the names of the module's own definitions, too: marked, each with the one that it got."""
    module = _Module(ast.parse(source), source)
    module.settle()
    own = [name for name, (_, _, statement) in module.defined.items() if not _is_import(statement)]
    return unmarked(module.rewritten()), {name: module.renamed.get(name, unmarked(name)) for name in own}


class _Use(Struct, frozen=True):
    """One occurrence of a name; `start` and `end` are bytes in its line, which counts from 1."""

    name: str
    line: int
    start: int
    end: int
    prefix: str = ""


class _Module:
    """A module's names and the changes to them."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        self.tree = tree
        self.lines = source.encode().splitlines(keepends=True)
        self.edits: dict[_Use, str] = {}
        self.second: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.builtins = ""
        self.taken = {unmarked(name) for name in re.findall(r"\w+", source)}
        self.defined: dict[str, tuple[_Use, int, ast.stmt]] = {}
        self.renamed: dict[str, str] = {}

    def settle(self) -> None:
        """Find every clash and decide on another name."""
        for statement in self.tree.body:
            for use in self._bound(statement):
                known = self.defined.setdefault(use.name, (use, statement.end_lineno or use.line, statement))
                if known[2] is not statement and not _is_import(statement):
                    raise _alike(unmarked(use.name))
        self._tell_definitions_apart()
        for statement in self.tree.body:
            if isinstance(statement, _Function):
                self._settle_function(statement)
            elif isinstance(statement, ast.ClassDef):
                self._settle_class(statement)
            self._follow_renames(statement)

    def rewritten(self) -> str:
        """The source with the changes."""
        added: dict[int, list[str]] = {}
        if self.builtins:
            alias = "" if self.builtins == "builtins" else f" as {self.builtins}"
            added[self._last_import] = [f"import builtins{alias}\n"]
        for name, second in self.second.items():
            _, end, statement = self.defined[name]
            line = self._last_import if _is_import(statement) else end
            added.setdefault(line, []).append(f"{second} = {self.renamed.get(name, name)}\n")
        lines = list(self.lines)
        for use, new in sorted(self.edits.items(), key=lambda edit: (edit[0].line, -edit[0].start)):
            old = lines[use.line - 1]
            lines[use.line - 1] = old[: use.start] + (use.prefix + new).encode() + old[use.end :]
        for after in sorted(added, reverse=True):
            lines[after:after] = [text.encode() for text in added[after]]
        return b"".join(lines).decode()

    @property
    def _last_import(self) -> int:
        imports = [s.end_lineno or s.lineno for s in self.tree.body if _is_import(s)]
        return max(imports, default=0)

    def _another(self, name: str) -> str:
        """A form of the name that nothing in the module has."""
        form = unmarked(name) + "_"
        while form in self.taken:
            form += "_"
        self.taken.add(form)
        return form

    def _variable(self, name: str) -> str:
        """The other name of a variable, the same in every function."""
        if name not in self.variables:
            self.variables[name] = self._another(name)
        return self.variables[name]

    def _second(self, name: str) -> str:
        """The second name of a global; that of a builtin is in the module `builtins`."""
        if name in _BUILTINS and name not in self.defined:
            self.builtins = self.builtins or ("builtins" if "builtins" not in self.taken else self._another("builtins"))
            return f"{self.builtins}.{name}"
        if name not in self.second:
            self.second[name] = self._another(name)
        return self.second[name]

    def _bound(self, statement: ast.stmt) -> Iterator[_Use]:
        """The names that a statement of the module defines."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                bound = alias.asname or alias.name.partition(".")[0]
                yield _Use(bound, alias.lineno, alias.col_offset, alias.end_col_offset or 0, f"{alias.name} as ")
        elif isinstance(statement, _Definition):
            yield self._name_of(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (_use(node) for target in targets for node in ast.walk(target) if _is_stored(node))

    def _name_of(self, definition: _Definition) -> _Use:
        """The name after `def` or `class`."""
        line = self.lines[definition.lineno - 1]
        start = line.index(definition.name.encode(), definition.col_offset + 4)
        return _Use(definition.name, definition.lineno, start, start + len(definition.name.encode()))

    def _tell_definitions_apart(self) -> None:
        """Rename definitions that are called like another one; builtins that one hides get a second name."""
        loaded = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)} & _BUILTINS
        owners: dict[str, str] = {}
        for name in sorted(self.defined, key=lambda name: (self._rank(name), MARK in name)):
            plain = unmarked(name)
            hides = self._rank(name) > 0 and plain in loaded
            if not hides and owners.setdefault(plain, name) == name:
                continue
            if self._rank(name) == 0:
                raise _alike(plain)
            self.renamed[name] = self._another(name)
            self.edits[self.defined[name][0]] = self.renamed[name]
        for name in sorted((loaded & set(owners)) - set(self.defined)):
            self.renamed[name] = self._second(name)

    def _rank(self, name: str) -> int:
        """0 for a public definition, which others import by its name; then private ones, then imports."""
        statement = self.defined[name][2]
        return 2 if _is_import(statement) else int(name.startswith("_"))

    def _settle_class(self, statement: ast.ClassDef) -> None:
        """Keep the members of a class from hiding what its signatures and defaults name."""
        members = {name for part in statement.body for name in _members(part)}
        plain = {unmarked(name) for name in members}
        for part in statement.body:
            outside = _signature(part) if isinstance(part, _Function) else ast.walk(part)
            for node in outside:
                if isinstance(node, ast.Name) and node.id not in members and unmarked(node.id) in plain:
                    self.edits[_use(node)] = self._second(node.id)
            if isinstance(part, _Function):
                self._settle_function(part)

    def _settle_function(self, function: _Function) -> None:
        """Keep parameters and variables of the schema apart from all else that a function names."""
        given = [_use(argument) for argument in _arguments(function.args)]
        uses = [*given, *(use for part in function.body for use in self._uses(part))]
        local = {use.name for use in given} | {
            use.name for part in function.body for use in self._uses(part, only_stored=True)
        }
        variables = local - {use.name for use in given}
        keeps: dict[str, str] = {}
        for name in sorted({use.name for use in uses}, key=lambda name: _order(name, given, local)):
            plain = unmarked(name) if name in local else self.renamed.get(name, unmarked(name))
            hides = name in variables and marked(name) in self.defined
            if not hides and keeps.setdefault(plain, name) == name:
                continue
            new = self._variable(name) if name in local else self._second(name)
            self.edits.update((use, new) for use in uses if use.name == name)
        hidden = local & set(self.renamed)
        self.edits.update((use, self.edits.get(use, unmarked(use.name))) for use in uses if use.name in hidden)

    def _uses(self, part: ast.AST, *, only_stored: bool = False) -> Iterator[_Use]:
        """The occurrences of names in a part of a function's body."""
        for node in ast.walk(part):
            if isinstance(node, ast.ExceptHandler) and node.name:
                yield self._handled(node, node.name)
            elif isinstance(node, ast.arg) or _is_stored(node) or (isinstance(node, ast.Name) and not only_stored):
                yield _use(node)

    def _handled(self, handler: ast.ExceptHandler, name: str) -> _Use:
        """The name of an exception: `except X as name`."""
        after = handler.type or handler
        line = (after.end_lineno or handler.lineno) if handler.type else handler.lineno
        start = self.lines[line - 1].index(name.encode(), after.end_col_offset or 0 if handler.type else 0)
        return _Use(name, line, start, start + len(name.encode()))

    def _follow_renames(self, statement: ast.stmt) -> None:
        """Use the new names of renamed definitions everywhere that nothing nearer is meant."""
        if not self.renamed or _is_import(statement):
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in self.renamed:
                self.edits.setdefault(_use(node), self.renamed[node.id])


def _alike(name: str) -> Invalid:
    return Invalid(
        f"two definitions of generated code are called {name}",
        fix="give one of the entities or fields another name in its annotation",
    )


def _order(name: str, given: Collection[_Use], local: Collection[str]) -> tuple[int, int, str]:
    """The order in which names choose: parameters of the schema, other parameters, variables, globals."""
    if any(use.name == name for use in given):
        return (0, int(MARK not in name), name)
    return (1 if name in local else 2, int(MARK not in name), name)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _use(node: ast.AST) -> _Use:
    """The occurrence of a Name, or of an argument's name."""
    if isinstance(node, ast.Name):
        return _Use(node.id, node.lineno, node.col_offset, node.end_col_offset or 0)
    if isinstance(node, ast.arg):
        return _Use(node.arg, node.lineno, node.col_offset, node.col_offset + len(node.arg.encode()))
    raise TypeError(type(node).__name__)


def _arguments(given: ast.arguments) -> list[ast.arg]:
    return [a for a in (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg) if a]


def _members(part: ast.stmt) -> Iterator[str]:
    """The names that a statement in a class's body gives the class."""
    if isinstance(part, _Definition):
        yield part.name
    else:
        yield from (node.id for node in ast.walk(part) if isinstance(node, ast.Name) and _is_stored(node))


def _signature(function: _Function) -> Iterator[ast.AST]:
    """The parts of a method that are looked up in its class: decorators, annotations, defaults."""
    arguments = function.args
    defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
    annotations = [a.annotation for a in _arguments(arguments) if a.annotation]
    for part in (*function.decorator_list, *defaults, *annotations, function.returns):
        if part is not None:
            yield from ast.walk(part)
