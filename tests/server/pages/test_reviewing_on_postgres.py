"""The inbox, a proposal and the audit on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.codegen.server import PostgresServer
from tests.registry.test_sql import database_of
from tests.server.pages.proposing import POLICY, people, proposed, tokens
from tests.server.pages.visiting import Signed, sign_in
from tests.server.proposals.conftest import set_policy
from tests.server.running import Buf, Serving, serving

pytestmark = pytest.mark.slow
__all__ = ["people", "tokens"]


@pytest.fixture(scope="module")
def registry(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry on PostgreSQL, whose breaking pushes become proposals."""
    data = tmp_path_factory.mktemp("registry") / "data"
    with serving(data, "--database", database_of(postgres)) as found:
        set_policy(found, POLICY)
        yield found


def test_a_proposal_is_found_decided_and_audited(
    buf: Buf, registry: Serving, people: dict[str, Signed], tokens: dict[str, str]
) -> None:
    number = proposed(buf, tokens, "kept")
    lead, admin = people["lead"], sign_in(registry, registry.token)
    waiting = [one["number"] for one in lead.data("/proposals.json?module=kept")["waiting"]]
    form = {"decision": "approve", "revision": 1, "reason": 'read by "nobody" (100 %)'}
    answer = lead.send(f"/proposals/{number}/decisions", form)
    rows = admin.data("/audit.json?action=decide-proposal&module=kept&who=lead")["rows"]
    odd = [admin.data(f"/audit.json?who={quote(who)}")["rows"] for who in ("\0", '"', "\\", "%", "_", ":lead", "l_ad")]

    assert waiting == [number]
    assert answer.status_code == 303
    assert [row["about"] for row in rows] == [f"/proposals/{number}"]
    assert not any(odd)
