"""The check gives a verdict on whatever compiles: by both engines, and by the native one alone."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, new_repo

BUF_YAML = "version: v2\nmodules:\n  - path: app\n  - path: lib\nlint:\n  use: [MINIMAL]\n"
KIND = ("message K { string id = 1; }", "enum K { K_NONE = 0; K_ONE = 1; }")
"""A message, and an enum of the same name."""

LIB_PACKAGE = "LIB"
"""What stands for the package of the other module in a declaration."""

Make = Callable[[Mapping[int, tuple[str, str]]], Repo]


def app_path(number: int) -> str:
    return f"app/acme/app{number}/v1/app.proto"


def lib_path(number: int) -> str:
    return f"lib/acme/lib{number}/v1/lib.proto"


def app(body: str, number: int) -> str:
    imported = f'import "acme/lib{number}/v1/lib.proto";\n' if LIB_PACKAGE in body else ""
    text = body.replace(LIB_PACKAGE, f"acme.lib{number}.v1")
    return f'syntax = "proto3";\npackage acme.app{number}.v1;\n{imported}{text}\n'


def lib(body: str, number: int) -> str:
    return f'syntax = "proto3";\npackage acme.lib{number}.v1;\nmessage Anchor {{}}\n{body}\n'


@pytest.fixture
def released(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Make:
    """A workspace of two modules, both released: a package in each for every pair of declarations."""

    def make(pairs: Mapping[int, tuple[str, str]]) -> Repo:
        files = {"buf.yaml": BUF_YAML}
        for number, (of_app, of_lib) in pairs.items():
            files |= {app_path(number): app(of_app, number), lib_path(number): lib(of_lib, number)}
        repo = new_repo(tmp_path / "repo", files, environment)
        repo.capsys = capsys
        for module in ("lib", "app"):
            repo.release(module)
        repo.commit("releases")
        return repo

    return make


def verdicts(repo: Repo, *args: str) -> dict[int, set[str]]:
    """The rules that apply to each pair; the same with and without the second opinion, and of all."""
    found = []
    for more in ((), ("--no-second-opinion",), ("--full",)):
        ran = repo.run("check", "--format", "json", *args, *more)
        assert ran.code == 1, ran
        rules = defaultdict[int, set[str]](set)
        for finding in (f for module in json.loads(ran.out)["modules"] for f in module["findings"]):
            rules[int(re.findall(r"acme[./]app(\d+)", finding["subject"])[0])].add(finding["rule"])
        found.append(dict(rules))
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


CHANGES = [
    ("message M { A m = 1; }", "message M { B m = 1; }"),
    ("message M { repeated A m = 1; }", "message M { B m = 1; }"),
    ("message M { A m = 1; }", "message M { A n = 1; B m = 2; }"),
    ("service S { rpc Get(A) returns (A); }", "service S { rpc Get(B) returns (B); }"),
]


def test_recursive_families_are_compared(released: Make) -> None:
    pairs = [(f"{family} {old}", f"{family} {new}") for family in FAMILIES for old, new in CHANGES]
    repo = released({number: (old, "") for number, (old, _) in enumerate(pairs)})
    for number, (_, new) in enumerate(pairs):
        repo.write(app_path(number), app(new, number))
    found = verdicts(repo)
    for number, pair in enumerate(pairs):
        assert found[number] & {"field-type-changed", "rpc-message-changed", "field-numbers-swapped"}, pair


@pytest.mark.parametrize(("length", "more"), [(300, ("--no-witness",)), (120, ())], ids=["alone", "with a witness"])
def test_a_long_chain_of_messages_is_compared(released: Make, length: int, more: tuple[str, ...]) -> None:
    """The shorter one is still deeper than protobuf's JSON goes, and a witness of the longer one takes very long."""
    chains = (
        " ".join(f"message {name}{i} {{ {name}{i + 1} next = 1; }}" for name in ("A", "B") for i in range(length))
        + f" message A{length} {{ int32 n = 1; }} message B{length} {{ string n = 1; }}"
    )
    repo = released({0: (f"{chains} message M {{ A0 m = 1; }}", "")})
    repo.write(app_path(0), app(f"{chains} message M {{ B0 m = 1; }}", 0))
    ran = repo.run("check", *more)
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


def bodies(use: str, kind: str, place: str) -> tuple[str, str]:
    """Declarations of both modules: the use of `K`, and `K` itself beside it, in it or in the other module."""
    if place == "elsewhere":
        return f"message M {{ {use.replace('K ', f'{LIB_PACKAGE}.K ').replace(', K', f', {LIB_PACKAGE}.K')} }}", kind
    return (f"{kind} message M {{ {use} }}" if place == "beside" else f"message M {{ {kind} {use} }}"), ""


def test_a_message_replaced_by_an_enum_is_refused(released: Make) -> None:
    """And an enum by a message: however a field uses it, and wherever it is declared."""
    cases = list(product(USES, ("beside", "nested", "elsewhere"), (KIND, KIND[::-1])))
    repo = released({number: bodies(use, kinds[0], place) for number, (use, place, kinds) in enumerate(cases)})
    for number, (use, place, kinds) in enumerate(cases):
        body, of_lib = bodies(use, kinds[1], place)
        repo.write(app_path(number), app(body, number))
        repo.write(lib_path(number), lib(of_lib, number))
    found = verdicts(repo, "app")
    for number, case in enumerate(cases):
        assert "field-type-changed" in found[number], case


@pytest.mark.parametrize("kinds", [KIND, KIND[::-1]], ids=["to-enum", "to-message"])
def test_a_kind_that_nobody_uses_is_refused(released: Make, kinds: tuple[str, str]) -> None:
    repo = released({0: (kinds[0], "")})
    repo.write(app_path(0), app(kinds[1], 0))
    assert verdicts(repo)[0] & {"message-removed", "enum-removed"}


def test_types_of_another_module_are_compared_by_structure(released: Make) -> None:
    twins = "message Twin { string id = 1; int64 n = 2; } message Other { string id = 1; sint64 n = 2; }"
    of_lib = "message Twin { string id = 1; int64 n = 2; }"
    repo = released({0: (f"{twins} message M {{ {LIB_PACKAGE}.Twin a = 1; {LIB_PACKAGE}.Twin b = 2; }}", of_lib)})
    repo.write(app_path(0), app(f"{twins} message M {{ Twin a = 1; Other b = 2; }}", 0))
    ran = repo.run("check", "--format", "json", "app")
    breaks = {f["subject"]: f["breaks"] for module in json.loads(ran.out)["modules"] for f in module["findings"]}
    assert breaks == {"acme.app0.v1.M.a": ["source"], "acme.app0.v1.M.b": ["wire", "source", "storage"]}
    assert verdicts(repo, "app").keys() == {0}
