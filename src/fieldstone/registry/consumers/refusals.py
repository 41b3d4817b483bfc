"""Refusals of every registry of consumers: names that are none, versions published twice, unknown versions deployed."""

from __future__ import annotations

import re

from fieldstone.consumers.published import Deployment, Known, Party, Published, Stay
from fieldstone.errors import Conflict, Invalid, NotFound

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
    _check(deployment.name, f"a {deployment.party}")
    _check(deployment.version, f"a version of a {deployment.party}")
    _check(deployment.environment, "an environment")


def unknown_version(deployment: Deployment) -> NotFound:
    """The error about a deployment of a version that the registry does not know."""
    if deployment.party is Party.MODULE:
        return NotFound(
            f"there is no release {deployment.version} of {deployment.name}",
            fix=f"`fieldstone registry list {deployment.name}` lists its releases",
        )
    return NotFound(
        f"{deployment.what} has not published its uses",
        fix=f"run `fieldstone uses publish --version {deployment.version}` in its repository first",
    )


def after(known: Known, deployment: Deployment) -> Known:
    """What is known after a deployment began or ended.

    Raises:
        NotFound: it ended, and the version does not run there.
        Conflict: it is of a consumer that was retired.
    """
    if deployment.stay is not Stay.ENDED:
        if deployment.party is Party.CONSUMER and deployment.name in known.retired:
            raise Conflict(
                f"{deployment.name} was retired", fix="publish a new version of it: that takes the retirement back"
            )
        return known.deployed(deployment)
    if not known.runs(deployment):
        there = [one.version for one in known.deployments if one.place == deployment.place]
        raise NotFound(
            f"{deployment.what} does not run in {deployment.environment}",
            fix=f"of {deployment.name}, {', '.join(there) or 'no version'} runs there",
        )
    return known.deployed(deployment)


def not_a_consumer(name: str) -> NotFound:
    """The error about the retirement of an unknown consumer."""
    return NotFound(f"no consumer {name} has published its uses", fix="see whether the name is right")


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
