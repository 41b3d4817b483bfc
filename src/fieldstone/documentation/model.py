"""The parts of a release's documentation."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.schema.lifecycle import Lifecycle

Pairs = tuple[tuple[str, str], ...]
"""Names with values, in order."""


class Part(Struct, frozen=True, omit_defaults=True):
    """A piece of a declaration.

    Attributes:
        text: the piece.
        type: the full name of the message or enum that it names; empty for other text.
        module: the module of that type, if a release declares it; else empty.
        version: the version of that module.
    """

    text: str
    type: str = ""
    module: str = ""
    version: str = ""


class Described(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the documentation of every element has.

    Attributes:
        name: the name, without its package or type.
        full_name: the full name; of a file, its path.
        comment: the comment right above it.
        trailing: the comment after it.
        detached: comments above that, with empty lines between.
        options: the options that its source sets, with their values as text.
        features: its resolved features, as far as they differ from those of its file.
        lifecycle: its announced end.
        since: the first release that has it; empty if the history does not know it.
        line: its first line in the source; 0 if the compiler gave none.
    """

    name: str
    full_name: str
    comment: str = ""
    trailing: str = ""
    detached: tuple[str, ...] = ()
    options: Pairs = ()
    features: Pairs = ()
    lifecycle: Lifecycle = Lifecycle()
    since: str = ""
    line: int = 0


class Member(Described, frozen=True, kw_only=True, omit_defaults=True):
    """A field, extension, enum value or rpc.

    Attributes:
        kind: `field`, `extension`, `value` or `rpc`.
        number: its number; None for an rpc.
        label: `repeated`, `required`, `optional`, or empty.
        type: the pieces of its type; of an rpc, the request and response with their `stream`.
        oneof: the oneof that it is in; else empty.
        json_name: the name in JSON of a field.
        default: the default that the source sets; None without one.
        presence: see `schema.model.Field`; empty for others than fields.
        changed: the release that gave it its current number or type; empty if it had them from the beginning.
        has_own_json_name: whether its name in JSON does not follow from its name.
    """

    kind: str
    number: int | None = None
    label: str = ""
    type: tuple[Part, ...] = ()
    oneof: str = ""
    json_name: str = ""
    default: str | None = None
    presence: str = ""
    changed: str = ""
    has_own_json_name: bool = False


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A type in a list.

    Attributes:
        kind: `message`, `enum`, `service` or `extension`.
        name: its name within its package.
        full_name: its full name.
        summary: the first sentence of its comment.
        members: the number of its fields, values or rpcs.
        deprecated: whether it is.
        since: the first release that has it.
    """

    kind: str
    name: str
    full_name: str
    summary: str = ""
    members: int = 0
    deprecated: bool = False
    since: str = ""


class TypeDocument(Described, frozen=True, kw_only=True, omit_defaults=True):
    """A message, enum or service, or an extension of a message that another module declares.

    Attributes:
        kind: as in `Listed`.
        package: its package.
        file: the path of its source.
        file_features: the features of its file that differ from the edition's defaults.
        members: its fields, values or rpcs, in the order of the source.
        oneofs: the oneofs of a message.
        reserved: the reserved numbers and names, as the source writes them.
        extension_ranges: the numbers for extensions of it, as the source writes them.
        extensions: the extensions of it that this module declares.
        facts: further facts: whether an enum is closed, visibility, legacy formats.
        around: the message that it is nested in; empty if it is in none.
        inside: the types nested in it.
        mentions: the full names of the fields and rpcs of this module that have it.
    """

    kind: str
    package: str
    file: str
    file_features: Pairs = ()
    members: tuple[Member, ...] = ()
    oneofs: tuple[Described, ...] = ()
    reserved: tuple[str, ...] = ()
    extension_ranges: tuple[str, ...] = ()
    extensions: tuple[Member, ...] = ()
    facts: Pairs = ()
    around: str = ""
    inside: tuple[Listed, ...] = ()
    mentions: tuple[str, ...] = ()


class FileDocument(Described, frozen=True, kw_only=True, omit_defaults=True):
    """A source file.

    Attributes:
        package: its package.
        syntax: `proto2`, `proto3` or `edition YEAR`.
        imports: the paths of its imports.
    """

    package: str
    syntax: str
    imports: tuple[str, ...] = ()


class PackageDocument(Struct, frozen=True):
    """A package.

    Attributes:
        name: its name; empty for the package without one.
        files: its files.
        types: its types; nested ones follow their outer ones.
    """

    name: str
    files: tuple[FileDocument, ...]
    types: tuple[Listed, ...]


class Contents(Struct, frozen=True):
    """The table of contents of a release.

    Attributes:
        module: the module's name.
        version: the release's version.
        packages: its packages, by name.
    """

    module: str
    version: str
    packages: tuple[PackageDocument, ...]


class Documentation(Struct, frozen=True):
    """The documentation of a release.

    Attributes:
        contents: the table of contents.
        types: each type, by full name.
    """

    contents: Contents
    types: dict[str, TypeDocument]
