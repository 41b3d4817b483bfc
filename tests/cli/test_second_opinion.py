"""`buf breaking` as second opinion of `fieldstone check`, and `--no-second-opinion`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fieldstone.compatibility.rules import all_rules
from fieldstone.toolchain.buf import find_buf
from tests.cli.workspace import SHOP, Repo

WITHOUT = "--no-second-opinion"
BREAK = ("string id = 1;", "int32 id = 1;")
ADDITION = ("string id = 1;", "string id = 1;\n  string remark = 9;")
NEWER_BUF = """\
#!{python}
import json, subprocess, sys
done = subprocess.run([{buf!r}, *sys.argv[1:]], capture_output=True)
out = done.stdout
code = done.returncode
if sys.argv[1] == "breaking":
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        for key in ("start_line", "end_line", "start_column", "end_column"):
            line[key] = line.get(key, 0) + 7
    mood = "Field \\"1\\" changed mood."
    lines.append({{"path": "acme/shop/v1/shop.proto", "type": "FIELD_SAME_MOOD", "message": mood}})
    out = "".join(json.dumps(line) + "\\n" for line in lines).encode()
    code = 100
    open({log!r}, "a").write("breaking\\n")
sys.stdout.buffer.write(out)
sys.stderr.buffer.write(done.stderr)
sys.exit(code)
"""


@pytest.fixture
def newer_buf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The buf that Fieldstone finds is one with other positions and a rule that nobody knows; the log of its runs."""
    script, log = tmp_path / "buf", tmp_path / "log"
    script.write_text(NEWER_BUF.format(python=sys.executable, buf=find_buf(), log=str(log)))
    script.chmod(0o755)
    monkeypatch.setattr("fieldstone.toolchain.buf._BESIDE", script)
    return log


@pytest.mark.parametrize("how", [(), ("--full",)], ids=["incremental", "full"])
@pytest.mark.parametrize(("edit", "code"), [(BREAK, 1), (ADDITION, 0)], ids=["break", "addition"])
def test_a_newer_buf_changes_no_verdict(
    edit: tuple[str, str], code: int, how: tuple[str, ...], grown: Repo, request: pytest.FixtureRequest
) -> None:
    grown.edit(SHOP, *edit)
    before = grown.run("check", *how)
    assert before.code == code
    log: Path = request.getfixturevalue("newer_buf")
    assert grown.run("check", *how) == before
    assert "breaking" in log.read_text()


def test_an_option_that_only_buf_judged(grown: Repo) -> None:
    grown.edit(SHOP, "message Order {\n", "message Order {\n  option no_standard_descriptor_accessor = true;\n")
    ran = grown.run("check")
    assert (ran.code, "error[descriptor-accessor-removed]" in ran.out) == (1, True)
    assert grown.run("check", WITHOUT) == ran
    refused = grown.run("release", "shop")
    assert (refused.code, "descriptor-accessor-removed" in refused.out) == (1, True)


def test_fieldstones_own_findings_are_the_same(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    assert grown.run("check", WITHOUT) == grown.run("check")


def test_buf_breaking_is_not_started(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.toolchain.buf.breaking", None)
    grown.edit(SHOP, *BREAK)
    assert "field-type-changed" in grown.run("check", WITHOUT).out


def test_nobody_notices_where_fieldstone_errs(grown: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(grown.root.parent))  # where the disagreement is written
    blind = {name: rule for name, rule in all_rules().items() if name != "field-type-changed"}
    for module in ("judgement", "disagreement"):
        monkeypatch.setattr(f"fieldstone.checking.{module}.all_rules", lambda: blind)
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check")
    assert (ran.code, "Fieldstone and buf disagree" in ran.error) == (2, True)
    assert grown.run("check", WITHOUT).code == 0
    assert grown.run("release", "shop").code == 2


def test_the_profile_of_buf_has_none_to_leave_out(grown: Repo) -> None:
    grown.edit(SHOP, *BREAK)
    ran = grown.run("check", "--profile", "buf")
    assert ran.code == 1
    assert grown.run("check", "--profile", "buf", WITHOUT) == ran
