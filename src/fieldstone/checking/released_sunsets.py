"""The sunsets in a module's releases, loaded on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from fieldstone.compatibility.sunsets.announcements import with_lifecycle
from fieldstone.compatibility.sunsets.notice import Introduction, SunsetHistory, Unread
from fieldstone.registry import Registry
from fieldstone.registry.lines import ancestry
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.element import Element
from fieldstone.schema.lifecycle import Lifecycle


def sunset_history(
    registry: Registry,
    newest: Release | None,
    baseline: Release | None,
    *,
    unread: Unread,
    needs_unread: bool,
) -> SunsetHistory:
    """The sunsets in the releases of a module's line, for judging a change.

    Args:
        registry: where the releases are.
        newest: the newest release of the line; None if there is none.
        baseline: the release that the change is judged against; None if that is no release.
        unread: as in the result.
        needs_unread: as in the result.

    Raises:
        FieldstoneError: raised by the result's functions, if a release is missing or damaged.
    """
    known: dict[str, _ReleasedSunsets] = {}

    def back_from(start: Release | None) -> Iterator[_ReleasedSunsets]:
        for release in ancestry(registry, start) if start else ():
            yield known.setdefault(release.version, _ReleasedSunsets(registry, release))

    def is_released(element: Element) -> bool:
        last = next(back_from(newest), None)
        return last is not None and last.announces(element)

    differs = newest is None or baseline is None or baseline.version != newest.version
    return SunsetHistory(
        introduced=lambda element: _introduction(element, back_from(baseline or newest)),
        # an element that differs from the newest release is not released
        is_released=is_released if newest and differs else SunsetHistory().is_released,
        unread=unread,
        needs_unread=needs_unread,
    )


class _ReleasedSunsets(Struct, frozen=True, dict=True):
    """The lifecycles in one release."""

    registry: Registry
    release: Release

    @cached_property
    def lifecycles(self) -> Mapping[tuple[type[Element], str], Lifecycle]:
        """The lifecycle of each element, by its kind and full name."""
        registry, release = self.registry, self.release
        image = registry.read(release, IMAGE)
        schema = load_schema(image, where=f"{registry.label(release)}/{IMAGE}", own_files=release.sources.keys())
        return {(type(element), element.full_name): element.lifecycle for element in with_lifecycle(schema)}

    def has(self, element: Element) -> bool:
        """Whether the release has the element."""
        return (type(element), element.full_name) in self.lifecycles

    def announces(self, element: Element) -> bool:
        """Whether the release has the element's sunset, and deprecates it if the element is deprecated."""
        released, lifecycle = self.lifecycles.get((type(element), element.full_name)), element.lifecycle
        if released is None or released.sunset != lifecycle.sunset:
            return False
        return released.deprecated or not lifecycle.deprecated

    def warns_of(self, element: Element) -> bool:
        """Whether the release deprecates the element with the same sunset or an earlier one."""
        released = self.lifecycles.get((type(element), element.full_name))
        known, day = released.sunset_day if released and released.deprecated else None, element.lifecycle.sunset_day
        return known is not None and day is not None and known <= day


def _introduction(element: Element, newest_first: Iterator[_ReleasedSunsets]) -> Introduction | None:
    """The first of the latest consecutive releases that announce the element's sunset."""
    last = next((released for released in newest_first if released.has(element)), None)
    if last is None or not last.announces(element):
        return None
    first = last
    for earlier in newest_first:
        if not earlier.warns_of(element):
            break
        first = earlier
    return Introduction(first.release.version, first.release.released_on)
