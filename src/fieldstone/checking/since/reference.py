"""The revision to judge a change since: from the command line, or from a pull-request pipeline."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from fieldstone.errors import FieldstoneError, Invalid, NotFound, Unavailable
from fieldstone.suggestions import did_you_mean
from fieldstone.toolchain import git

_REMOTE = "refs/remotes/origin/"
_PIPELINES = {
    "GITHUB_BASE_REF": _REMOTE,
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",  # GitLab sets it if HEAD is a merge result; it is a parent of HEAD then
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "",
}
"""Variables that name the target of a pull request, with the prefix of their values; the first that is set counts.

https://docs.github.com/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""


class Reference(Struct, frozen=True):
    """A git revision to judge since.

    Attributes:
        name: the revision: a branch, a tag or a commit.
        variable: the environment variable that it came from; empty if it was given by hand.
    """

    name: str
    variable: str = ""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.name.removeprefix("refs/remotes/")

    @property
    def origin(self) -> str:
        """Its origin as a suffix for its name in messages; empty if it was given by hand."""
        return f", named by {self.variable}" if self.variable else ""


class Parting(Struct, frozen=True):
    """The merge base of HEAD and a revision.

    Attributes:
        reference: the revision.
        commit: the full hash of the merge base; empty if there is no commit yet.
        tip: the full hash of the revision itself; empty likewise.
        top: the absolute root of the checkout.
    """

    reference: Reference
    commit: str
    tip: str
    top: Path

    @property
    def label(self) -> str:
        """The revision's name in messages, with the merge base if that is another commit."""
        name = self.reference.label
        return name if self.commit == self.tip else f"{name} (merge base {self.commit[:9]})"


def named(given: str | None, environment: Mapping[str, str] = os.environ) -> Reference | None:
    """The revision to judge since; None if neither the command line nor a pipeline names one.

    Args:
        given: the value of `--since`; None if it was not given.
        environment: the environment variables.

    Raises:
        FieldstoneError: the given name is empty.
    """
    if given is not None:
        if not given.strip():
            raise Invalid(
                "--since names no revision: its value is empty", fix="name the branch to enter: `--since origin/main`"
            )
        return Reference(given)
    for variable, prefix in _PIPELINES.items():
        value = environment.get(variable, "").strip()
        if value:
            return Reference(prefix + value, variable)
    return None


def parting(reference: Reference, folder: Path) -> Parting:
    """Find the merge base of HEAD and a revision; before the first commit it is empty.

    Args:
        reference: the revision.
        folder: a folder of the checkout.

    Raises:
        FieldstoneError: there is no git or checkout, the revision is unknown or ambiguous, or no merge base is
            found, for example in a shallow clone.
    """
    try:
        top = git.top_of(folder)
    except FieldstoneError as error:
        raise Invalid(
            f"--since compares with a commit, and there is none in {folder}: {error.problem}",
            fix=error.fix or "run it in a clone of the repository",
        ) from error
    if reference.name == "HEAD" and not git.head_commit(top):
        return Parting(reference, "", "", top)
    _refuse_ambiguous(reference, top)
    tip = _resolve(reference, top)
    return Parting(reference, _only_base(reference, tip, top), tip, top)


def _refuse_ambiguous(reference: Reference, top: Path) -> None:
    """Raise if a tag and a branch have the same name: git would take the tag."""
    found = git.same_names(reference.name, top)
    if len(found) > 1:
        raise Invalid(
            f"{reference.name} may be {' or '.join(found)} in {top}", fix=f"write it whole: `--since {found[-1]}`"
        )


def _resolve(reference: Reference, top: Path) -> str:
    try:
        return git.resolve(reference.name, top)
    except FieldstoneError as error:
        raise NotFound(
            f"cannot compare with {reference.label}{reference.origin}: there is no such git revision in {top}",
            fix=f"{_near(reference, top)}fetch it: `{_fetch(reference, top)}`{_in_actions(reference)}",
        ) from error


def _near(reference: Reference, top: Path) -> str:
    """The question whether a branch or tag of a similar name was meant, and "Or"; empty for the name of a pipeline."""
    question = "" if reference.variable else did_you_mean(reference.name, git.names(top))
    return f"{question} Or " if question else ""


def _only_base(reference: Reference, tip: str, top: Path) -> str:
    label = reference.label
    bases = git.merge_bases(tip, top)
    if bases == [tip]:
        return tip
    if git.is_shallow(top):
        raise Unavailable(
            f"cannot tell where HEAD parted from {label}{reference.origin}: {top} is a shallow clone",
            fix=f"fetch the whole history: `{_fetch(reference, top)}`{_in_actions(reference)}",
        )
    if not bases:
        raise Invalid(
            f"{label} and HEAD share no commit in {top}",
            fix="name a revision that HEAD has a commit in common with",
        )
    if len(bases) > 1:
        raise Invalid(
            f"{label} and HEAD parted at several commits ({', '.join(base[:9] for base in bases)})",
            fix=f"merge it first: `git merge {label}`",
        )
    return bases[0]


def _fetch(reference: Reference, top: Path) -> str:
    """The command that fetches a revision, or the history that a shallow clone lacks."""
    remote, _, branch = reference.label.partition("/")
    deepen = " --unshallow" if git.is_shallow(top) else ""
    if remote == "origin" and branch:
        return f"git fetch{deepen} origin {shlex.quote(f'+refs/heads/{branch}:refs/remotes/origin/{branch}')}"
    return f"git fetch{deepen} origin" + ("" if deepen else f" {shlex.quote(reference.name)}")


def _in_actions(reference: Reference) -> str:
    return (
        "; in GitHub Actions give actions/checkout `fetch-depth: 0`" if reference.variable.startswith("GITHUB") else ""
    )
