"""What a file says of itself: syntax, package and options."""

from __future__ import annotations

from functools import partial

from fieldstone.compatibility.buf_rules.catalogue import Hits, declare, rule
from fieldstone.compatibility.buf_rules.wording import quoted
from fieldstone.schema.declarations import DeclaredFile

OPTIONS = """
    cc_enable_arenas cc_generic_services csharp_namespace go_package java_generic_services java_multiple_files
    java_outer_classname java_package objc_class_prefix optimize_for php_class_prefix php_metadata_namespace
    php_namespace py_generic_services ruby_package swift_prefix
""".split()
"""The file options that must stay; each has a rule of its own, FILE_SAME_ and its name."""


@rule(
    "FILE_SAME_SYNTAX", "Checks that files have the same syntax.", "CSR FILE PACKAGE", v1="FILE PACKAGE", over="files"
)
def file_same_syntax(was: DeclaredFile, now: DeclaredFile) -> Hits:
    """Another syntax; all editions are one."""
    if was.syntax != now.syntax:
        yield now.at("syntax"), f"File syntax changed from {quoted(was.syntax)} to {quoted(now.syntax)}."


@rule(
    "FILE_SAME_PACKAGE",
    "Checks that files have the same package.",
    "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1beta1="FILE",
    over="files",
)
def file_same_package(was: DeclaredFile, now: DeclaredFile) -> Hits:
    """Another package."""
    if was.package != now.package:
        yield now.at("package"), f"File package changed from {quoted(was.package)} to {quoted(now.package)}."


def _same_option(name: str, was: DeclaredFile, now: DeclaredFile) -> Hits:
    before, after = was.option(name), now.option(name)
    if before != after:
        change = f"from {_shown(before)} to {_shown(after)}"
        yield now.at("options", name), f"File option {quoted(name)} changed {change}."


def _shown(value: object) -> str:
    return quoted(str(value).lower() if isinstance(value, bool) else str(value))


for _name in OPTIONS:
    declare(
        f"FILE_SAME_{_name.upper()}",
        f"Checks that files have the same value for the {_name} option.",
        "FILE PACKAGE",
        over="files",
        check=partial(_same_option, _name),
    )
