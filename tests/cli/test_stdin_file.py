"""`check --stdin-file`: the findings of a text that is not saved are those that it has once it is."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.cli.workspace import MONEY, SHOP, Ran, Repo, many

_BROKEN = ("  Status status = 3;\n", "  /* 🙂 */ string Status = 3;\n")
_NEW = "schemas/shop/acme/shop/v1/parcel.proto"


def unsaved(repo: Repo, path: str, text: str | bytes, *args: str, cwd: str | Path = ".") -> Ran:
    """Check with a text on standard input; the file on disk stays as it is."""
    content = text.encode() if isinstance(text, str) else text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return repo.run("check", "--stdin-file", path, *args, cwd=cwd)


def both(repo: Repo, path: str, text: str | bytes, *args: str) -> tuple[Ran, Ran]:
    """What a text comes to before it is saved, and afterwards; the file is restored."""
    file = repo.root / path
    before = file.read_bytes() if file.exists() else None
    first = unsaved(repo, path, text, *args)
    assert (file.read_bytes() if file.exists() else None) == before
    repo.write(path, text)
    second = repo.run("check", *args)
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)
    return first, second


def test_findings_are_those_of_the_saved_file(released: Repo) -> None:
    broken = released.read(SHOP).replace(*_BROKEN)
    assert broken != released.read(SHOP)
    for args in ((), ("--format", "json", "--since", "HEAD")):
        first, second = both(released, SHOP, broken, *args)
        assert first == second
        assert first.code == 1
        assert "field-type-changed" in first.out
        assert "FIELD_LOWER_SNAKE_CASE" in first.out


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        (MONEY, ("int64 units = 2", "int32 units = 2")),  # imported by the other module
        (SHOP, ("message Order {", "message Order ")),
        pytest.param(SHOP, ("\n", "\r\n"), marks=pytest.mark.slow),
        pytest.param(SHOP, ("Status status = 3", "\udcff status = 3"), marks=pytest.mark.slow),
    ],
)
def test_other_texts(released: Repo, path: str, edit: tuple[str, str]) -> None:
    text = released.read(path).replace(*edit).encode("utf-8", "surrogateescape")
    first, second = both(released, path, text)
    assert first == second


@pytest.mark.slow
def test_new_file_is_part_of_its_module(released: Repo) -> None:
    text = 'syntax = "proto3";\n\npackage acme.shop.v2;\n\n// A parcel.\nmessage Parcel {\n  string id = 1;\n}\n'
    first, second = both(released, _NEW, text)
    assert first == second
    assert "PACKAGE_DIRECTORY_MATCH" in first.out


def test_part_of_a_large_module(large: Repo) -> None:
    text = large.read(many(0)).replace("string id = 1", "bytes id = 1")
    first, second = both(large, many(0), text)
    assert first == second
    assert "field-type-changed" in first.out


def test_path_is_relative_to_the_working_directory(released: Repo) -> None:
    folder = Path(SHOP).parent
    ran = unsaved(released, Path(SHOP).name, released.read(SHOP).replace(*_BROKEN), cwd=folder)
    assert "--> shop.proto:11:" in ran.out
    assert "string Status = 3;" in ran.out, "the frame shows the text, and not the file"


def test_bad_paths(released: Repo) -> None:
    outside = unsaved(released, "other/x.proto", "").error
    assert "no module of" in outside
    assert "schemas/money, schemas/shop" in outside
    assert "name the .proto file" in unsaved(released, "fieldstone.toml", "").error
    assert "name the .proto file" in unsaved(released, "", "").error
    assert "--stdin-file" in unsaved(released, SHOP, "", "--profile", "buf").err
