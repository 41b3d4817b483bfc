"""The application's dataclasses as they are read from their source."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.record_classes import RecordClass, by_slots
from fieldstone.codegen.storage.application.record_types import fits
from fieldstone.errors import FieldstoneError
from tests.schema.files import write_files

HEAD = "from dataclasses import KW_ONLY, InitVar, dataclass, field\n"


def record(source: str, tmp_path: Path, name: str = "Step") -> RecordClass:
    """A class of a module of that source."""
    write_files(tmp_path, {"app/records.py": HEAD + source})
    return Application([tmp_path]).record(f"app.records:{name}")


def refusal(reference: str, files: Mapping[str, str], tmp_path: Path) -> str:
    """The error of looking for a class, without the folder."""
    write_files(tmp_path, files)
    with pytest.raises(FieldstoneError) as caught:
        Application([tmp_path]).record(reference)
    return str(caught.value).replace(str(tmp_path), "ROOT")


def test_a_dataclass(tmp_path: Path) -> None:
    found = record(
        "@dataclass(slots=True, frozen=True, kw_only=True)\n"
        "class Step:\n"
        "    run_id: str\n"
        '    note: "str|None" = None\n'
        "    tags: list[str] = field(default_factory=list)\n"
        "    seen: int = field(init=False)\n"
        "    must: int = field(repr=False)\n",
        tmp_path,
    )
    assert (found.module, found.name, found.path, found.line) == (
        "app.records",
        "Step",
        tmp_path / "app/records.py",
        3,
    )
    assert (found.frozen, found.slots, found.kw_only, found.has_post_init) == (True, True, True, False)
    assert [(a.name, a.annotation, a.has_default, a.line, a.keyword) for a in found.attributes.values()] == [
        ("run_id", "str", False, 4, "run_id"),
        ("note", "str | None", True, 5, "note"),
        ("tags", "list[str]", True, 6, "tags"),
        ("seen", "int", False, 7, ""),
        ("must", "int", False, 8, "must"),
    ]


def test_what_is_no_attribute(tmp_path: Path) -> None:
    found = record(
        "import dataclasses\nimport typing\nfrom typing import ClassVar\n"
        "@dataclasses.dataclass\n"
        "class Step:\n"
        "    a: int\n"
        "    b: ClassVar[int] = 1\n"
        "    c: typing.ClassVar = 1\n"
        "    d: 'ClassVar[int]' = 1\n"
        "    _: KW_ONLY\n"
        "    e: InitVar[int]\n"
        "    f = 3\n"
        "    def g(self) -> int: return 1\n",
        tmp_path,
    )
    assert [(a.name, a.init_only) for a in found.attributes.values()] == [("a", False), ("e", True)]


def test_the_application_is_not_run(tmp_path: Path) -> None:
    record("import sys\nsys.exit('imported')\n@dataclass\nclass Step:\n    a: int\n", tmp_path)
    assert "app.records" not in sys.modules


def test_bases(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/mixins.py": HEAD + "@dataclass\nclass Timed:\n    at: int = 0\n    def __post_init__(self) -> None: ...\n",
        "app/records/__init__.py": "from .steps import Step as RecordedStep\n",
        "app/records/steps.py": HEAD
        + "from typing import Generic, TypeVar\n"
        + "from .. import mixins\nfrom ..mixins import Timed as T\nT_ = TypeVar('T_')\n"
        + "class Plain(Generic[T_]):\n    not_a_field: int\n"
        + "@dataclass\nclass Base(T, Plain[int]):\n    run_id: str\n    note: str\n"
        + "@dataclass\nclass Step(Base):\n    note: str = ''\n    index: int\n"
        + "@dataclass\nclass Other(mixins.Timed): ...\n",
    }
    write_files(tmp_path, files)
    sources = Application([tmp_path / "nowhere", tmp_path])
    found = sources.record("app.records:RecordedStep")
    assert (found.module, found.name, found.path) == (
        "app.records",
        "RecordedStep",
        tmp_path / "app/records/steps.py",
    )
    assert {a.name: a.has_default for a in found.attributes.values()} == {
        "at": True,
        "run_id": False,
        "note": True,
        "index": False,
    }
    assert list(found.attributes) == ["at", "run_id", "note", "index"]
    assert found.has_post_init
    assert found.bases == ("app.records.steps.Base",)
    assert not found.unread
    assert list(sources.record("app.records.steps:Other").attributes) == ["at"]


def test_a_base_that_is_not_below_the_roots(tmp_path: Path) -> None:
    found = record("from elsewhere import Base\n@dataclass\nclass Step(Base):\n    a: int\n", tmp_path)
    assert found.unread == ("elsewhere.Base",)
    assert not by_slots(found, ["a"])


def test_a_class_in_a_class_and_one_under_a_condition(tmp_path: Path) -> None:
    source = (
        "class Outer:\n    @dataclass\n    class Step:\n        a: int\n"
        "try:\n    import fast\nexcept ImportError:\n"
        "    if True:\n        @dataclass\n        class Slow:\n            b: int\n"
    )
    assert list(record(source, tmp_path, "Outer.Step").attributes) == ["a"]
    assert list(record(source, tmp_path, "Slow").attributes) == ["b"]


def test_names_that_lead_in_a_circle(tmp_path: Path) -> None:
    files = {"a.py": "from b import Step\n", "b.py": "from a import Step\n"}
    assert refusal("a:Step", files, tmp_path) == "no class Step in ROOT/a.py"
    write_files(tmp_path, {"c.py": HEAD + "@dataclass\nclass Step(Step):\n    a: int\n"})
    assert list(Application([tmp_path]).record("c:Step").attributes) == ["a"]


def test_bad_references(tmp_path: Path) -> None:
    files = {"app/records.py": HEAD + "class Step:\n    a: int\n\nclass Stop: ...\n"}
    assert refusal("Step", files, tmp_path) == '"Step" names no class of a module; write it as "package.module:Class"'
    assert refusal("app.record:Step", files, tmp_path) == "no module app.record below ROOT; did you mean app.records?"
    assert refusal("other:Step", files, tmp_path) == (
        "no module other below ROOT; list the folder that its import starts from in `record-paths`"
    )
    assert refusal("app.records:Stepp", files, tmp_path) == "no class Stepp in ROOT/app/records.py; did you mean Step?"
    assert refusal("app.records:Step", files, tmp_path) == (
        "Step at ROOT/app/records.py:2 is no dataclass, attrs class, pydantic model or NamedTuple; "
        "put @dataclass(slots=True) above it"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\nclass Step(:\n", "ROOT/app/records.py:2: invalid syntax; mend it first"),
        ("x = 1\n'\x00'\n", "null bytes"),
        ("# coding: nonsense\n", "unknown encoding: nonsense"),
    ],
)
def test_source_that_does_not_parse(source: str, said: str, tmp_path: Path) -> None:
    assert said in refusal("app.records:Step", {"app/records.py": source}, tmp_path)


def test_source_with_odd_escapes_is_read_in_silence(tmp_path: Path) -> None:
    assert record("X = '\\d'\n@dataclass\nclass Step:\n    a: int\n", tmp_path).attributes


def test_building_by_slots(tmp_path: Path) -> None:
    body = "    a: int\n    b: int = 1\n"
    plain = record(f"@dataclass\nclass Step:\n{body}", tmp_path)
    assert by_slots(plain, ["b", "a"])
    assert not by_slots(plain, ["a"])
    for source in (
        f"@dataclass(frozen=True)\nclass Step:\n{body}",
        f"@dataclass\nclass Step:\n{body}    def __post_init__(self) -> None: ...\n",
        f"@dataclass\nclass Step:\n{body}    def __init__(self) -> None: ...\n",
        f"@dataclass\nclass Step:\n{body}    def __new__(cls) -> object: ...\n",
        f"@dataclass\nclass Step:\n{body}    def __setattr__(self, name, value) -> None: ...\n",
        f"class Base:\n    def __setattr__(self, name, value) -> None: ...\n@dataclass\nclass Step(Base):\n{body}",
        f"@dataclass\nclass Step(metaclass=Meta):\n{body}",
        "@dataclass\nclass Step:\n    a: int\n    b: int = field(init=False)\n",
        "@dataclass\nclass Step:\n    a: int\n    b: InitVar[int]\n",
        "from typing import Final\n@dataclass\nclass Step:\n    a: Final[int]\n    b: int\n",
    ):
        assert not by_slots(record(source, tmp_path), ["a", "b"]), source


IMPORTS = (
    "import datetime as dt\nimport datetime\nimport collections.abc\nimport typing as t\n"
    "from datetime import datetime as moment\nfrom typing import *\n"
    "from typing import Annotated, Any, Dict, List, Mapping, Optional, Sequence, Tuple, TypeAlias, Union\n"
    "from telemetry_storage.records import Money\n"
    "Number: TypeAlias = int\nPair = dict[Number, Number]\nLoop = list['Loop'] | None\n"
)

FITS = [
    ("str", "str"),
    ("Optional[int]", "int | None"),
    ("None | int", "int | None"),
    ("t.Union[int, None]", "int | None"),
    ("'int | None'", "int | None"),
    ("Optional['int']", "int | None"),
    ("str | None", "str"),
    ("object", "int | None"),
    ("Any", "bytes"),
    ("float", "float"),
    ("float", "int"),
    ("List[int]", "list[int]"),
    ("list", "list[int]"),
    ("Sequence[float]", "list[int]"),
    ("collections.abc.Iterable[int]", "list[int]"),
    ("Mapping[str, Any]", "dict[str, Any]"),
    ("Dict[str, int]", "dict[str, int]"),
    ("dict[str, Any] | None", "Any"),
    ("Annotated[int, 'of seconds']", "int"),
    ("moment", "datetime"),
    ("dt.datetime", "datetime"),
    ("datetime.datetime", "datetime"),
    ("Optional[datetime.timedelta]", "timedelta | None"),
    ("Number", "int"),
    ("Pair", "dict[int, int]"),
    ("Loop", "Any"),
    ("Money", "Money"),
    ("list[Money]", "list[Money]"),
    ("Own", "Own"),
]

DOES_NOT_FIT = [
    ("int", "str"),
    ("int", "int | None"),
    ("int", "float"),
    ("bool", "int"),
    ("int", "bool"),
    ("bytes", "Any"),
    ("datetime.datetime", "Any"),
    ("None", "Any"),
    ("tuple[int, ...]", "list[int]"),
    ("Tuple[int]", "list[int]"),
    ("Sequence[int]", "dict[int, int]"),
    ("list[float]", "list[int]"),
    ("dict[str, int]", "dict[str, str]"),
    ("datetime", "datetime"),
    ("datetime.date", "datetime"),
    ("str", "datetime"),
    ("Own", "Money"),
    ("not python(", "int"),
]


@pytest.mark.parametrize(
    ("annotation", "expected", "answer"),
    [(*pair, True) for pair in FITS] + [(*pair, False) for pair in DOES_NOT_FIT],
)
def test_types(annotation: str, expected: str, answer: bool, tmp_path: Path) -> None:  # noqa: FBT001
    quoted = repr(annotation) if annotation.startswith("not ") else annotation
    source = f"{IMPORTS}class Own: ...\n@dataclass\nclass Step:\n    a: {quoted}\n"
    assert fits(record(source, tmp_path).attributes["a"].types, expected) is answer
