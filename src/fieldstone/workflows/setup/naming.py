"""Names of the modules that `fieldstone init` sets up: given, asked for, or derived from the repository.

A name outlives the folder of a clone and says more than `proto`. It is permanent from the first release on.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.errors import Conflict, Invalid, NotFound
from fieldstone.regular_file import read_file
from fieldstone.toolchain import git
from fieldstone.workflows.setup.import_roots import is_vendored, package_of
from fieldstone.workflows.setup.texts import toml_key, toml_text
from fieldstone.workspace.module_name import REQUIREMENT, is_module_name
from fieldstone.workspace.modules import Module
from fieldstone.workspace.vocabulary import VOCABULARY

SAYS_NOTHING = frozenset(
    "api apis contract contracts definition definitions idl idls include interface interfaces java lib main model "
    "models pb pkg proto protobuf protobufs protoroot protos resources schema schemas source sources spec specs "
    "src".split()
)
"""The names of folders that say nothing about a module."""
_VERSION = re.compile(r"v\d+((alpha|beta|test)\d*|p\d+\w*)?")


class Nameless(Struct, frozen=True):
    """A module to name.

    Attributes:
        path: the path by which settings name it (`Module.key`).
        default: the name that it has without settings.
        buf_name: its name in a buf registry; may be empty.
        packages: the protobuf packages of its files.
        kept: whether its name is neither given nor derived: that of vendored code, of the vocabulary, or of releases.
    """

    path: str
    default: str
    buf_name: str = ""
    packages: frozenset[str] = frozenset()
    kept: bool = False


Ask = Callable[[str, str], str]
"""Asks for the name of a module: given its path and the derived name, possibly empty, returns the chosen one."""


class Naming(Struct, frozen=True):
    """The names given on the command line.

    Attributes:
        only: the name of the only module; empty if it is not given.
        by_path: path to name.
        ask: asks for the names that are not given; None to derive them.
    """

    only: str = ""
    by_path: Mapping[str, str] = {}
    ask: Ask | None = None


DERIVED = Naming()
"""No name is given: all are derived."""


def name_modules(modules: Sequence[Nameless], naming: Naming, folder: Path) -> dict[str, str]:
    """Name the modules of a repository.

    Args:
        modules: the modules of its buf configuration.
        naming: the given names.
        folder: a folder of the repository.

    Returns:
        Path to name.

    Raises:
        FieldstoneError: a given name is invalid or for no module, two modules would have one name, or nothing in the
            repository gives a name to a module.
    """
    own = [module for module in modules if not module.kept]
    given = _given(modules, own, naming)
    derived = {module.path: module.default for module in modules} | _derive(own, folder)
    for module in own:
        if naming.ask and module.path not in given:
            given[module.path] = naming.ask(module.path, derived[module.path])
    names = derived | given
    _refuse(names, is_only=len(own) == 1)
    return names


def names_to_write(
    modules: Sequence[Nameless], naming: Naming, folder: Path, released: Collection[str]
) -> dict[str, str]:
    """The names that settings must hold: those that differ from the default, or that a folder's name would give.

    Args:
        modules: the modules.
        naming: the given names.
        folder: a folder of the repository.
        released: the names with releases, which their modules keep.

    Returns:
        Path to name.

    Raises:
        FieldstoneError: as for `name_modules`.
    """
    modules = [replace(module, kept=module.kept or module.default in released) for module in modules]
    names = name_modules(modules, naming, folder)
    return {m.path: names[m.path] for m in modules if names[m.path] != m.default or (m.path == "." and not m.buf_name)}


def refuse_renaming(modules: Sequence[Nameless], naming: Naming, file: Path) -> None:
    """Raise if other names are given than those that existing settings hold, which are never changed.

    Args:
        modules: the modules, whose `default` is the name that they have.
        naming: the given names.
        file: the settings.

    Raises:
        FieldstoneError: a given name differs, is invalid, or is for no module.
    """
    own = [module for module in modules if not module.kept]
    known = {module.path: module.default for module in modules}
    for path, name in _given(modules, own, naming).items():
        if known[path] != name:
            table = "tool.fieldstone.modules" if file.name == "pyproject.toml" else "modules"
            raise Conflict(
                f"{file} exists, and init changes no file: the module at {path} is called {known[path]}",
                fix=f"write [{table}.{toml_key(name)}] with path = {toml_text(path)} to it",
            )


def _given(modules: Sequence[Nameless], own: Sequence[Nameless], naming: Naming) -> dict[str, str]:
    listed = ", ".join(module.path for module in modules)
    unknown = [path for path in naming.by_path if path not in {module.path for module in modules}]
    if unknown:
        raise NotFound(f"--module names {unknown[0]}, and there is no module at that path", fix=f"modules: {listed}")
    if naming.only and len(own) != 1:
        paths = " ".join(_option(module.path) for module in own)
        fix = f"name each: {paths}" if own else "leave --name out"
        raise Invalid(f"--name {naming.only} is for one module, and {len(own)} here can be named", fix=fix)
    other = next((m for m in modules if m.kept and naming.by_path.get(m.path, m.default) != m.default), None)
    if other:
        raise Invalid(
            f"the module at {other.path} keeps its name {other.default}: it has releases, or is vendored code",
            fix=f"leave --module {other.path}=... out",
        )
    given = dict(naming.by_path)
    if naming.only and own:
        given.setdefault(own[0].path, naming.only)
    for name in given.values():
        if not is_module_name(name):
            raise Invalid(f"{name!r} cannot be the name of a module: {REQUIREMENT}", fix="choose another name")
    return given


def _refuse(names: Mapping[str, str], *, is_only: bool) -> None:
    """Raise if a module has no name, or two have the same."""
    nameless = [path for path, name in names.items() if not name]
    if nameless:
        way = "--name NAME" if is_only else _option(nameless[0])
        raise Invalid(
            f"nothing here gives the module at {nameless[0]} a name that outlives this folder: there is no git "
            "remote, and its files have no package in common",
            fix=f"name it: `fieldstone init {way}`",
        )
    twice = [name for name, count in Counter(names.values()).items() if count > 1]
    if twice:
        paths = [path for path, name in names.items() if name == twice[0]]
        raise Conflict(
            f"the modules at {' and '.join(paths)} would both be called {twice[0]}",
            fix=f"name one of them: `fieldstone init {_option(paths[-1])}`",
        )


def _option(path: str) -> str:
    return f"--module {shlex.quote(f'{path}=NAME')}"


def _derive(modules: Sequence[Nameless], folder: Path) -> dict[str, str]:
    """A name for each module; empty where nothing gives one."""
    names = {module.path: _from_itself(module) for module in modules}
    nameless = [module for module in modules if not names[module.path]]
    owner, remote = remote_name(folder)
    names |= {module.path: _telling(common_package(module.packages)) for module in nameless}
    if len(nameless) == 1:
        (only,) = nameless
        names[only.path] = _telling(remote) or names[only.path]
    left = [module for module in nameless if not names[module.path]]
    if len(left) == 1:  # the repository is named after it
        names[left[0].path] = _telling(remote) or _telling("-".join(filter(None, (owner, remote))))
    repeated = {name for name, count in Counter(names.values()).items() if name and count > 1}
    for module in modules:
        if names[module.path] in repeated:
            names[module.path] = common_package(module.packages) or _telling(slug(module.path))
    return names


def _telling(name: str) -> str:
    """The name if it says something; else empty."""
    return "" if _says_nothing(name) else name


def _from_itself(module: Nameless) -> str:
    """The name from the module's own name at buf, or its path; empty if they say nothing."""
    if module.buf_name:
        owner, name = module.buf_name.split("/")[-2:] if "/" in module.buf_name else ("", module.buf_name)
        return slug(f"{owner}-{name}") if _says_nothing(name) else module.default
    parts = [part for part in module.path.split("/") if part != "."]
    telling = [part for part in parts if not _says_nothing(part)]
    if not telling:
        return ""
    return module.default if telling[-1] == parts[-1] else slug(telling[-1])


def remote_name(folder: Path) -> tuple[str, str]:
    """The owner and the name of the repository in the address of its git remote; both empty without one.

    Another folder of this machine is no remote: its name is that of a clone.
    """
    address = git.config("remote.origin.url", folder).rstrip("/")
    parts = [part for part in re.split(r"[/:\\]+", address) if part]
    is_local = address.startswith((".", "/", "file:", "\\")) or re.match(r"[A-Za-z]:[\\/]", address)
    if not parts or (is_local and not address.endswith(".git")):
        return "", ""
    owner = "" if is_local or len(parts) < len("host owner name".split()) else parts[-2]
    return slug(owner), slug(parts[-1].removesuffix(".git"))


def common_package(packages: Iterable[str]) -> str:
    """The common beginning of packages, without a version, as a name: `acme-weather`; empty if there is none."""
    split = [[part for part in package.split(".") if not _VERSION.fullmatch(part)] for package in packages]
    if not split:
        return ""
    common: list[str] = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return slug("-".join(common))


def nameless_modules(modules: Iterable[Module]) -> list[Nameless]:
    """The modules of a buf configuration, as they are to be named.

    Raises:
        FieldstoneError: a file cannot be read.
    """
    return [
        Nameless(
            path=module.key,
            default=module.name,
            buf_name=module.buf_name,
            packages=frozenset(package_of(read_file(path)) for path in module.proto_files.values()),
            kept=is_vendored(module.path) or module.proto_files.keys() == {VOCABULARY},
        )
        for module in modules
    ]


def slug(text: str) -> str:
    """A text as lower-case ASCII words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _says_nothing(name: str) -> bool:
    return name.lower() in SAYS_NOTHING or _VERSION.fullmatch(name) is not None
