"""Fieldstone's hooks in an existing .pre-commit-config.yaml: added as text, once, with everything else as it was."""

from __future__ import annotations

import pytest
import yaml

from fieldstone.errors import FieldstoneError
from fieldstone.workflows.setup.hook_merging import merge_hooks
from fieldstone.workflows.setup.hooks import HOOKS, HOOKS_FILE, local_config
from fieldstone.workflows.setup.texts import to_yaml
from tests.cli.workspace import Repo
from tests.first_hour.shapes import PLACE

TEXTS = {
    "empty": "",
    "only a comment": "# nothing yet\n",
    "an empty list": "# ours\nrepos: []  # none\n# the end\n",
    "an empty value": "repos:\nci:\n  autofix_prs: false\n",
    "no list": "default_stages: [pre-commit]\n",
    "indented, with what follows": """\
# Hooks of this repository.
default_language_version:
  python: python3.11   # ours
repos:
  # first those of others
  - repo: https://git.example.com/hooks
    rev: v1  # pinned
    hooks:
      - id: trailing-whitespace
        args: [--markdown-linebreak-ext=md]   # keeps two spaces

# what pre-commit.ci does
ci:
  autofix_prs: false
""",
    "not indented": "repos:\n- repo: local\n  hooks:\n  - id: own\n    name: own\n    entry: 'true'\n",
    "no line end": "repos:\n  - repo: local\n    hooks: [{id: a, name: a, entry: a, language: system}]",
    "windows": "repos:\r\n  - repo: local\r\n    hooks:\r\n      - id: a\r\n        name: a\r\nfail_fast: true\r\n",
    "a byte order mark": "\ufeffrepos:\n  - repo: local\n    hooks: []\n",
    "a text of several lines last": "repos:\n  - repo: local\n    hooks:\n    - id: a\n      entry: |\n        a\n\n",
    "anchors": "repos: &all\n  - repo: local\n    hooks:\n    - &one\n      id: a\n    - {<<: *one, id: b}\n",
    "hooks that are no hooks": "repos:\n  - repo: local\n    hooks: 3\n  - hooks: [3, [a]]\n",
    "one of the hooks": "repos:\n  - repo: local\n    hooks:\n      - id: fieldstone-format\n        name: mine\n",
}


@pytest.mark.parametrize("case", TEXTS)
def test_hooks_are_added_once_and_nothing_else_changes(case: str) -> None:
    text = TEXTS[case]
    merged = merge_hooks(text, local_config())
    assert merge_hooks(merged, local_config()) == merged
    before, after = (yaml.safe_load(each.removeprefix("\ufeff")) or {} for each in (text, merged))
    had = before.pop("repos", None) or []
    now = after.pop("repos")
    assert now[: len(had)] == had
    assert after == before
    listed = [repo["hooks"] for repo in now if repo["hooks"] != 3]
    ids = [hook["id"] for hooks in listed for hook in hooks if isinstance(hook, dict)]
    assert [name for name in ids if name.startswith("fieldstone-")] == [hook["id"] for hook in HOOKS]
    lines = iter(merged.splitlines(keepends=True))
    kept = text.replace("repos: []  # none", "repos:  # none").splitlines()
    assert all(any(line.rstrip("\r\n") == old for line in lines) for old in kept)
    assert "&id" not in merged
    assert ("\r\n" in merged) == ("\r\n" in text)
    assert merged.replace("\r\n", "").count("\n") == (0 if "\r\n" in text else merged.count("\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("repos: [{repo: local, hooks: []}]\n", "its repos are written in brackets"),
        ("{repos: []}\n", "it is written in braces"),
        ("repos: 3\n", "it has no list of repos"),
        ("- repo: local\n", "it holds no mapping"),
        ("repos: [\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("repos: &a\n  - repo: local\n    hooks: []\nother: *a\n", "its layout is unusual"),
        ("[" * 100_000, "it nests more than 100 levels"),
    ],
)
def test_what_text_cannot_be_added_to_is_refused(text: str, why: str) -> None:
    with pytest.raises(FieldstoneError, match=why) as refused:
        merge_hooks(text, local_config())
    assert "without --merge-hooks, `fieldstone init` prints them" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_init_merges_on_request(fresh: Repo) -> None:
    fresh.write("schemas/place.proto", PLACE)
    text = TEXTS["indented, with what follows"]
    fresh.write(HOOKS_FILE, text)
    ran = fresh.run("init")
    assert "`fieldstone init --merge-hooks` adds its hooks; or add the hooks to .pre-commit-config.yaml:" in ran.err
    assert fresh.read(HOOKS_FILE) == text
    assert "&id" not in ran.err
    ran = fresh.run("init", "--merge-hooks")
    assert f"changed  {HOOKS_FILE}" in ran.out
    assert "run `pre-commit install`" in ran.err
    assert fresh.read(HOOKS_FILE) == merge_hooks(text, local_config())
    fresh.write(HOOKS_FILE, to_yaml(local_config(formats=False)))
    said = fresh.run("init").err
    assert "id: fieldstone-format" in said
    assert "id: fieldstone-check" not in said
    fresh.write(HOOKS_FILE, merge_hooks(text, local_config()))
    again = fresh.run("init", "--merge-hooks")
    assert f"kept     {HOOKS_FILE}" in again.out
    assert fresh.run("init", "--no-hooks", "--merge-hooks").code == 2
    (fresh.root / HOOKS_FILE).rename(fresh.root / "hooks.yaml")
    (fresh.root / HOOKS_FILE).symlink_to("hooks.yaml")
    fresh.write("hooks.yaml", text)
    assert "it is a symbolic link; add them by hand" in fresh.run("init", "--merge-hooks").error
    assert fresh.read("hooks.yaml") == text
