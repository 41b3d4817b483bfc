"""Random edits of a module of many files."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from tests.incremental.trees import File, Tree, make_file

Edit = Callable[[Tree, random.Random], None]


def _pick(tree: Tree, rng: random.Random) -> tuple[str, File]:
    path = rng.choice(sorted(tree))
    return path, tree[path]


def _changed(file: File, message: str, lines: tuple[str, ...]) -> File:
    return replace(file, messages={**file.messages, message: lines})


def _reword(tree: Tree, rng: random.Random, words: dict[str, str]) -> None:
    """Say something else in the first message of a file that has one of these words."""
    path, file = _pick(tree, rng)
    for name, lines in sorted(file.messages.items()):
        changed = tuple(reduce(lambda line, word: line.replace(*word), words.items(), line) for line in lines)
        if changed != lines:
            tree[path] = _changed(file, name, changed)
            return


def comment(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    tree[path] = replace(file, comment=f"// Said {rng.random()}.\n")


def allow(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    rule = rng.choice(["message-name-without-version", "package-version-incomplete", "field-removed", "no-such-rule"])
    tree[path] = replace(file, comment=f"// fieldstone:allow {rule} {rng.choice(['As agreed.', ''])}\n")


def hold_another_version(tree: Tree, rng: random.Random) -> None:
    """A message of one version of a package holds one of another."""
    path, file = _pick(tree, rng)
    family = [p for p in sorted(tree) if p.startswith(path.partition("/")[0] + "/") and tree[p].messages and p != path]
    if family and file.messages:
        other, name = rng.choice(family), rng.choice(sorted(file.messages))
        label = "optional " if file.syntax == "proto2" else ""
        held = f"{label}.{tree[other].package}.{min(tree[other].messages)} held = 70;"
        tree[path] = replace(_changed(file, name, (*file.messages[name], held)), imports=(*file.imports, other))


def add_field(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    name = rng.choice(sorted(file.messages)) if file.messages else None
    if name:
        label = "optional " if file.syntax == "proto2" else ""
        number = rng.choice([50, 51, 60])
        tree[path] = _changed(file, name, (*file.messages[name], f"{label}string added{number} = {number};"))


def drop_line(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    name = rng.choice(sorted(file.messages)) if file.messages else None
    if name and file.messages[name]:
        lines = list(file.messages[name])
        lines.pop(rng.randrange(len(lines)))
        tree[path] = _changed(file, name, tuple(lines))


def retype(tree: Tree, rng: random.Random) -> None:
    _reword(tree, rng, {"string name": "bytes name", "int32 a ": "int64 a "})


def enum_value(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    if file.enums:
        name, values = min(file.enums.items())
        new = (*values, f"{name}_NEW = 9;") if rng.random() < 0.5 else values[:-1]
        tree[path] = replace(file, enums={**file.enums, name: new})


def move_type(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    other = rng.choice(sorted(p for p in tree if tree[p].package == file.package and p != path) or [path])
    moved = [name for name in file.messages if name.startswith("Old")]
    if moved and other != path:
        lines = file.messages[moved[0]]
        tree[path] = replace(file, messages={n: m for n, m in file.messages.items() if n != moved[0]})
        tree[other] = _changed(tree[other], moved[0], lines)
        if rng.random() < 0.7:
            tree[path] = replace(tree[path], imports=(*tree[path].imports, other))


def declare_twice(tree: Tree, rng: random.Random) -> None:
    """What another file of the package declares: a message, the value of an enum, or the number of an extension."""
    path, file = _pick(tree, rng)
    other = tree[rng.choice(sorted(p for p in tree if tree[p].package == file.package))]
    again = dict.fromkeys(sorted(other.messages)[:1], ())
    extensions = tuple(line.replace(" more", " again") for line in other.rest if "more" in line)
    match rng.randrange(3):
        case 0:
            tree[path] = replace(file, messages={**again, **file.messages})
        case 1:
            values = tuple(f"{name}_UNSPECIFIED = 0;" for name in other.enums)
            tree[path] = replace(file, enums={**file.enums, "Again": values or ("AGAIN_UNSPECIFIED = 0;",)})
        case _:
            tree[path] = replace(file, rest=(*file.rest, *extensions), imports=(*file.imports, *other.imports))


def add_import(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    other = rng.choice(sorted(tree))
    if other != path:
        is_public = rng.random() < 0.3
        tree[path] = replace(
            file, imports=(*file.imports, other), public=(*file.public, other) if is_public else file.public
        )


def drop_import(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    if file.imports:
        gone = rng.choice(file.imports)
        keep = tuple(p for p in file.imports if p != gone)
        tree[path] = replace(file, imports=keep, public=tuple(p for p in file.public if p != gone))


def toggle_public(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    if file.imports:
        one = rng.choice(file.imports)
        public = tuple(p for p in file.public if p != one) if one in file.public else (*file.public, one)
        tree[path] = replace(file, public=public)


def delete(tree: Tree, rng: random.Random) -> None:
    path, _ = _pick(tree, rng)
    imported = {p for file in tree.values() for p in file.imports}
    if path not in imported or rng.random() < 0.2:
        del tree[path]


def rename_file(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    new = path.replace(".proto", "_renamed.proto")
    del tree[path]
    tree[new] = file
    if rng.random() < 0.9:
        for other, importer in list(tree.items()):
            imports, public = (
                tuple(new if p == path else p for p in some) for some in (importer.imports, importer.public)
            )
            tree[other] = replace(importer, imports=imports, public=public)


def empty(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    tree[path] = replace(file, messages={}, enums={}, rest=(), imports=(), public=())


def change_options(tree: Tree, rng: random.Random) -> None:
    """The message of a custom option that others set."""
    declaring = [path for path, file in sorted(tree.items()) if any(name.startswith("Note") for name in file.messages)]
    if declaring:
        path = rng.choice(declaring)
        name = next(name for name in tree[path].messages if name.startswith("Note"))
        label = "optional " if tree[path].syntax == "proto2" else ""
        lines = tree[path].messages[name]
        new = (
            (*lines, f"{label}int32 more = 7;") if rng.random() < 0.6 else (lines[0].replace("= 1", "= 4"), *lines[1:])
        )
        tree[path] = _changed(tree[path], name, new)


def number_extension_anew(tree: Tree, rng: random.Random) -> None:
    with_rest = [path for path, file in sorted(tree.items()) if any("more" in line for line in file.rest)]
    if with_rest:
        path = rng.choice(with_rest)
        tree[path] = replace(
            tree[path],
            rest=tuple(line.replace(" = 1", " = 15", 1) if "more" in line else line for line in tree[path].rest),
        )


def drop_type(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    gone = [name for name in file.messages if name.startswith("Old")]
    if gone:
        tree[path] = replace(
            file,
            messages={n: m for n, m in file.messages.items() if n != gone[0]},
            rest=tuple(line for line in file.rest if not line.startswith("service")),
        )


def new_file(tree: Tree, rng: random.Random) -> None:
    number = 1000 + rng.randrange(1000)
    package = f"p{rng.randrange(11)}.v1"
    tree[f"{package.replace('.', '/')}/f{number}.proto"] = make_file(number, package, tree, rng)


def move_package(tree: Tree, rng: random.Random) -> None:
    """The file says another package than its folder; whoever names its types by the old one no longer compiles."""
    path, file = _pick(tree, rng)
    imported = {p for other in tree.values() for p in other.imports}
    if path not in imported or rng.random() < 0.2:
        other, _ = _pick(tree, rng)
        tree[path] = replace(file, package=tree[other].package)


def file_option(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    option = rng.choice(["go_package", "java_package", "ruby_package"])
    tree[path] = replace(file, options=(f'option {option} = "acme{rng.randrange(3)}";',))


def rpc(tree: Tree, rng: random.Random) -> None:
    """One more, or one less, or another message for one."""
    with_service = [
        path for path, file in sorted(tree.items()) if any(line.startswith("service") for line in file.rest)
    ]
    if with_service:
        path = rng.choice(with_service)
        number = tree[path].name[1:]
        new = rng.choice(
            [f"rpc More(Old{number}) returns (M{number});", "", f"rpc Get(Old{number}) returns (M{number});"]
        )
        old = f"rpc Get(M{number}) returns (Old{number});"
        whole = f"{old} {new}" if "More" in new else new
        tree[path] = replace(tree[path], rest=tuple(line.replace(old, whole) for line in tree[path].rest))


def change_syntax(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    tree[path] = replace(file, syntax="proto2" if file.syntax == "proto3" else "proto3")


def move_enum(tree: Tree, rng: random.Random) -> None:
    path, file = _pick(tree, rng)
    other = rng.choice(sorted(p for p in tree if tree[p].package == file.package))
    if file.enums and other != path:
        tree[path] = replace(file, enums={}, imports=(*file.imports, other))
        tree[other] = replace(tree[other], enums={**tree[other].enums, **file.enums})


def name_badly(tree: Tree, rng: random.Random) -> None:
    """What buf's style is against, and what it is told to let pass."""
    path, file = _pick(tree, rng)
    if file.messages:
        name = rng.choice(sorted(file.messages))
        label = "optional " if file.syntax == "proto2" else ""
        told = rng.choice(["", "// buf:lint:ignore FIELD_LOWER_SNAKE_CASE\n  "])
        tree[path] = _changed(file, name, (*file.messages[name], f"{told}{label}string BadName = 81;"))


def rename_field(tree: Tree, rng: random.Random) -> None:
    _reword(tree, rng, {"string name": "string title", "bool b ": "bool c "})


def nest(tree: Tree, rng: random.Random) -> None:
    """A message goes into another one of the file, as it is."""
    path, file = _pick(tree, rng)
    moved = [name for name in file.messages if name.startswith("Old")]
    others = [name for name in file.messages if not name.startswith("Old")]
    if moved and others:
        inner = f"message {moved[0]} {{ {' '.join(file.messages[moved[0]])} }}"
        left = {name: lines for name, lines in file.messages.items() if name != moved[0]}
        tree[path] = replace(file, messages={**left, others[0]: (*left[others[0]], inner)})


EDITS: tuple[Edit, ...] = (
    comment, comment, add_field, add_field, allow, hold_another_version, drop_line, retype, enum_value, enum_value,
    move_type, declare_twice, add_import, drop_import, toggle_public, delete, rename_file, empty, change_options,
    number_extension_anew, drop_type, new_file, move_package, file_option, rpc, change_syntax, move_enum, name_badly,
    rename_field, nest,
)  # fmt: skip


def edited(tree: Tree, rng: random.Random) -> tuple[Tree, list[str]]:
    """The tree after one to four random edits, and what they are called."""
    now = dict(tree)
    chosen = [rng.choice(EDITS) for _ in range(rng.randint(1, 4))]
    for edit in chosen:
        if now:
            edit(now, rng)
    return now, [edit.__name__ for edit in chosen]
