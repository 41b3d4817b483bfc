"""A registry whose breaking pushes become proposals, the people who decide about them, and their HTTP calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.server.running import LONGEST, ORDER, Buf, Serving, new_token, serving

POLICY = """
proposals = true
[modules."*"]
approve = ["alice", "bob"]
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A registry on SQLite, whose policy keeps breaking pushes as proposals."""
    with serving(tmp_path_factory.mktemp("registry") / "data") as found:
        set_policy(found, POLICY)
        yield found


def set_policy(served: Serving, content: str) -> None:
    """Set the policy of a registry."""
    headers = {"Authorization": f"Bearer {served.token}"}
    after = httpx.get(f"{served.url}/api/v1/policy", headers=headers, timeout=LONGEST).json()["number"]
    new = {"content": content, "after": after}
    answer = httpx.put(f"{served.url}/api/v1/policy", json=new, headers=headers, timeout=LONGEST)
    assert answer.status_code == 200, answer.text


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token.

    Attributes:
        served: the registry.
        token: the token.
    """

    served: Serving
    token: str

    def get(self, path: str) -> Any:
        """The answer to a request for a resource."""
        answer = self._sent("GET", path, None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None) -> httpx.Response:
        """The answer to a change of a resource."""
        return self._sent("POST", path, body)

    def decide(self, number: int, decision: str, revision: int = 1, reason: str = "as agreed", of: str = "") -> Any:
        """Decide about a proposal; gives the state, or the problem with its kind."""
        wish = {"decision": decision, "revision": revision, "reason": reason, "of": of}
        return _said(self.post(f"proposals/{number}/decisions", wish))

    def release(self, number: int) -> Any:
        """Release a proposal; gives the state, or the problem with its kind."""
        return _said(self.post(f"proposals/{number}/release"))

    def _sent(self, method: str, path: str, body: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.served.url}/api/v1/{path}"
        return httpx.request(method, url, json=body, headers=headers, timeout=2 * LONGEST)


def _said(answer: httpx.Response) -> Any:
    told = answer.json()
    return told["standing"]["state"] if answer.is_success else f"{told['kind']}: {told['problem']}"


People = Callable[..., Caller]


@pytest.fixture
def people(registry: Serving) -> People:
    """Gives a caller with a new token of a name; by default with the scope approve."""

    def made(name: str, *scopes: str, module: str = "*", days: float = 1) -> Caller:
        return Caller(registry, new_token(registry, name, *(scopes or ("approve",)), module=module, days=days))

    return made


Released = Callable[[str], str]


@pytest.fixture
def released(buf: Buf) -> Released:
    """Releases a small module of a name with buf; gives the path of its file in buf's home."""

    def push(name: str) -> str:
        path = f"acme/{name}/v1/{name}.proto"
        buf.module(name, {path: ORDER.replace("shop", name)})
        pushed = buf("push", "--create", cwd=name)
        assert pushed.code == 0, pushed.err
        return f"{name}/{path}"

    return push
