"""The result of a check for people, pipelines and editors: every module of this package is a format.

A renderer is a module with `render(report, options) -> str`; its name is the format's name. It is imported only if its
format is used. If it has `FROM_THE_TOP = True`, its paths are relative to the top of the checkout. If it has
`LIMITED = True`, it shows at most `options.limit` findings or groups of them, and says how many are left out.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from fieldstone.compatibility.finding import Report

FORMATS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg))
"""The names of all formats."""


class Options(Struct, frozen=True):
    """Options of a renderer, besides the report.

    Attributes:
        read: path -> the current lines of that source file; an empty list if it cannot be read.
        color: whether the text may contain ANSI colors.
        limit: the most findings, or groups of findings, to show; None for all.
    """

    read: Callable[[str], list[str]]
    color: bool = False
    limit: int | None = None


def render(
    report: Report,
    format: str,  # noqa: A002  # the word that `--format` uses
    *,
    read: Callable[[str], list[str]],
    color: bool = False,
    limit: int | None = None,
) -> str:
    """Render a report.

    Args:
        report: the report to show.
        format: one of `FORMATS`.
        read: path -> the current lines of that source file; an empty list if it cannot be read.
        color: whether the text may contain ANSI colors.
        limit: the most findings, or groups of findings, to show; None for all. See `takes_limit`.

    Returns:
        the text for standard output, with its last line ended; empty when there is nothing to say.

    Raises:
        ValueError: there is no such format.
    """
    text: str = _renderer(format).render(report, Options(read, color, limit))
    return text


def is_from_the_top(format: str) -> bool:  # noqa: A002  # as above
    """Whether the paths of a format start at the top of the checkout.

    Raises:
        ValueError: there is no such format.
    """
    return bool(getattr(_renderer(format), "FROM_THE_TOP", False))


def takes_limit(format: str) -> bool:  # noqa: A002  # as above
    """Whether a format can leave findings out; one for programs is always complete.

    Raises:
        ValueError: there is no such format.
    """
    return bool(getattr(_renderer(format), "LIMITED", False))


def _renderer(name: str) -> Any:
    if name not in FORMATS:
        raise ValueError(f"no format is called {name}; there are {', '.join(FORMATS)}")
    return importlib.import_module(f"{__name__}.{name}")
