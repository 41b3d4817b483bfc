"""A registry whose breaking pushes become proposals, and the people of its pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.server.pages.visiting import Signed, sign_in
from tests.server.proposals.conftest import set_policy
from tests.server.running import ORDER, Buf, Serving, new_token, serving

POLICY = """
proposals = true
[modules."*"]
approve = ["lead", "second"]
"""
MARKUP = "<script>alert(1)</script>"
FILE = "{0}/acme/{0}/v1/{0}.proto"
SCOPES = {"ada": "push", "lead": "approve", "second": "approve", "other": "approve", "admin-2": "admin"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("registry") / "data") as found:
        set_policy(found, POLICY)
        yield found


@pytest.fixture(scope="module")
def tokens(registry: Serving) -> Mapping[str, str]:
    """The tokens of an author, of two who may approve, of one whom the policy does not name, and of an admin."""
    return {name: new_token(registry, name, scope) for name, scope in SCOPES.items()}


@pytest.fixture(scope="module")
def people(registry: Serving, tokens: Mapping[str, str]) -> Mapping[str, Signed]:
    return {name: sign_in(registry, token) for name, token in tokens.items()}


def proposed(buf: Buf, tokens: Mapping[str, str], module: str) -> int:
    """Push a break of a new module by its author; the number of the proposal."""
    buf.module(module, {f"acme/{module}/v1/{module}.proto": ORDER.replace("shop", module)})
    assert buf("push", "--create", cwd=module, token=tokens["ada"]).code == 0
    return pushed(buf, tokens, module, "int64 total = 2;", f"int32 total = 2; // {MARKUP}")


def pushed(buf: Buf, tokens: Mapping[str, str], module: str, old: str, new: str) -> int:
    """Push an edit that breaks; the number of the proposal."""
    buf.edit(FILE.format(module), old, new)
    said = buf("push", cwd=module, token=tokens["ada"]).err
    assert f"{buf.registry.url}/proposals/" in said, said
    return int(said.rpartition("/proposals/")[2].split()[0].rstrip("."))
