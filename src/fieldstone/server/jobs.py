"""The jobs of a server's processes. They import it when they start; the server itself stays small and starts fast."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldstone.workflows.browse import Shelf
    from fieldstone.workflows.proposals.messages import Wish
    from fieldstone.workflows.proposals.person import Person
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


def documentation(address: str, module: str, version: str) -> tuple[bytes, dict[str, bytes]]:
    """The documentation of a release as JSON: its contents, and each type by full name, packed."""
    import zlib

    from msgspec import json

    from fieldstone.workflows.browse import documentation_of

    registry = _shelf(address).registry
    found = documentation_of(registry, registry.release(module, version))
    types = {name: zlib.compress(json.encode(type_), 1) for name, type_ in found.types.items()}
    return zlib.compress(json.encode(found.contents), 1), types


def traced(address: str, module: str, subject: str) -> bytes:
    """The life of an element and its users as JSON; see `workflows.browse`."""
    from msgspec import json

    from fieldstone.workflows.browse import trace

    shelf = _shelf(address)
    return json.encode(trace(shelf.registry, module, subject, shelf.known()))


def compared(address: str, module: str, old: str, new: str) -> bytes:
    """Two releases compared as JSON; see `workflows.browse`."""
    from msgspec import json

    from fieldstone.compatibility.rules import all_rules
    from fieldstone.consumers.answer import UNCLAIMED
    from fieldstone.report.documents import rule_document
    from fieldstone.report.json import finding_document
    from fieldstone.workflows.browse import compare

    shelf = _shelf(address)
    with shelf.project(module) as project:
        found = compare(project, module, old, new, shelf.known())
    rules = all_rules()
    diff = found.diff
    document = {
        "module": module,
        "old": old,
        "new": new,
        "bump": diff.bump,
        "changes": diff.changes,
        "findings": [finding_document(finding) for finding in diff.findings],
        "waivers": diff.waivers,
        "rules": {one.rule: rule_document(rules[one.rule]) for one in diff.findings if one.rule in rules},
        "impact": found.impact,
        "doubts": found.doubts,
        "elements": sorted(found.elements),
        "not_claimed": UNCLAIMED,
    }
    return json.encode(document)


@lru_cache(maxsize=1)
def _shelf(address: str) -> Shelf:
    """The open registry of a process."""
    from fieldstone.registry.sql import open_store
    from fieldstone.workflows.browse import Shelf

    return Shelf(open_store(address, existing=True))
