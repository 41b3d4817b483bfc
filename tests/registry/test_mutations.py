"""Files with a value of the wrong kind anywhere in them: each is read, or refused with one clear error."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from msgspec import to_builtins

from fieldstone.codegen import manifest as generated
from fieldstone.compatibility.ledger import Ledger, TypeHistory, Use
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import FieldstoneError
from fieldstone.project.settings import find_settings
from fieldstone.registry.chain import broken_links, broken_retirements
from fieldstone.registry.manifest import from_toml, to_toml
from fieldstone.registry.release import Link, Release
from fieldstone.workspace.config.text import parse_config
from fieldstone.workspace.modules import load_workspace

VALUES: list[Any] = [None, [], ["a"], {}, {"a": 1}, 0, -1, 1.5, 10**30, True, "", "x", "a\0b", "9" * 5000]
LEDGER = Ledger(
    {
        "a.A": TypeHistory(
            "message", "1.0.0", None, (Use("x", 1, "int32", "1.0.0"), Use("y", 2, "a.B", "1.0.0", "1.1.0"))
        )
    }
)
MANIFEST = Release(
    name="shop",
    version="1.1.0",
    digest="b5:00",
    bump="minor",
    released_at="2026-01-01T00:00:00Z",
    style="shake256:00",
    compiler="buf 1.75.0",
    commit="0" * 40,
    changes=("x",),
    waivers=(Waiver(rule="field-removed", subject="a.A.x", reason="r", owner="o", until="2030-01-01"),),
    previous=Link("shop", "1.0.0", "b5:01", "shake256:01"),
    dependencies=(Link("money", "1.0.0", "b5:02"),),
    files={"image.binpb": "shake256:02", "schemas/a.proto": "shake256:03"},
)
SETTINGS: dict[str, Any] = {
    "registry": "registry",
    "surfaces": ["wire"],
    "notice": 30,
    "naming": True,
    "rules": {"field-renamed": "off"},
    "modules": {"shop": {"path": "schemas", "surfaces": ["wire"], "rules": {"field-renamed": "error"}}},
    "generate": {"out": "generated", "record-paths": ["src"]},
    "package": {"out": "dist", "npm-scope": "acme"},
    "waivers": [{"rule": "field-removed", "subject": "a.A.x", "reason": "r", "owner": "o", "until": "2030-01-01"}],
}
CONFIG: dict[str, Any] = {
    "version": "v2",
    "modules": [{"path": "schemas", "name": "buf.build/acme/shop", "excludes": ["schemas/x"], "includes": ["schemas"]}],
    "lint": {"use": ["STANDARD"]},
}


def mutations(tree: Any) -> Iterator[Any]:
    """The tree with each of its nodes replaced by each other value, and with each key or item left out."""
    for path in _paths(tree):
        for value in VALUES:
            yield _replaced(tree, path, value)


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from _paths(value, (*path, key))


def _replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(tree)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    if value is None and isinstance(inside, dict):
        del inside[path[-1]]  # TOML has no null
    else:
        inside[path[-1]] = "null" if value is None else value
    return changed


def problems(read: Callable[[Any], object], trees: Iterable[Any]) -> list[str]:
    """The errors that name what is refused, one for each tree that is not read."""
    found = []
    for tree in trees:
        try:
            read(tree)
        except FieldstoneError as error:
            found.append(str(error))
    return found


def test_a_ledger() -> None:
    def read(tree: Any) -> None:
        ledger = Ledger.from_json(json.dumps(tree), where="ledger.json")
        for name in ledger.types:
            ledger.type(name).number_taken(1, "x", "int32")

    found = problems(read, [*mutations(json.loads(LEDGER.to_json())), [], None, 1, "x", {"a.A": None}])
    assert len(found) > 100
    assert all(problem.startswith("ledger.json is not a ledger: ") for problem in found)


@pytest.mark.parametrize("key", ["kind", "since", "until", "members"])
def test_a_ledger_that_leaves_something_out(key: str) -> None:
    tree = json.loads(LEDGER.to_json())
    del tree["a.A"][key]
    with pytest.raises(FieldstoneError, match=key):
        Ledger.from_json(json.dumps(tree), where="ledger.json").type("a.A")


def test_a_manifest() -> None:
    trees = mutations(tomllib.loads(to_toml(MANIFEST)))
    found = problems(lambda tree: _use(from_toml(tomli_w.dumps(tree), where="release.toml")), trees)
    assert len(found) > 200
    assert all("release.toml " in problem for problem in found)


def _use(release: Release) -> None:
    """Ask a manifest what commands ask it."""
    assert to_builtins(release)
    list(broken_links([release], lambda _: "registry", "restore it"))
    list(broken_retirements([release], lambda _: "registry", "restore it"))
    assert str(release.semver)
    assert release.sources is not None
    assert isinstance(release.released_on.year, int)
    for waiver in release.waivers:
        waiver.holds_on(release.released_on)


def test_settings(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()

    def read(tree: Any) -> None:
        (tmp_path / "fieldstone.toml").write_text(tomli_w.dumps(tree), "utf-8")
        settings = find_settings(tmp_path)
        settings.module("shop")
        assert [settings.registry, settings.workspace, settings.out, settings.packages]
        assert isinstance(settings.module_names, dict)

    found = problems(read, mutations(SETTINGS))
    assert len(found) > 200
    assert all(str(tmp_path / "fieldstone.toml") in problem for problem in found)


def test_a_buf_configuration(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()

    def read(tree: Any) -> None:
        (tmp_path / "buf.yaml").write_text(json.dumps(tree), "utf-8")
        assert load_workspace(tmp_path).modules is not None

    found = problems(read, mutations(CONFIG))
    assert len(found) > 50
    assert all(str(tmp_path) in problem for problem in found)


def test_a_manifest_of_generated_code() -> None:
    entry = generated.Entry(version="1.0", inputs={"a": "0"}, releases={"1.0.0": "b5:"}, outputs={"b": "1"})
    trees = mutations(json.loads(generated.to_json({"shop": entry})))
    found = problems(lambda tree: generated.from_json(json.dumps(tree), where="manifest.json"), trees)
    assert len(found) > 20
    assert all(problem.startswith("manifest.json is no manifest of generated code") for problem in found)


@pytest.mark.parametrize("text", ['version: "v2\\0"', 'version: v2\nname: "a\\0"'])
def test_a_nul_in_a_configuration(text: str) -> None:
    with pytest.raises(FieldstoneError, match="holds a NUL"):
        parse_config(text.encode(), Path("buf.yaml"))
