from __future__ import annotations

import re

import pytest

from tests.cli.since.doors import DOORS, FORGED, Door, modules, policy, registry, releases, revisions, words
from tests.cli.since.gate import Gate

NOTED = (policy, modules, registry, releases, revisions)
"""The files of the doors."""

_MANY = 60
"""How many doors there are at least."""


def test_there_are_many_doors() -> None:
    assert len(DOORS) >= _MANY


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_a_door_is_shut(gate: Gate, door: Door) -> None:
    """And a forged release is found without a revision, too."""
    door(gate)
    ran = gate.check()
    assert ran.code in {1, 2}, ran
    assert re.search(words(door), f"{ran.out}\n{ran.err}", re.DOTALL), ran
    assert not (gate.repo.root / "plugin-ran").exists()
    if door.__name__ in FORGED:
        ran = gate.repo.run("registry", "verify")
        assert ran.code in {1, 2}, ran
        assert "registry-" in ran.out or ran.code == 2, ran
