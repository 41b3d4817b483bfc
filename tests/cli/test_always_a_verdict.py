"""The check gives a verdict on whatever compiles: by both engines, and by the native one alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, new_repo

APP = "app/acme/app/v1/app.proto"
LIB = "lib/acme/lib/v1/lib.proto"
BUF_YAML = "version: v2\nmodules:\n  - path: app\n  - path: lib\nlint:\n  use: [MINIMAL]\n"
KIND = ("message K { string id = 1; }", "enum K { K_NONE = 0; K_ONE = 1; }")
"""A message, and an enum of the same name."""

Make = Callable[..., Repo]


def app(body: str) -> str:
    used = "acme.lib.v1" in body
    imported = 'import "acme/lib/v1/lib.proto";\n' if used else ""
    return f'syntax = "proto3";\npackage acme.app.v1;\n{imported}{body}\n'


def lib(body: str) -> str:
    return f'syntax = "proto3";\npackage acme.lib.v1;\nmessage Anchor {{}}\n{body}\n'


@pytest.fixture
def released(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Make:
    """A workspace of two modules with these declarations, both released."""

    def make(app_body: str, lib_body: str = "") -> Repo:
        repo = new_repo(tmp_path / "repo", {"buf.yaml": BUF_YAML, APP: app(app_body), LIB: lib(lib_body)}, environment)
        repo.capsys = capsys
        for module in ("lib", "app"):
            repo.release(module)
        repo.commit("releases")
        return repo

    return make


def verdict(repo: Repo, *args: str) -> tuple[int, set[str]]:
    """The exit code, and the rules that apply; the same with and without the second opinion, and of all."""
    found = []
    for more in ((), ("--no-second-opinion",), ("--full",)):
        ran = repo.run("check", "--format", "json", *args, *more)
        assert ran.code in {0, 1}, ran
        findings = [f for module in json.loads(ran.out)["modules"] for f in module["findings"]]
        found.append((ran.code, {f["rule"] for f in findings}))
    assert found[0] == found[1] == found[2]
    return found[0]


FAMILIES = [
    "message A { repeated A x = 1; } message B { B x = 1; }",
    "message A { map<string, A> x = 1; } message B { repeated B x = 1; }",
    "message A { oneof o { A x = 1; A y = 2; } } message B { oneof o { B x = 1; B y = 2; } }",
    "message A { repeated C x = 1; } message C { A y = 1; } message B { D x = 1; } message D { repeated B y = 1; }",
    "message A { message X { repeated A a = 1; } X x = 1; } message B { message X { B a = 1; } repeated X x = 1; }",
    "message A { A x = 1; } message B { B x = 2; B y = 1; }",
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("message M { A m = 1; }", "message M { B m = 1; }"),
        ("message M { repeated A m = 1; }", "message M { B m = 1; }"),
        ("message M { A m = 1; }", "message M { A n = 1; B m = 2; }"),
        ("service S { rpc Get(A) returns (A); }", "service S { rpc Get(B) returns (B); }"),
    ],
)
def test_recursive_families_are_compared(released: Make, family: str, before: str, after: str) -> None:
    repo = released(f"{family} {before}")
    repo.write(APP, app(f"{family} {after}"))
    code, rules = verdict(repo)
    assert code == 1
    assert rules & {"field-type-changed", "rpc-message-changed", "field-numbers-swapped"}


def test_a_long_chain_of_messages_is_compared(released: Make) -> None:
    chains = (
        " ".join(f"message {name}{i} {{ {name}{i + 1} next = 1; }}" for name in ("A", "B") for i in range(300))
        + " message A300 { int32 n = 1; } message B300 { string n = 1; }"
    )
    repo = released(f"{chains} message M {{ A0 m = 1; }}")
    repo.write(APP, app(f"{chains} message M {{ B0 m = 1; }}"))
    ran = repo.run("check")
    assert (ran.code, "field-type-changed" in ran.out) == (1, True)


def test_a_long_chain_of_imports_is_judged(tmp_path: Path, environment: dict[str, str]) -> None:
    files = {"buf.yaml": "version: v2\nmodules:\n  - path: app\nlint:\n  use: [MINIMAL]\n"}
    last = 1200
    for i in range(last + 1):  # the first by name is the last of the chain
        imported = f'import "acme/v1/f{10001 - i}.proto";\n' if i else ""
        files[f"app/acme/v1/f{10000 - i}.proto"] = (
            f'syntax = "proto3";\npackage acme.v1;\n{imported}message M{i} {{ string id = 1; }}\n'
        )
    repo = new_repo(tmp_path / "repo", files, environment)
    assert repo.spawn("release", "app").code == 0
    repo.edit(f"app/acme/v1/f{10000 - last}.proto", "string id", "int32 id")
    ran = repo.spawn("check")
    assert (ran.code, "field-type-changed" in ran.out) == (1, True)


USES = [
    "K k = 1;",
    "repeated K k = 1;",
    "map<string, K> k = 1;",
    "optional K k = 1;",
    "oneof o { K k = 1; string s = 2; }",
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("order", [KIND, KIND[::-1]], ids=["to-enum", "to-message"])
@pytest.mark.parametrize("place", ["beside", "nested", "elsewhere"])
def test_a_message_replaced_by_an_enum_is_refused(released: Make, use: str, order: tuple[str, str], place: str) -> None:
    def bodies(kind: str) -> tuple[str, str]:
        if place == "elsewhere":
            return f"message M {{ {use.replace('K ', 'acme.lib.v1.K ').replace(', K', ', acme.lib.v1.K')} }}", kind
        return (f"{kind} message M {{ {use} }}" if place == "beside" else f"message M {{ {kind} {use} }}"), ""

    repo = released(*bodies(order[0]))
    body, of_lib = bodies(order[1])
    repo.write(APP, app(body))
    repo.write(LIB, lib(of_lib))
    code, rules = verdict(repo, "app")
    assert (code, "field-type-changed" in rules) == (1, True)


@pytest.mark.parametrize("order", [KIND, KIND[::-1]], ids=["to-enum", "to-message"])
def test_a_kind_that_nobody_uses_is_refused(released: Make, order: tuple[str, str]) -> None:
    repo = released(order[0])
    repo.write(APP, app(order[1]))
    code, rules = verdict(repo)
    assert (code, bool(rules & {"message-removed", "enum-removed"})) == (1, True)


def test_types_of_another_module_are_compared_by_structure(released: Make) -> None:
    twins = "message Twin { string id = 1; int64 n = 2; } message Other { string id = 1; sint64 n = 2; }"
    of_lib = "message Twin { string id = 1; int64 n = 2; }"
    repo = released(f"{twins} message M {{ acme.lib.v1.Twin a = 1; acme.lib.v1.Twin b = 2; }}", of_lib)
    repo.write(APP, app(f"{twins} message M {{ Twin a = 1; Other b = 2; }}"))
    ran = repo.run("check", "--format", "json", "app")
    breaks = {f["subject"]: f["breaks"] for module in json.loads(ran.out)["modules"] for f in module["findings"]}
    assert breaks == {"acme.app.v1.M.a": ["source"], "acme.app.v1.M.b": ["wire", "source", "storage"]}
    verdict(repo, "app")
