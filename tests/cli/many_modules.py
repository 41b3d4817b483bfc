"""A workspace of many modules, with imports between them and styles of their own; and random edits of it."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.cli.workspace import Repo

NAMES = ("base", "money", "users", "shop", "mail", "wide", "stock")
"""The modules, each after those that it imports."""

_IMPORTS = {"money": ("base",), "shop": ("money", "users"), "mail": ("shop", "base"), "stock": ("wide",)}
_WIDE = 24
"""The files of the module that is judged in part."""

_BUF_YAML = """\
version: v2
modules:
  - path: base
  - path: money
    lint: {use: [STANDARD], except: [ENUM_VALUE_PREFIX]}
  - path: users
    lint: {use: [MINIMAL]}
  - path: shop
    lint: {use: [STANDARD, COMMENTS], except: [COMMENT_FIELD, COMMENT_ENUM_VALUE]}
  - path: mail
    lint: {use: [STANDARD], ignore: [mail/acme/mail/v1/f2.proto]}
  - path: stock
  - path: wide
lint: {use: [STANDARD]}
"""


def path_of(name: str, number: int = 0) -> str:
    """The path of a file of a module."""
    return f"{name}/acme/{name}/v1/f{number}.proto"


def many_module_sources() -> dict[str, str]:
    """The files of the workspace."""
    files = {"buf.yaml": _BUF_YAML}
    for name in NAMES:
        for number in range(_WIDE if name == "wide" else 3):
            files[path_of(name, number)] = _source(name, number)
    return files


def _source(name: str, number: int) -> str:
    imported = _IMPORTS.get(name, ()) if number == 0 else ()
    imports = "".join(f'import "acme/{other}/v1/f0.proto";\n' for other in imported)
    imports += 'import "google/protobuf/timestamp.proto";\n' if number == 1 else ""
    fields = "".join(f"  acme.{other}.v1.Thing0 {other} = {10 + at};\n" for at, other in enumerate(imported))
    fields += "  google.protobuf.Timestamp at = 20;\n" if number == 1 else ""
    kind = (
        f"\n// Its kind.\nenum Kind {{\n  KIND_UNSPECIFIED = 0;\n  KIND_{name.upper()} = 1;\n}}\n"
        if number == 2
        else ""
    )
    head = f'syntax = "proto3";\n\npackage acme.{name}.v1;\n\n{imports}\n'
    return f"{head}// A thing.\nmessage Thing{number} {{\n  string id = 1;\n  int64 size = 2;\n{fields}}}\n{kind}"


def edit_randomly(repo: Repo, rng: random.Random, edits: int) -> list[str]:
    """Change the workspace so many times; what was done, and where."""
    return [f"{edit.__name__} {edit(repo, rng)}" for edit in rng.choices(_EDITS, _WEIGHTS, k=edits)]


def _replace(old: str, new: str, called: str) -> Callable[[Repo, random.Random], str]:
    """An edit that replaces text in a file that has it."""

    def edit(repo: Repo, rng: random.Random) -> str:
        path = path_of(rng.choice(NAMES), rng.randrange(3))
        there = repo.root / path
        if there.exists():
            there.write_text(there.read_text().replace(old, new.format(n=rng.randrange(30, 99))))
        return path

    edit.__name__ = called
    return edit


def _add_file(repo: Repo, rng: random.Random) -> str:
    name, imported = rng.choice(NAMES), rng.choice(NAMES)
    path = path_of(name, 50)
    head = f'syntax = "proto3";\n\npackage acme.{name}.v1;\n\nimport "acme/{imported}/v1/f1.proto";\n\n'
    repo.write(path, f"{head}// More.\nmessage More {{\n  acme.{imported}.v1.Thing1 one = 1;\n}}\n")
    return f"{path} importing {imported}"


def _remove_file(repo: Repo, rng: random.Random) -> str:
    path = path_of(rng.choice(NAMES), rng.randrange(1, 3))
    (repo.root / path).unlink(missing_ok=True)
    return path


def _move_file(repo: Repo, rng: random.Random) -> str:
    """Move a file to another module, under the same import path."""
    name, other = rng.sample(NAMES, 2)
    path = path_of(name, 2)
    there = repo.root / path
    if there.exists():
        repo.write(f"{other}/{path.partition('/')[2]}", there.read_text())
        there.unlink()
    return f"{path} to {other}"


_EDITS = [
    _replace("  string id = 1;\n", "  string id = 1;\n  string note_{n} = {n};\n", "add a field to"),
    _replace("  int64 size = 2;\n", "", "remove a field from"),
    _replace("  int64 size = 2;\n", "  int32 size = 2;\n", "retype a field of"),
    _replace("  string id = 1;\n", "  string badName{n} = {n};\n  string id = 1;\n", "break the style of"),
    _replace("Thing1 {", "Renamed1 {{", "rename a message of"),
    _replace("KIND_UNSPECIFIED = 0", "KIND_NONE = 0", "rename a value of"),
    _replace("// A thing.\n", "// Some thing.\n", "reword a comment of"),
    _replace("\n// A thing", '\noption go_package = "acme/v{n}";\n\n// A thing', "set an option of"),
    _replace("message Thing2 {", "message Thing2 {{\n  Missing it = {n};", "break the compile of"),
    _add_file,
    _remove_file,
    _move_file,
]
_WEIGHTS = [8, 2, 2, 2, 1, 1, 2, 1, 1, 2, 1, 1]
