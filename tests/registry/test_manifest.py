"""`release.toml` is read as TOML says, whatever stands in it, also where its files are read line by line."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from fieldstone.errors import FieldstoneError
from fieldstone.registry.manifest import parse

HEAD = 'name = "shop"\nchanges = ["one"]\n'
FILE = '"schemas/a.proto" = "shake256:1"\n'

TEXTS = [
    f"{HEAD}\n[files]\n{FILE}",
    f'{HEAD}\n[[waivers]]\nrule = "a"\n\n[files]\n{FILE}"schemas/b c.proto" = "2"\n"schemas/ü.proto" = ""\n',
    f"{HEAD}\n[files]\n{FILE}{FILE}",
    f'{HEAD}\n[files]\n{FILE}"a\\" = \\"b" = "3"\n',
    f'{HEAD}\n[files]\n{FILE}"a" = "b" = "c"\n',
    f'{HEAD}\n[files]\n{FILE}"a" = "b", "c" = "d"\n',
    f'{HEAD}\n[files]\n{FILE}bare = "3"\n',
    f"{HEAD}\n[files]\n{FILE}'literal' = '3'\n",
    f"{HEAD}\n[files]\n{FILE}# a comment\n\n",
    f'{HEAD}\n[files]\n{FILE}"a" = """\n"b" = "c"\n"""\n',
    f'{HEAD}\n[files]\n{FILE}"tab\t" = "4"\n',
    f'{HEAD}\n[files]\n{FILE}"bell\a" = "4"\n',
    f'{HEAD}\n[files]\n{FILE}"last" = "4"',
    f"{HEAD}\n[files]\n{FILE}\n[previous]\nversion = '1.0.0'\n",
    f"{HEAD}\n[files]\n{FILE}".replace("\n", "\r\n"),
    f'{HEAD}text = """\n[files]\n{FILE}"""\n',
    f'{HEAD}text = """\n[files]\n{FILE}"""\n\n[files]\n{FILE}',
    f'{HEAD}files = {{}}\n\n[files]\n"a" = "b"\n',
    f'{HEAD}\n[files.more]\n"a" = "b"\n\n[files]\n{FILE}',
    f"{HEAD}\n[files]\n",
    f"\n[files]\n{FILE}",
    "[files]\n" + FILE,
    f"{HEAD}number = 1\n\n[files]\n{FILE}",
    f'{HEAD}unclosed = "\n[files]\n{FILE}',
    HEAD,
    "",
]


def texts_alone(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(texts_alone, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_manifest_says_what_toml_says(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        expected = None
    if expected is not None and texts_alone(expected):
        assert parse(text, where="release.toml") == expected
    else:
        with pytest.raises(FieldstoneError, match=r"^release\.toml is no release manifest: "):
            parse(text, where="release.toml")
