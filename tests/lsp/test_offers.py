"""What is offered for each rule, by the rule's own example: an edit that ends its finding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pygls.workspace import PositionCodec

from fieldstone.checking.examples import with_headers
from fieldstone.compatibility.rules import Example, all_rules
from fieldstone.lsp.features.actions.case import Case
from fieldstone.lsp.features.actions.offers import offers
from fieldstone.lsp.room import Room
from fieldstone.lsp.text.buffers import Buffer
from fieldstone.lsp.ticket import Ticket
from fieldstone.project.project import Project
from fieldstone.workflows.release import release

_PATH = "acme/v1/example.proto"

_WITHOUT = {
    "custom-option-changed": "only in a module that watches the option",
    "enum-alias-placed-first": "takes another order and the option allow_alias",
    "enum-value-added": "an addition passes",
    "file-syntax-changed": "takes another label on each field",
    "language-feature-changed": "takes the import of the feature",
    "message-name-without-version": "style: only in a module with naming",
    "oneof-member-added": "an addition passes",
    "rpc-name-reused": "a person names an rpc",
    "type-made-local": "takes a keyword away",
    "type-name-reused": "a person names a type",
}
"""The rules for whose example no edit is offered, and why."""


def _examples() -> Iterator[tuple[str, Example]]:
    """The first hit of each rule that has one file on all sides and no annotations."""
    for name, rule in all_rules().items():
        for example in rule.examples:
            sides = (*example.history, example.before, example.after)
            if example.is_hit and all(isinstance(side, str) and "(fieldstone.v1" not in side for side in sides):
                yield name, example
                break


def _offered(root: Path, name: str, example: Example) -> bool:
    """Whether an edit of the file is offered for the finding of an example."""
    *released, now = (with_headers(side)[_PATH] for side in (*example.history, example.before, example.after))
    file = root / "example" / _PATH
    file.parent.mkdir(parents=True)
    (root / "buf.yaml").write_text("version: v2\nmodules:\n  - path: example\n")
    for number, text in enumerate(released, 1):
        file.write_text(text)
        version = "1.0.0" if number == len(released) else f"0.{number}.0"
        assert release(Project.at(root), "example", version=version, style=False).release, name
    with closing(Room()) as room:
        judged = room.judge(root, [buffer := Buffer(file.as_uri(), file, now)], Ticket())
        for report, finding in judged.findings(file):
            case = Case(room, judged, report, finding, buffer, PositionCodec(), Ticket())
            if finding.rule == name and any(file in offer.edits for offer in offers(case, lambda _: None)):
                return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_rule_has_an_edit_that_ends_its_finding(tmp_path: Path) -> None:
    without = {name for name, example in _examples() if not _offered(tmp_path / name, name, example)}
    assert without == _WITHOUT.keys()
