"""Big changes: many findings with one cause are one block for people, and all of them for programs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.workspace import Repo, new_repo

FILES = 12
BUF_YAML = "version: v2\nmodules:\n  - path: proto\nlint:\n  use: [MINIMAL]\n"
EDITION = 'edition = "2023";'
OPTIONS = 'option go_package = "a;a"; option java_package = "a";'


def path(number: int, folder: str = "acme/v1") -> str:
    return f"proto/{folder}/f{number:02}.proto"


def file(
    number: int, *, head: str = EDITION, package: str = "acme.v1", options: str = OPTIONS, kind: str = "int64"
) -> str:
    message = f"message M{number} {{\n  {kind} id = 1;\n}}\n"
    service = f"service S{number} {{\n  rpc Get(M{number}) returns (M{number});\n}}\n"
    return f"{head}\npackage {package};\n{options}\n{message}enum E{number} {{\n  E{number}_NO = 0;\n}}\n{service}"


@pytest.fixture
def app(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    """A package of twelve files with a message, an enum and a service each, and a small package, released."""
    files = {path(number): file(number) for number in range(FILES)}
    other = {"proto/other/v1/o.proto": 'syntax = "proto3";\npackage other.v1;\nmessage O {}\n'}
    repo = new_repo(tmp_path / "repo", {"buf.yaml": BUF_YAML, **files, **other}, environment)
    repo.capsys = capsys
    repo.release("proto")
    return repo


def headings(repo: Repo, *options: str) -> list[str]:
    """The rules of the blocks of a report in text, which does not pass."""
    ran = repo.run("check", "--no-style", *options)
    assert ran.code == 1, ran
    return [line.partition("]")[0].removeprefix("error[") for line in ran.out.splitlines() if line.startswith("error[")]


def rewrite(repo: Repo, **changes: str) -> None:
    for number in range(FILES):
        repo.write(path(number), file(number, **changes))


def test_a_removed_package_is_one_block(app: Repo) -> None:
    for number in range(FILES):
        (app.root / path(number)).unlink()
    assert headings(app) == ["package-removed"]
    ran = app.run("check", "--no-style")
    assert len(ran.out.splitlines()) < 20
    assert "   = also:    12 message-removed, at " in ran.out
    assert f"at {path(0)}, {path(1)}, {path(2)} and 9 more places\n" in ran.out
    counts = "12 enum-removed, 12 file-removed, 12 message-removed, 12 service-removed, 1 package-removed"
    assert ran.out.endswith(f"\n49 findings: {counts}; `--format concise` shows each.\n")
    document = app.run("check", "--no-style", "--format", "json")
    findings = json.loads(document.out)["modules"][0]["findings"]
    assert (document.code, len(findings)) == (1, 49)
    cause = {"rule": "package-removed", "subject": "acme.v1"}
    assert [finding["rule"] for finding in findings if finding["cause"] != cause] == ["package-removed"]
    counted = app.run("check", "--no-style", "--statistics")
    assert (counted.code, counted.err) == (1, ran.err)
    assert counted.out.splitlines()[-1] == " 1  error  package-removed"
    limited = app.run("check", "--no-style", "--format", "concise", "--max-findings", "2")
    assert (limited.code, len(limited.out.splitlines())) == (1, 3)
    assert limited.out.endswith("47 more findings not shown: run the check without --max-findings to see all.\n")
    comment = app.run("check", "--no-style", "--format", "markdown").out
    assert (comment.count("<details>"), comment.count("<li>")) == (1, 49)


def test_a_removed_file_and_few_findings_stay_apart(app: Repo) -> None:
    (app.root / path(3)).unlink()
    assert headings(app) == ["enum-removed", "file-removed", "message-removed", "service-removed"]
    assert headings(app, "--format", "grouped") == ["file-removed"]


@pytest.mark.parametrize(
    ("changes", "blocks"),
    [
        ({"options": 'option go_package = "b;b"; option java_package = "b";'}, ["file-option-changed"] * 2),
        ({"options": f"{OPTIONS} option features.json_format = LEGACY_BEST_EFFORT;"}, ["json-format-changed"]),
        ({"head": 'syntax = "proto3";'}, ["file-syntax-changed", "field-presence-changed"]),
        ({"kind": "int32"}, ["field-type-changed"]),
    ],
)
def test_one_rule_or_option_everywhere_is_one_block(app: Repo, changes: dict[str, str], blocks: list[str]) -> None:
    rewrite(app, **changes)
    assert headings(app) == blocks


def test_a_moved_package_hides_no_change_inside(app: Repo) -> None:
    for number in range(FILES):
        (app.root / path(number)).unlink()
        kind = "int32" if number == 5 else "int64"
        app.write(path(number, "acme/v2"), file(number, package="acme.v2", kind=kind))
    assert headings(app) == ["package-removed", "field-type-changed"]
    rules = Counter(line.split(": ")[1] for line in app.run("check", "--format", "concise").out.splitlines())
    assert rules == {"service-renamed": 12, "package-removed": 1, "field-type-changed": 1}


COMPLETE = {
    "--format json --max-findings 3": "--max-findings does not apply to json, which is always complete",
    "--statistics --max-findings 3": "--max-findings does not apply to statistics",
    "--max-findings 0": "0 is not in the range x>=1",
    "--profile buf --max-findings 3": "use it without --max-findings",
    "--profile buf --statistics": "--profile buf prints text or json, not statistics",
}


def test_what_cannot_leave_findings_out_says_so(app: Repo) -> None:
    for options, says in COMPLETE.items():
        ran = app.run("check", *options.split())
        assert (ran.code, ran.out) == (2, "")
        assert says in ran.err
