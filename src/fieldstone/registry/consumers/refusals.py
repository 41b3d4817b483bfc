"""Refusals of every registry of consumers: names that are none, versions published twice, unknown versions deployed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fieldstone.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from fieldstone.consumers.published import Deployment, Published

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def check_published(published: Published) -> None:
    """Raise if published uses cannot be stored.

    Raises:
        Invalid: a name is none, or a use has no owner.
    """
    _check(published.consumer, "a consumer")
    _check(published.version, "a version of a consumer")
    if not published.uses.owner.strip():
        raise Invalid(f"the consumer {published.consumer} has no owner", fix="say who answers for it: `owner`")


def check_deployment(deployment: Deployment) -> None:
    """Raise if a deployment cannot be stored.

    Raises:
        Invalid: a name is none.
    """
    _check(deployment.consumer, "a consumer")
    _check(deployment.version, "a version of a consumer")
    _check(deployment.environment, "an environment")


def not_published(deployment: Deployment) -> NotFound:
    """The error about a deployment of a version whose uses nobody knows."""
    return NotFound(
        f"{deployment.consumer} {deployment.version} has not published its uses",
        fix=f"run `fieldstone uses publish --version {deployment.version}` in its repository first",
    )


def refuse_other(new: Published, old: Published) -> None:
    """Raise if a version was published with other uses.

    Raises:
        Conflict: it was.
    """
    if new.uses != old.uses:
        raise Conflict(
            f"{new.consumer} {new.version} has published other uses at {old.at}",
            fix="a version is published once: publish under a new one",
        )


def _check(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name[:100]!r} is no name of {what}",
            fix="use letters, digits, `.`, `_`, `+` and `-`, at most 100 of them, a letter or digit first",
        )
