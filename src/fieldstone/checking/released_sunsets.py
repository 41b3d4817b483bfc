"""The sunsets in a module's releases, loaded on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from fieldstone.compatibility.sunsets.announcements import with_lifecycle
from fieldstone.compatibility.sunsets.notice import Introduction, SunsetHistory
from fieldstone.registry import Registry
from fieldstone.registry.release import IMAGE, Release
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.element import Element
from fieldstone.schema.lifecycle import Lifecycle


def sunset_history(
    registry: Registry, module: str, baseline: str = "", *, versions: Sequence[str] | None = None
) -> SunsetHistory:
    """The sunsets in a module's releases, for judging a change.

    Args:
        registry: where the releases are.
        module: the module's name.
        baseline: the version of the baseline; empty if it is no release.
        versions: the releases to use, lowest first; by default all of the module.

    Raises:
        FieldstoneError: raised by the result's functions, if a release is missing or damaged.
    """
    known_versions = [str(version) for version in registry.versions(module)] if versions is None else [*versions]
    before = known_versions[: known_versions.index(baseline) + 1] if baseline else known_versions
    known: dict[str, _ReleasedSunsets] = {}

    def newest_first(names: list[str]) -> Iterator[_ReleasedSunsets]:
        for name in reversed(names):
            if name not in known:
                known[name] = _ReleasedSunsets(registry, registry.release(module, name))
            yield known[name]

    def is_released(element: Element) -> bool:
        newest = next(newest_first(known_versions), None)
        return newest is not None and newest.announces(element)

    return SunsetHistory(
        introduced=lambda element: _introduction(element, newest_first(before)),
        # an element that differs from the newest release is not released
        is_released=is_released if baseline != (known_versions or [""])[-1] else SunsetHistory().is_released,
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
