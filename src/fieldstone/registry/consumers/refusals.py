"""Refusals of every registry of consumers: names that are none, versions published twice, unknown versions deployed."""

from __future__ import annotations

import re

from fieldstone.consumers.enforced import check_enforced
from fieldstone.consumers.published import Deployment, Known, Party, Published, Stay
from fieldstone.errors import Conflict, Invalid, NotFound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def check_published(published: Published) -> None:
    """Raise if published uses cannot be stored.

    Raises:
        Invalid: a name is none, a use has no owner, or enforced uses are not those of a narrowed package.
    """
    check_name(published.consumer, "a consumer")
    check_name(published.version, "a version of a consumer")
    if not published.uses.owner.strip():
        raise Invalid(f"the consumer {published.consumer} has no owner", fix="say who answers for it: `owner`")
    for evidence in published.uses.evidence:
        check_enforced(evidence)


def check_deployment(deployment: Deployment) -> None:
    """Raise if a deployment cannot be stored.

    Raises:
        Invalid: a name is none.
    """
    check_name(deployment.name, f"a {deployment.party}")
    check_name(deployment.version, f"a version of a {deployment.party}")
    check_name(deployment.environment, "an environment")


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
    """The known consumers and deployments after a deployment began or ended.

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


def check_name(name: str, what: str) -> None:
    """Raise if a name cannot be one of a consumer, a version or an environment.

    Args:
        name: the name.
        what: what it is a name of: "a consumer".

    Raises:
        Invalid: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name[:100]!r} is no name of {what}",
            fix="use letters, digits, `.`, `_`, `+` and `-`, at most 100 of them, a letter or digit first",
        )
