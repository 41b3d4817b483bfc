"""The life of an element: the form that it had in each release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.documentation.model import Pairs
from fieldstone.documentation.views import View, Views
from fieldstone.registry import Registry
from fieldstone.registry.lines import ancestry, tips
from fieldstone.registry.release import Release
from fieldstone.schema.element import Element
from fieldstone.schema.lifecycle import Lifecycle
from fieldstone.schema.model import Definition, EnumValue, Field


class Form(Struct, frozen=True):
    """What an element is in a release.

    Attributes:
        kind: `message`, `enum`, `service`, `field`, `extension`, `value` or `rpc`.
        full_name: its full name.
        number: its number; None if its kind has none.
        declaration: it as one line of protobuf source.
        json_name: its name in JSON, if it is a field.
        oneof: the oneof that it is in; else empty.
        options: the options that its source sets.
        lifecycle: its announced end.
    """

    kind: str
    full_name: str
    number: int | None
    declaration: str
    json_name: str
    oneof: str
    options: Pairs
    lifecycle: Lifecycle


class Stretch(Struct, frozen=True):
    """The releases in which an element kept its form.

    Attributes:
        form: the form.
        since: the first release with it.
        until: the first release without it; empty while it is in use.
        file: the path of its source in that first release.
        line: its line there.
        changed: the attributes of the form that differ from the stretch before; empty for the first.
    """

    form: Form
    since: str
    until: str
    file: str
    line: int
    changed: tuple[str, ...] = ()


class Life(Struct, frozen=True):
    """The life of an element in one line of releases.

    Attributes:
        module: the module's name.
        subject: the element's full name.
        kind: as in `Form`.
        owner: the full name of the type that it is a member of; empty for a type.
        comment: the comments above and after it, as it is or was last.
        newest: the newest release of the line.
        line: the minor line; empty for the main line.
        since: the first release that has it.
        until: the first release that lacks it; empty while it is there.
        deprecated_since: the first of the latest releases that deprecate it; empty if it is not deprecated.
        lifecycle: its announced end, as it is or was last.
        number_reserved: whether its number is reserved now.
        name_reserved: whether its name is reserved now.
        stretches: its forms, the oldest first, and those of other members with its name or number.
    """

    module: str
    subject: str
    kind: str
    owner: str
    comment: str
    newest: str
    line: str
    since: str
    until: str
    deprecated_since: str
    lifecycle: Lifecycle
    number_reserved: bool
    name_reserved: bool
    stretches: tuple[Stretch, ...]


def life(registry: Registry, module: str, subject: str) -> Life | None:
    """The life of an element; None if no release has or had it.

    The releases are those of the newest line that has it.

    Args:
        registry: where the releases are.
        module: the module.
        subject: the full name of a message, enum, service, field, extension, enum value or rpc.

    Raises:
        FieldstoneError: a release cannot be read.
    """
    views = Views(registry, subject)
    for tip in reversed(tips(registry, module)):
        releases = [*ancestry(registry, tip)]
        for release in releases:
            last = views.of(release).named(subject)
            if last is not None:
                said = views.of(release).written(last)
                comment = "\n\n".join(filter(None, (said.leading, said.trailing)))
                return _lived(views, releases[::-1], last, comment)
    return None


def _lived(views: Views, releases: Sequence[Release], last: Element, comment: str) -> Life:
    """The life of an element whose last form is known; the oldest release comes first."""
    owner, number, newest = _owner(last), _number(last), releases[-1]
    stretches = _with_changes(_stretches(views, releases, last))
    mine = [one for one in stretches if (one.form.full_name, one.form.number) == (last.full_name, number)]
    reserved = views.of(newest).reserved_in(owner)
    return Life(
        module=newest.name,
        subject=last.full_name,
        kind=_kind(last),
        owner=owner,
        comment=comment,
        newest=newest.version,
        line=newest.line,
        since=mine[0].since,
        until=mine[-1].until,
        deprecated_since=_deprecated_since(mine),
        lifecycle=last.lifecycle,
        number_reserved=number is not None and reserved.has_number(number),
        name_reserved=reserved.has_name(last.name),
        stretches=stretches,
    )


def _deprecated_since(stretches: Sequence[Stretch]) -> str:
    since = ""
    for stretch in reversed(stretches):
        if not stretch.form.lifecycle.deprecated:
            break
        since = stretch.since
    return since


def _stretches(views: Views, releases: Sequence[Release], last: Element) -> list[Stretch]:
    """The forms of an element, and of members with its name or number, each with the releases that have it."""
    found: list[Stretch] = []
    current: dict[tuple[str, int | None], int] = {}
    for release in releases:
        view = views.of(release)
        now = {(element.full_name, _number(element)): element for element in _alike(view, last)}
        for key in [*current]:
            if key not in now or _form(view, now[key]) != found[current[key]].form:
                at = current.pop(key)
                found[at] = replace(found[at], until=release.version)
        for key, element in now.items():
            if key not in current:
                current[key] = len(found)
                place = element.location
                found.append(Stretch(_form(view, element), release.version, "", place.path, place.line))
    return found


def _with_changes(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The stretches, each with what changed since the one before."""
    changed = [()] + [_differing(a.form, b.form) for a, b in pairwise(stretches)]
    return tuple(replace(one, changed=names) for one, names in zip(stretches, changed, strict=True))


def _differing(old: Form, new: Form) -> tuple[str, ...]:
    return tuple(name for name in Form.__struct_fields__ if getattr(old, name) != getattr(new, name))


def _alike(view: View, last: Element) -> Iterator[Element]:
    """The elements with the name of another, and the members of its type with its number."""
    owner, number = _owner(last), _number(last)
    for element in view.all():
        same_number = number is not None and _number(element) == number and _owner(element) == owner
        if element.full_name == last.full_name or same_number:
            yield element


def _form(view: View, element: Element) -> Form:
    field = element if isinstance(element, Field) else None
    return Form(
        kind=_kind(element),
        full_name=element.full_name,
        number=_number(element),
        declaration=element.declaration.removesuffix(" {"),
        json_name=field.json_name if field else "",
        oneof=(field.oneof or "") if field else "",
        options=tuple(sorted(view.written(element).options.items())),
        lifecycle=element.lifecycle,
    )


def _kind(element: Element) -> str:
    match element:
        case Field():
            return "extension" if element.extendee else "field"
        case EnumValue():
            return "value"
    return type(element).__name__.lower()


def _number(element: Element) -> int | None:
    return element.number if isinstance(element, Field | EnumValue) else None


def _owner(element: Element) -> str:
    """The type that an element is a member of; of an extension, the extended one."""
    if isinstance(element, Definition):
        return ""
    return (element.extendee if isinstance(element, Field) else None) or element.parent
