"""A large module of many files that import each other."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
OPTIONS = 6
"""Every so many-th file declares custom options that others set."""

PROTO2 = 7
"""Every so many-th file is of proto2, with a message for others to extend."""

EDITION = 5
"""Every so many-th file is of an edition that can import a file for its options alone, and does."""


@dataclass(frozen=True)
class File:
    """A source file by its parts; lines of a message and an enum are as they stand in the source."""

    package: str
    name: str
    syntax: str = "proto3"
    imports: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    for_options: tuple[str, ...] = ()
    comment: str = ""
    messages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rest: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def render(self) -> str:
        """Its source."""
        imports = [f'import "{path}";' for path in sorted(set(self.imports) - set(self.public))]
        imports += [f'import public "{path}";' for path in sorted(set(self.public))]
        options = set(self.for_options) - {*self.imports, *self.public}
        imports += [f'import option "{path}";' for path in sorted(options)]
        blocks = [f"{self.comment}message {name} {{\n{_indented(lines)}}}" for name, lines in self.messages.items()]
        blocks += [f"enum {name} {{\n{_indented(lines)}}}" for name, lines in self.enums.items()]
        begin = "edition" if self.syntax.isdigit() else "syntax"
        parts = [
            f'{begin} = "{self.syntax}";',
            f"package {self.package};",
            *imports,
            *self.options,
            *blocks,
            *self.rest,
        ]
        return "\n".join(parts) + "\n"


def _indented(lines: tuple[str, ...]) -> str:
    return "".join(f"  {line}\n" for line in lines)


Tree = dict[str, File]


def make_tree(size: int, rng: random.Random) -> Tree:
    """A module of so many files, each importing some of those before it."""
    tree: Tree = {}
    for number in range(size):
        nth = number * 9 // size
        package = f"p{nth // 2}.v{nth % 2 + 1}"  # no package imports a later one: so none import each other
        path = f"{package.replace('.', '/')}/f{number}.proto"
        tree[path] = make_file(number, package, tree, rng)
    return tree


def make_file(number: int, package: str, before: Tree, rng: random.Random) -> File:
    some = rng.sample(sorted(before), min(len(before), rng.randint(0, 4)))
    label = "optional " if number % PROTO2 == 0 else ""
    some = [path for path in some if _held_from(before[path], label)]
    public = tuple(path for path in some if rng.random() < 0.15)
    fields = [f"{label}string name = 1;", f"{label}E{number} kind = 2;"]
    setting = _setting(some, before)
    for position, path in enumerate(some, 3):
        other = before[path]
        held = rng.choice(_held_from(other, label))
        rule = "repeated " if rng.random() < 0.3 else label
        fields.append(
            f"{rule}.{other.package}.{held} field{position} = {position}{setting if rng.random() < 0.5 else ''};"
        )
    if not label:
        fields += ["map<string, int32> counts = 20;", "oneof choice { string left = 21; int64 right = 22; }"]
    for_options = _for_options(number, some, before)
    fields += [f"string noted = 40{_setting(for_options, before)};"] if for_options else []
    fields.append(f"message N {{ {label}int32 deep = 1; enum X {{ X_UNSPECIFIED = 0; X_ONE = 1; }} {label}X x = 2; }}")
    messages = {f"M{number}": tuple(fields), f"Old{number}": (f"{label}int32 a = 1;", f"{label}bool b = 2;")}
    values = (f"E{number}_UNSPECIFIED = 0;", f"E{number}_ONE = 1;", f"E{number}_TWO = 2;")
    rest, imports = _special(number, messages, some, before)
    calls = _calls(number, some, before) if number % 4 == 0 else []
    messages |= {f"Told{number}From{position}": () for position in range(len(calls))}
    rpcs = [f"rpc Get(M{number}) returns (Old{number});", *calls]
    service = f"service S{number} {{ {' '.join(rpcs)} }}"
    return File(
        package=package,
        name=f"f{number}",
        syntax="proto2" if label else "2024" if for_options else "proto3",
        imports=(*some, *imports),
        for_options=tuple(for_options),
        public=public,
        messages=messages,
        enums={f"E{number}": values},
        rest=(*rest, *([service] if number % 4 == 0 else [])),
    )


def _for_options(number: int, some: list[str], before: Tree) -> list[str]:
    """A file whose options the file sets, and of which it has nothing else.

    None that it also gets by `import public`: of such a file `buf lint` 1.75 says "already imported", and ends.
    """
    if number % EDITION or number % PROTO2 == 0:
        return []
    had = {*some, *(passed for path in some for passed in _passed_on(path, before))}
    return [path for path in sorted(before) if int(before[path].name[1:]) % OPTIONS == 0 and path not in had][-1:]


def _passed_on(path: str, tree: Tree) -> set[str]:
    """The files that who imports a file gets with it."""
    public = tree[path].public if path in tree else ()
    return {*public}.union(*(_passed_on(passed, tree) for passed in public))


def _calls(number: int, some: list[str], before: Tree) -> list[str]:
    """Rpcs that take a message of another file, which no other rpc does."""
    taken = " ".join(line for file in before.values() for line in file.rest)
    messages = {f".{before[path].package}.Old{before[path].name[1:]}": path for path in some}
    free = [name for name in messages if f"({name})" not in taken and not _is_called(before[messages[name]])]
    return [f"rpc Call{position}({name}) returns (Told{number}From{position});" for position, name in enumerate(free)]


def _is_called(file: File) -> bool:
    """Whether its own service gives its message."""
    return any(line.startswith("service") for line in file.rest)


def _held_from(other: File, label: str) -> list[str]:
    """The types that a field may have from another file: no message of proto3 holds a closed enum."""
    return [*other.messages, *([] if other.syntax == "proto2" and not label else other.enums)]


def _setting(some: list[str], before: Tree) -> str:
    for path in some:
        number = int(before[path].name[1:])
        if number % OPTIONS == 0:
            return f' [(.{before[path].package}.note{number}) = {{a: "x", kind: E{number}_ONE}}]'
    return ""


def _special(
    number: int, messages: dict[str, tuple[str, ...]], some: list[str], before: Tree
) -> tuple[list[str], list[str]]:
    """Extensions: of the options of fields, and of the messages of proto2 files."""
    rest: list[str] = []
    imports: list[str] = []
    if number % OPTIONS == 0:
        label = "optional " if number % PROTO2 == 0 else ""
        messages[f"Note{number}"] = (f"{label}string a = 1;", f"{label}E{number} kind = 2;")
        optional = "optional " if label else ""
        rest.append(
            f"extend google.protobuf.FieldOptions {{ {optional}Note{number} note{number} = {51300 + number}; }}"
        )
        imports.append("google/protobuf/descriptor.proto")
    if number % PROTO2 == 0:
        messages[f"Open{number}"] = ("optional string own = 1;", "extensions 100 to 199;")
        for path in some:
            other = int(before[path].name[1:])
            if other % PROTO2 == 0:
                field = f"optional string more{number}_{other} = {100 + number % 90};"
                rest.append(f"extend .{before[path].package}.Open{other} {{ {field} }}")
    return rest, imports
