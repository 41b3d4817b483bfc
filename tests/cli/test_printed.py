"""What is printed: no name, path, reason or message starts a line of its own, or is a command to a runner of CI."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import tomli_w

from tests.cli.workspace import BUF_YAML, SHOP, Ran, Repo, waiver

EVIL = (
    "x\n::error file=a::EVIL\r\n##[group]EVIL ##vso[task.complete]EVIL \x1b[0Ksection_start:1:EVIL\r\x1b[0K\u2028EVIL"
)
PATH = "::error::EVIL ##[group]EVIL\n::warning::EVIL.proto"
"""A file name: what a git checkout may bring."""


def assert_harmless(text: str, *, commands: bool = False) -> None:
    """No line is a command to a runner, and none begins in a value.

    Args:
        text: what was printed.
        commands: whether it is made of workflow commands.
    """
    assert not re.search(r"[^\n\t -~\u00a1-\U0010ffff]|[\u2028\u2029]", text), text
    assert not re.search(r"##[A-Za-z]*\[", text), text
    for line in text.split("\n"):
        opens = line.lstrip().startswith("::") and not line.lstrip().startswith("::: ")
        assert not opens or (commands and re.match(r"::(error|warning|notice) [^\n]*title=", line)), text


def assert_all_harmless(ran: Ran) -> None:
    """And none of the lines for people begins within a value: a value has its line ends escaped."""
    for text in (ran.out, ran.err):
        assert_harmless(text)
        assert not re.search(r"(?m)^\s*(\\x3a:|::)?(EVIL|error file=a|\\x23#|section_start)", text), text


@pytest.fixture
def evil(grown: Repo) -> Repo:
    """Findings, waivers, files and a release whose every text is hostile."""
    grown.edit("buf.yaml", "    - STANDARD\n", "    - STANDARD\n  except:\n    - FILE_LOWER_SNAKE_CASE\n")
    grown.write(
        f"schemas/shop/acme/shop/v1/{PATH}",
        'syntax = "proto3";\n\npackage acme.shop.v1;\n\n'
        "message bad_Name { // ##[group]EVIL ::error::EVIL \x1b[0KEVIL\n  string id = 1;\n}\n",
    )
    grown.edit(SHOP, "  string id = 1;", "  int32 id = 1; // ##[group]EVIL \x1b[0K\u2028")
    grown.settings(
        waiver("field-type-changed", "acme.shop.v1.Order.id", reason=EVIL, owner=EVIL)
        + waiver("field-removed", EVIL, reason=EVIL, owner=EVIL, module=EVIL)
    )
    return grown


@pytest.mark.parametrize("format_", ["text", "concise", "github", "json", "sarif", "junit"])
def test_a_check(evil: Repo, format_: str) -> None:
    ran = evil.run("check", "--format", format_)
    assert ran.code == 1
    assert "EVIL" in ran.out
    assert_harmless(ran.err)
    assert_harmless(ran.out, commands=format_ == "github")


def test_documents_say_what_the_settings_say(evil: Repo) -> None:
    """The escapes of JSON and XML hide nothing: what is read from them is exact."""
    found = json.loads(evil.run("check", "--format", "json").out)["modules"]
    assert EVIL in {f["waiver"]["reason"] for module in found for f in module["findings"] if f["waiver"]}
    assert f"schemas/shop/acme/shop/v1/{PATH}" in {f["place"]["path"] for m in found for f in m["findings"]}
    cases = ET.fromstring(evil.run("check", "--format", "junit").out).iter("testcase")  # noqa: S314 - written by the command above
    assert f"schemas/shop/acme/shop/v1/{PATH}" in {case.get("file") for case in cases}


def test_a_code_frame_stays_readable(evil: Repo) -> None:
    """A sharp sign in the place of one #: as wide, so that the mark below stands right."""
    out = evil.run("check", "--no-witness").out
    assert "5 | message bad_Name { // #♯[group]EVIL ::error::EVIL ␛[0KEVIL\n   |         ^^^^^^^^\n" in out


@pytest.mark.parametrize("format_", ["text", "json"])
def test_buf_itself(evil: Repo, format_: str) -> None:
    ran = evil.run("check", "shop", "--profile", "buf", "--against", "HEAD", "--format", format_)
    assert ran.code == 1
    assert_all_harmless(ran)


@pytest.mark.parametrize(
    "command",
    [
        ("registry", "list"),
        ("registry", "list", "--format", "json"),
        ("registry", "show", "shop"),
        ("registry", "show", "shop", "--format", "json"),
        ("registry", "verify"),
        ("check",),
        ("release", "shop"),
        ("diff", "shop", "1.2.0"),
        ("diff", "shop", "1.1.0", "1.2.0", "--format", "markdown"),
        ("diff", "shop", "1.2.0", "--format", "json"),
        ("package", "shop"),
    ],
    ids=" ".join,
)
def test_a_release_made_by_hand(grown: Repo, command: tuple[str, ...]) -> None:
    file = "registry/shop/1.2.0/release.toml"
    made = tomllib.loads(grown.read(file))
    entry = {"rule": EVIL, "subject": EVIL, "reason": EVIL, "owner": EVIL, "until": EVIL, "entered": EVIL}
    made |= dict.fromkeys(("commit", "compiler", "released_at", "bump", "digest", "style", "seal"), EVIL)
    made |= {"changes": [EVIL, "::error::EVIL"], "waivers": [entry]}
    made["previous"]["digest"] = EVIL
    made["files"][EVIL] = EVIL
    grown.write(file, tomli_w.dumps(made))
    assert_all_harmless(grown.run(*command))


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", EVIL),
        ("check", "--against", EVIL),
        ("check", f"--{EVIL}"),
        ("check", "--format", EVIL),
        ("check", "--profile", EVIL),
        ("diff", EVIL, EVIL, EVIL),
        ("diff", "shop", EVIL),
        ("release", EVIL),
        ("release", "shop", "--version", EVIL),
        ("registry", "show", EVIL),
        ("registry", "list", EVIL),
        ("registry", EVIL),
        ("registry", "verify", "--since", EVIL),
        ("explain", EVIL),
        ("explain", "A\n::ERROR::EVIL"),
        ("rules", EVIL),
        ("generate", EVIL),
        ("generate", "--out", EVIL),
        ("generate", "--check", "--out", EVIL),
        ("package", EVIL),
        ("package", "shop@" + EVIL),
        ("migrate", EVIL),
        ("relay", "--from", EVIL, "--to", EVIL),
        ("waive", EVIL, EVIL, "--reason", EVIL, "--until", EVIL),
        ("waive", "field-removed", EVIL, "--reason", EVIL, "--until", "2999-12-31", "--owner", EVIL),
        ("init", EVIL),
        ("index", "build", EVIL, "--out", EVIL),
        (EVIL,),
    ],
    ids=lambda arguments: " ".join(arguments).replace(EVIL, "EVIL"),
)
def test_arguments(grown: Repo, arguments: tuple[str, ...]) -> None:
    ran = grown.run(*arguments)
    assert ran.code == 2 or arguments[0] == "generate"
    assert_all_harmless(ran)


def test_waive_prints_its_terms(grown: Repo) -> None:
    grown.edit(SHOP, "string id = 1;", "int32 id = 1;")
    terms = ("--reason", EVIL, "--until", "2999-12-31", "--owner", EVIL)
    ran = grown.run("waive", "field-type-changed", "acme.shop.v1.Order.id", *terms)
    assert ran.code == 0
    assert_all_harmless(ran)
    ran = grown.run("release", "shop")
    assert ran.code == 0
    for made in (ran, grown.run("registry", "show", "shop"), grown.run("diff", "shop", "1.2.0", "2.0.0")):
        assert "EVIL" in made.out
        assert_all_harmless(made)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVIL).replace("\\r", "\\u000d") + " = 1\n",
        "registry = " + json.dumps(EVIL) + "\n",
        "fail-on = " + json.dumps(EVIL) + "\n",
        "[rules]\n" + json.dumps(EVIL) + ' = "off"\n',
        "[modules." + json.dumps(EVIL) + "]\n",
        "[modules.a]\npath = " + json.dumps(EVIL) + "\n",
        "[generate]\nout = " + json.dumps(EVIL) + "\n",
        f"{EVIL} = 1\n",
    ],
)
@pytest.mark.parametrize("command", ["check", "settings", "registry list", "generate --check"])
def test_settings(grown: Repo, text: str, command: str) -> None:
    grown.settings(text)
    assert_all_harmless(grown.run(*command.split()))


def test_sources_that_are_not_formatted(grown: Repo) -> None:
    grown.write(SHOP, grown.read(SHOP) + "/*\n::error::EVIL\n\x1b[0K##[group]\n*/\nmessage  X {}\n")
    ran = grown.run("format", "--check")
    assert ran.code == 1
    assert "EVIL" in ran.out
    assert_all_harmless(ran)


def test_a_source_that_does_not_compile(grown: Repo) -> None:
    grown.write(f"schemas/shop/acme/shop/v1/{PATH}", f'syntax = "proto3";\nimport "{PATH}";\n::error::EVIL\n')
    ran = grown.run("check")
    assert ran.code == 2
    assert_all_harmless(ran)


def test_files_that_nothing_generated(grown: Repo) -> None:
    for path in (f"generated/{PATH}", "generated/::error::EVIL/x"):
        grown.write(path, "x")
    for arguments in (("generate",), ("generate", "--check")):
        assert_all_harmless(grown.run(*arguments))


@pytest.mark.parametrize("name", [EVIL, "-rf", ".hidden", "#top", ":colon", " blank", "blank ", "a\u202eb", "a\x85"])
@pytest.mark.parametrize("where", ["name", "path"])
def test_a_module_that_cannot_be_called_so(grown: Repo, name: str, where: str) -> None:
    """Neither after its name in buf.yaml nor after its folder; the settings may name it."""
    path = f"schemas/{name}" if where == "path" else "schemas/shop"
    if where == "path":
        (grown.root / "schemas/shop").rename(grown.root / path)
    listed = json.dumps(path) + (
        f"\n    name: {json.dumps('buf.build/acme/' + name.replace('/', ''))}" if where == "name" else ""
    )
    grown.write("buf.yaml", BUF_YAML.replace("schemas/shop", listed))
    ran = grown.run("check")
    assert f"error: {grown.root}/buf.yaml lists the module " in ran.error
    assert "name it in the settings: [tool.fieldstone.modules.NAME] with path = " in ran.error
    assert_all_harmless(ran)
    grown.settings(f"[modules.shop]\npath = {json.dumps(path)}\n")
    ran = grown.run("check")
    assert_all_harmless(ran)
    assert "its name would be" not in ran.err


@pytest.mark.parametrize("name", ["caf\udce9", "x\n::error::EVIL", "-rf"])
def test_a_workspace_in_a_folder_that_cannot_be_called_so(tmp_path: Path, grown: Repo, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(grown.root / "schemas/money", folder)
    (folder / "buf.yaml").write_text("version: v2\n")
    grown.root = folder
    for command in ("check", "release x", "generate", "registry verify --since HEAD"):
        ran = grown.run(*command.split())
        assert ran.code == 2
        assert_all_harmless(ran)
    assert "/buf.yaml lists the module" in grown.run("check").err
    (folder / "fieldstone.toml").write_text('[modules.money]\npath = "."\n')
    assert_all_harmless(grown.run("check"))
    assert "its name would be" not in grown.run("check").err


def test_folders_of_a_registry(grown: Repo) -> None:
    shutil.copytree(grown.root / "registry/money", grown.root / "registry" / EVIL.replace("/", ""))
    for command in ("registry list", "registry show money", "registry verify", "check", "registry show nothing"):
        assert_all_harmless(grown.run(*command.split()))
