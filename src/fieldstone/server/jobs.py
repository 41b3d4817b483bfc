"""What the processes of a server do. They import it when they start; the server itself stays small and starts fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldstone.workflows.proposals.messages import Person, Wish
    from fieldstone.workflows.publishing import Wanted
    from fieldstone.workflows.pushing.messages import Pushed, Sent
    from fieldstone.workflows.pushing.upload import Upload


def warm_up() -> None:
    """Import what a push needs before the first one comes."""
    import fieldstone.checking.judging
    import fieldstone.workflows.push  # noqa: F401


def push(address: str, upload: Upload, draft_days: float) -> Pushed:
    """Judge an upload; see `workflows.push`."""
    from fieldstone.workflows import push as workflow

    return workflow.push(address, upload, draft_days)


def accept(address: str, sent: Sent) -> str:
    """Judge a release that a client drafted; see `workflows.accept`."""
    from fieldstone.workflows import accept as workflow

    return workflow.accept(address, sent)


def publish(address: str, wanted: Wanted) -> None:
    """Build a client package; see `workflows.publish`."""
    from fieldstone.workflows import publish as workflow

    workflow.publish(address, wanted)


def propose(address: str, module: str, wish: Wish, person: Person, shown: str) -> int:
    """Judge a change, and store it as a proposal; see `workflows.proposals.proposing`."""
    from fieldstone.workflows.proposals import proposing

    return proposing.propose(address, module, wish, person, shown)


def judge_again(address: str, number: int, person: Person, shown: str) -> None:
    """Judge a proposal again; see `workflows.proposals.proposing`."""
    from fieldstone.workflows.proposals import proposing

    proposing.judge_again(address, number, person, shown)


def release_proposal(address: str, number: int, person: Person, shown: str, *, automatic: bool) -> str:
    """Release a proposal; see `workflows.proposals.releasing`."""
    from fieldstone.workflows.proposals import releasing

    return releasing.release_proposal(address, number, person, shown, automatic=automatic)
