"""Names of consumers, of their versions and of environments: each is the name of a file, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fieldstone.errors import Invalid

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


def _check(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name[:100]!r} is no name of {what}",
            fix="use letters, digits, `.`, `_`, `+` and `-`, at most 100 of them, a letter or digit first",
        )
