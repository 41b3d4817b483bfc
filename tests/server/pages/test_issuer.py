"""Signing in by a real OpenID Connect provider, in a browser; and answers that are not for who brings them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.server.pages.node import NODE, installed
from tests.server.pages.registry import shop_registry
from tests.server.running import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.installs

POLICY = """
[roles.money-reader]
scopes = ["read"]
modules = ["money"]
[identities.staff]
issuer = "{issuer}"
audience = "fieldstone"
subjects = ["{subjects}"]
role = "money-reader"
[sign-in.company]
issuer = "{issuer}"
client-id = "fieldstone"
title = "the company"
"""
PROVIDER = Path(__file__).with_name("provider.mjs")


@dataclass(frozen=True)
class Company:
    """A registry that nobody reads without signing in, and the issuer of its policy."""

    registry: Serving
    issuer: str

    def set_policy(self, subjects: str) -> None:
        headers = {"authorization": f"Bearer {self.registry.token}"}
        address = f"{self.registry.url}/api/v1/policy"
        after = httpx.get(address, headers=headers).json()["number"]
        content = POLICY.format(issuer=self.issuer, subjects=subjects)
        httpx.put(address, json={"content": content, "after": after}, headers=headers).raise_for_status()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    secrets = {"FIELDSTONE_SIGN_IN_SECRETS": "other=x company=s3cret:with+signs%"}
    options = ("--no-anonymous-reads", "--port", str(port))
    redirect = f"http://127.0.0.1:{port}/sign-in/company/done"
    modules = installed(folder, "oidc-provider@9.13.3")
    with shop_registry(folder, *options, environment=secrets) as registry, _provider(modules, redirect) as issuer:
        found = Company(registry, issuer)
        found.set_policy("a*")
        yield found


@contextmanager
def _provider(modules: Path, redirect: str) -> Iterator[str]:
    environment = {"PATH": os.environ["PATH"], "NODE_ENV": "development"}
    process = subprocess.Popen([NODE, PROVIDER, modules, redirect], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield f"http://localhost:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def sign_in(page: Page, company: Company, name: str, path: str = "/modules/money") -> None:
    """Go to a page, and sign in at the provider by a name."""
    page.goto(company.registry.url + path)
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_role("link", name="Sign in with the company").click()
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.click("button[type=submit]")  # may the registry know who it is


def test_a_person_has_the_rights_of_the_identity_that_matches(company: Company, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        sign_in(page, company, "anna")
        page.wait_for_url("**/modules/money")
        assert page.locator(".who .name").inner_text() == "staff/anna@example.com"
        shop = page.goto(f"{company.registry.url}/modules/shop")
        assert shop is not None
        assert shop.status == 403
        page.goto(company.registry.url)
        assert page.locator("#found .cards a").all_inner_texts() == ["money"]
        company.set_policy("b*")  # from now on anna matches no more
        ended = page.goto(f"{company.registry.url}/modules/money")
        assert ended is not None
        assert ended.status == 401
        company.set_policy("a*")
    rows = httpx.get(
        f"{company.registry.url}/api/v1/audit", headers={"authorization": f"Bearer {company.registry.token}"}
    ).text
    assert f"{company.issuer} anna" in rows


def test_who_matches_no_identity_gets_no_session(company: Company, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        sign_in(page, company, "mallory")
        page.wait_for_load_state()
        assert f"no identity of this registry's policy has admin, whose subject at {company.issuer} is mallory" in (
            page.locator("main").inner_text()
        )
        assert "fieldstone-session" not in {cookie["name"] for cookie in context.cookies()}


def caught(company: Company, name: str) -> tuple[str, dict[str, str]]:
    """The address that the provider sends a browser back to, before it goes there, and the cookies that it has."""
    with httpx.Client(headers={"accept": "text/html"}) as client:
        answer = client.get(f"{company.registry.url}/sign-in/company")
        cookies = dict(answer.cookies)
        while not (answer.is_redirect and answer.headers["location"].startswith(company.registry.url)):
            if answer.is_redirect:
                answer = client.get(answer.url.join(answer.headers["location"]))
                continue
            ((action, prompt),) = re.findall(
                r'<form[^>]* action="([^"]+)".*?name="prompt" value="(\w+)"', answer.text, re.DOTALL
            )
            answer = client.post(action, data={"prompt": prompt, "login": name, "password": "any"})
        return str(answer.headers["location"]), cookies


def test_an_answer_counts_in_the_browser_and_for_the_attempt_that_it_belongs_to(company: Company) -> None:
    address, mine = caught(company, "anna")
    html = {"accept": "text/html"}
    assert "fieldstone-sign-in" in mine
    other = httpx.get(f"{company.registry.url}/sign-in/company", headers=html).cookies
    for cookies, changed in (
        ({}, address),
        (dict(other), address),
        (mine, re.sub("state=[^&]+", "state=x", address)),
        (mine, re.sub("iss=[^&]+", "iss=https%3A%2F%2Fevil.example.com", address)),
        (mine, re.sub("code=[^&]+", "error=access_denied", address)),
    ):
        answer = httpx.get(changed, headers=html, cookies=cookies)
        assert answer.status_code == 401, changed
        assert "fieldstone-session=" not in answer.headers.get("set-cookie", "")
    stolen = {**mine, "fieldstone-sign-in": changed_attempt(mine["fieldstone-sign-in"], "nonce")}
    assert "belongs to another attempt" in httpx.get(address, headers=html, cookies=stolen).text
    again = httpx.get(address, headers=html, cookies=mine)  # a code is redeemed once
    assert (again.status_code, "gives none: 400" in again.text) == (401, True)


def changed_attempt(cookie: str, key: str) -> str:
    """The same attempt with another value."""
    found = json.loads(urlsafe_b64decode(cookie))
    return urlsafe_b64encode(json.dumps({**found, key: "x" * 43}).encode()).decode()
