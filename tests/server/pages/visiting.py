"""Somebody who is signed in to the pages of a registry, without a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.server.running import LONGEST, Serving


@dataclass(frozen=True)
class Signed:
    """Somebody with a session.

    Attributes:
        url: the address of the registry.
        cookies: the cookie of the session.
    """

    url: str
    cookies: Mapping[str, str]

    def page(self, path: str) -> httpx.Response:
        """A page as HTML."""
        headers = {"Accept": "text/html"}
        return httpx.get(self.url + path, headers=headers, cookies=dict(self.cookies), timeout=LONGEST)

    def data(self, path: str) -> Any:
        """The JSON twin of a page."""
        answer = self.page(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def word(self) -> str:
        """The word against forgery of its forms."""
        found = re.search(r'name="word" value="(\w+)"', self.page("/proposals").text)
        assert found
        return found[1]

    def send(self, path: str, form: Mapping[str, object], word: str | None = None, origin: str = "") -> httpx.Response:
        """Send a form as a page of the server would, or with another word or from another site."""
        fields = {"word": self.word if word is None else word, **form}
        return _sent(self.url, path, fields, origin or self.url, self.cookies)


def sign_in(served: Serving, token: str) -> Signed:
    """Sign in with a token."""
    answer = _sent(served.url, "/sign-in", {"token": token}, served.url, {})
    assert answer.status_code == 303, answer.text
    return Signed(served.url, dict(answer.cookies))


def _sent(url: str, path: str, fields: Mapping[str, object], origin: str, cookies: Mapping[str, str]) -> httpx.Response:
    headers = {"Accept": "text/html", "Origin": origin}
    return httpx.post(url + path, data=fields, headers=headers, cookies=dict(cookies), timeout=LONGEST)


def problem_of(answer: httpx.Response) -> str:
    """The problem that a page shows."""
    found = re.search(r'<(div|p) class="problem"[^>]*>(.*?)</\1>', answer.text, re.DOTALL)
    assert found, answer.text
    return found[2]
