"""A file option that affects generated code changed."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Level, Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.features import defaults_of
from fieldstone.schema.model import File

# Option -> the value if a file does not set it (descriptor.proto, FileOptions).
_DEFAULTS = {
    "cc_enable_arenas": "true",
    "cc_generic_services": "false",
    "csharp_namespace": "",
    "go_package": "",
    "java_generic_services": "false",
    "java_multiple_files": "false",
    "java_outer_classname": "",
    "java_package": "",
    "objc_class_prefix": "",
    "optimize_for": "SPEED",
    "php_class_prefix": "",
    "php_metadata_namespace": "",
    "php_namespace": "",
    "py_generic_services": "false",
    "ruby_package": "",
    "swift_prefix": "",
}


@rule(
    on=[(Kept, File)],
    summary="A released file keeps the options that affect generated code.",
    group=Group.OPTIONS,
    message="{option} of {name} went from {old} to {new}",
    fix="keep the released value of {option}: {old}",
    breaks=[Surface.SOURCE],
    other_levels=[Level.NOTE],
    buf=[f"FILE_SAME_{option.upper()}" for option in _DEFAULTS],
    follows=["file-syntax-changed"],
    examples=[
        hit('option go_package = "acme/v1;acme"; message Step {}', 'option go_package = "acme/v1"; message Step {}'),
        hit("message Step {}", 'option java_package = "com.acme"; message Step {}'),
        hit("message Step {}", 'option go_package = "acme/v1;acme"; message Step {}'),
        hit(
            'edition = "2023"; option java_multiple_files = true; service Steps {}',
            'edition = "2024"; service Steps {}',
            also=["file-syntax-changed"],
        ),
        miss("message Step {}", "option java_multiple_files = false; message Step {}"),
    ],
)
def file_option_changed(change: Kept[File], context: Context) -> Iterator[Hit]:
    """These options set the package, namespace, class or prefix of the generated code, or which code is generated.
    Programs import it under the old name. A new option breaks nobody if no code was generated without it, as in Go, or
    if it equals the previous default: it is a note. So is `java_multiple_files` that changes with an edition which sets
    it for each type (`language-feature-changed`).
    """
    for option, default in _DEFAULTS.items():
        old, new = change.old.options.get(option, default), change.new.options.get(option, default)
        if old != new:
            harmless = _is_told_type_by_type(option, change.new) or (
                option not in change.old.options and new in _as_before(option, change.old.package, new)
            )
            level, breaks = (Level.NOTE, ()) if harmless else (None, None)
            yield Hit(
                level=level,
                breaks=breaks,
                option=option,
                old=f"`{old}`" if old else "unset",
                new=f"`{new}`" if new else "unset",
                buf=[f"FILE_SAME_{option.upper()}"],
            )


def _is_told_type_by_type(option: str, file: File) -> bool:
    """Whether the file's edition replaces an option by a feature of each type."""
    return option == "java_multiple_files" and defaults_of(file.syntax)["java_nest_in_file_class"] != "LEGACY"


def _as_before(option: str, package: str, value: str) -> tuple[str, ...]:
    """The values that an option may be set to without changing the code that was generated without it."""
    parts = ["".join(word.capitalize() for word in part.split("_")) for part in package.split(".")]
    return {
        "go_package": (value,),  # protoc-gen-go generates nothing without it
        "java_package": (package,),
        "csharp_namespace": (".".join(parts),),
        "php_namespace": ("\\".join(parts),),
        "ruby_package": ("::".join(parts),),
    }.get(option, ())
