"""What is gone: files, packages, and what they declared.

buf points at the innermost message that still holds the place of a nested declaration, and otherwise
at the file, without a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.comparison import NOWHERE, Comparison, in_file
from fieldstone.compatibility.buf_rules.wording import quoted
from fieldstone.schema.declarations import Declaration, DeclaredFile
from fieldstone.schema.location import Location

_KINDS = {
    "enum": ("enums", "CSR FILE"),
    "extension": ("extensions", "FILE"),
    "message": ("messages", "CSR FILE"),
    "service": ("services", "FILE"),
}
"""Word of a kind -> the attribute of a file that lists it, and the categories of its removal from a file."""


@rule("FILE_NO_DELETE", "Checks that files are not deleted.", "CSR FILE", over="old_files")
def file_no_delete(was: DeclaredFile, compared: Comparison) -> Hits:
    """A file is gone."""
    if was.path not in compared.new.files:
        yield NOWHERE, f"Previously present file {quoted(was.path)} was deleted."


@rule("PACKAGE_NO_DELETE", "Checks that packages are not deleted.", "PACKAGE", over="old_files")
def package_no_delete(was: DeclaredFile, compared: Comparison) -> Hits:
    """No file is left of a package; said once, for its first file."""
    of_old = [file for file in compared.old.files.values() if file.package == was.package]
    if was.package not in compared.new_packages and of_old[0] is was:
        yield NOWHERE, f"Previously present package {quoted(was.package)} was deleted."


def _gone_from_file(kind: str, was: DeclaredFile, compared: Comparison) -> Hits:
    now = compared.new.files.get(was.path)
    if now is None:
        return
    left = in_file(now, _KINDS[kind][0])
    for name in in_file(was, _KINDS[kind][0]):
        if name not in left:
            place = _holder(name, in_file(now, "messages")) or Location(now.path)
            yield place, f"Previously present {kind} {quoted(name)} was deleted from file."


def _gone_from_package(kind: str, was: DeclaredFile, compared: Comparison) -> Hits:
    """Where nothing of the kind is left in the package, buf says nothing; services it counts to the last."""
    left = compared.in_package(_KINDS[kind][0], was.package)
    if not left and (kind != "service" or was.package not in compared.new_packages):
        return
    for name in in_file(was, _KINDS[kind][0]):
        if name not in left:
            message = f"Previously present {kind} {quoted(name)} was deleted from package {quoted(was.package)}."
            yield _place_in_package(kind, name, was, compared), message


def _place_in_package(kind: str, name: str, was: DeclaredFile, compared: Comparison) -> Location:
    """buf looks for what held a message in the package, and for what held anything else in the file."""
    now = compared.new.files.get(was.path)
    if now is None:
        return NOWHERE
    of_package = kind == "message"
    messages = compared.in_package("messages", was.package) if of_package else in_file(now, "messages")
    return _holder(name, messages) or Location(now.path)


def _holder(name: str, messages: Mapping[str, Declaration]) -> Location | None:
    """The place of the innermost message of those around a nested name that is still there."""
    return next((messages[outer].place for outer in _outer(name) if outer in messages), None)


def _outer(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


for _kind, (_, _categories) in _KINDS.items():
    _only = ("v2",) if _kind == "extension" else ("v1beta1", "v1", "v2")
    declare(
        f"{_kind.upper()}_NO_DELETE",
        f"Checks that {_kind}s are not deleted from a given file.",
        _categories,
        over="old_files",
        check=partial(_gone_from_file, _kind),
        only=_only,
    )
    declare(
        f"PACKAGE_{_kind.upper()}_NO_DELETE",
        f"Checks that {_kind}s are not deleted from a given package.",
        "PACKAGE",
        over="old_files",
        check=partial(_gone_from_package, _kind),
        only=_only,
    )
