"""Converters of the application: how they are found, and what is known of them without running them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.annotations import imported_type
from fieldstone.codegen.storage.application.converters import FoundConverter
from fieldstone.codegen.storage.application.ready_converters import RUNTIME, ready_converter, ready_for
from fieldstone.codegen.storage.conversions import once
from fieldstone.errors import FieldstoneError
from tests.schema.files import write_files

HEAD = "import numpy as np\nfrom datetime import datetime\nfrom types import SimpleNamespace\nfrom typing import *\n"
CODEC = """\
class Codec:
    def to_dto(self, value: np.ndarray) -> bytes: ...
    def from_dto(self, value: bytes) -> np.ndarray: ...
"""
STATIC = """\
class Static:
    @staticmethod
    def to_dto(value: datetime | None) -> str: ...
    @classmethod
    def from_dto(cls, value: str) -> datetime: ...
    @staticmethod
    def example(number: int) -> datetime: ...
"""


def find(source: str, folder: Path, name: str = "codec") -> FoundConverter:
    """The converter of that name in a module of that source."""
    write_files(folder, {"app/codecs.py": HEAD + source, "app/base.py": HEAD + CODEC})
    return Application([folder]).converter(f"app.codecs:{name}")


NDARRAY = ("numpy.ndarray", {"bytes"})
NOT_SAID = ("typing.Any", None)


@pytest.mark.parametrize(
    ("source", "known"),
    [
        (f"{CODEC}codec = Codec()\n", NDARRAY),
        (f"{CODEC}codec: Codec = make()\n", NDARRAY),
        (f"{CODEC}other = Codec()\ncodec = other\n", NDARRAY),
        (f"{CODEC}class Below(Codec): ...\ncodec = Below()\n", NDARRAY),
        (f"{CODEC}def make() -> Codec: ...\ncodec = make()\n", NDARRAY),
        ("from app.base import Codec\ncodec = Codec()\n", NDARRAY),
        ("from .base import Codec as Other\ncodec = Other()\n", NDARRAY),
        ("import app.base\ncodec = app.base.Codec()\n", NDARRAY),
        (f"{STATIC}codec = Static\n", ("datetime.datetime", {"str"})),
        (f"class codec:\n{STATIC.partition(chr(10))[2]}", ("datetime.datetime", {"str"})),
        ("class C:\n    def to_dto(self, value): ...\n    def from_dto(self, value): ...\ncodec = C()\n", NOT_SAID),
        ("class C:\n    to_dto: Callable[[int], str]\n    from_dto = staticmethod(int)\ncodec = C(str)\n", NOT_SAID),
        ("codec = SimpleNamespace(to_dto=str, from_dto=int)\n", NOT_SAID),
        ("from elsewhere import codec\n", NOT_SAID),
        ("from elsewhere import Base\nclass C(Base): ...\ncodec = C()\n", NOT_SAID),
        ("codec = codec\n", NOT_SAID),
    ],
)
def test_a_converter_is_found(source: str, known: tuple[str, set[str] | None], tmp_path: Path) -> None:
    found = find(source, tmp_path)
    assert (found.expression, found.modules) == ("app.codecs.codec", ("app.codecs",))
    assert (found.takes.text, found.gives and {one.name for one in found.gives}) == known
    assert found.has_example == ("example" in source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("codecs = 1\n", "no object codec in ROOT/app/codecs.py; did you mean codecs?"),
        ("", "no object codec in ROOT/app/codecs.py; define it at the top of the module"),
        (
            "class codec:\n    @staticmethod\n    def to_dto(value): ...\n",
            "codec at ROOT/app/codecs.py:5 has no function from_dto; add it: from_dto(value) gives",
        ),
        (f"{CODEC}codec = Codec\n", "to_dto of codec at ROOT/app/codecs.py:6 needs an instance; make it a @static"),
        (
            "class C:\n    async def to_dto(self, value): ...\n    def from_dto(self, value): ...\ncodec = C()\n",
            "to_dto of codec at ROOT/app/codecs.py:6 is a coroutine; write it without async",
        ),
        (
            "class C:\n    def to_dto(self): ...\n    def from_dto(self, value): ...\ncodec = C()\n",
            "to_dto of codec at ROOT/app/codecs.py:6 takes no value; write it as to_dto(value)",
        ),
        ("class codec:\n    one = 1\n", "codec at ROOT/app/codecs.py:5 has no function to_dto"),
        ("class codec(:\n", "ROOT/app/codecs.py:5: invalid syntax"),
    ],
)
def test_a_converter_that_cannot_work(source: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError) as refused:
        find(source, tmp_path)
    assert str(refused.value).replace(str(tmp_path), "ROOT").startswith(said)


def test_a_converter_inside_a_class(tmp_path: Path) -> None:
    inner = STATIC.partition("\n")[2].replace("    ", "        ")
    source = f"{CODEC}class All:\n    array = Codec()\n    class Text:\n{inner}"
    assert find(source, tmp_path, "All.array").expression == "app.codecs.All.array"
    assert find(source, tmp_path, "All.Text").takes.text == "datetime.datetime"
    with pytest.raises(FieldstoneError, match=r"no object All\.arrays in"):
        find(source, tmp_path, "All.arrays")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("codec", '"codec" names no object of a module; write it as "package.module:object"'),
        ("app.codec:codec", "no module app.codec below"),
        (f"{RUNTIME}:UuidTest", f"{RUNTIME} has no UuidTest; did you mean UuidText?"),
    ],
)
def test_a_reference_to_nothing(reference: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError) as refused:
        Application([tmp_path]).converter(reference)
    assert str(refused.value).startswith(said)


def test_the_table_of_ready_converters_is_that_of_the_runtime() -> None:
    runtime = importlib.import_module(RUNTIME)
    made = {name for name, value in vars(runtime).items() if hasattr(value, "to_dto")}
    assert {"EnumNames", "EnumValues", "UuidText", "NaiveUtc"} < made
    for name in made - {"EnumNames", "EnumValues"}:
        ready = ready_converter(f"{RUNTIME}:{name}")
        assert ready is not None
        assert ready.has_example == hasattr(getattr(runtime, name), "example")


TYPES = """\
import enum, uuid, decimal, collections.abc
from typing import *
from uuid import UUID
class Level(enum.IntEnum):
    LOW = 1
class Colour(enum.Enum):
    RED = "r"
class Mode(enum.StrEnum):
    ON = enum.auto()
class Mixed(enum.Enum):
    A = "a"
    B = 2
class Auto(enum.Enum):
    A = enum.auto()
    B = -1
class Plain: ...
"""


@pytest.mark.parametrize(
    ("annotation", "plain", "ready"),
    [
        ("UUID", "str", "UuidText"),
        ("uuid.UUID | None", "bytes", "UuidBytes"),
        ("UUID", "int", ""),
        ("Optional[decimal.Decimal]", "str", "DecimalText"),
        ("decimal.Decimal", "float", ""),
        ("tuple[int, ...]", "list[int]", "Tuples"),
        ("Tuple[str, ...]", "list[int]", ""),
        ("tuple[int, int]", "list[int]", ""),
        ("tuple", "list[int]", "Tuples"),
        ("Sequence[int]", "list[int]", "Sequences"),
        ("Sequence[str]", "list[int]", ""),
        ("collections.abc.Iterable[Any]", "Any", "Sequences"),
        ("Mapping[str, Any]", "dict[str, Any]", "Mappings"),
        ("Mapping[str, Any]", "Any", "Mappings"),
        ("Mapping[str, str]", "dict[str, int]", ""),
        ("list[int]", "list[int]", ""),
        ("int | UUID", "str", ""),
        ("Level", "int", "EnumValues(app.types:Level)"),
        ("Level", "EpisodeEnd | int", "EnumValues(app.types:Level)"),
        ("Level", "str", "EnumNames(app.types:Level)"),
        ("Colour", "str", "EnumValues(app.types:Colour)"),
        ("Colour", "int", ""),
        ("Mode", "str", "EnumValues(app.types:Mode)"),
        ("Mixed", "str", "EnumNames(app.types:Mixed)"),
        ("Auto", "int", "EnumValues(app.types:Auto)"),
        ("Plain", "str", ""),
    ],
)
def test_a_type_has_its_converter(annotation: str, plain: str, ready: str, tmp_path: Path) -> None:
    source = f"{TYPES}from dataclasses import dataclass\n@dataclass\nclass Step:\n    a: {annotation}\n"
    write_files(tmp_path, {"app/types.py": source})
    application = Application([tmp_path])
    attribute = application.record("app.types:Step").attributes["a"]
    assert ready_for(attribute, plain, application.sources) == (f"{RUNTIME}:{ready}" if ready else "")


@pytest.mark.parametrize(
    ("annotation", "text", "modules"),
    [
        ("np.ndarray", "numpy.ndarray", ["numpy"]),
        ("'np.ndarray | None'", "numpy.ndarray", ["numpy"]),
        ("Optional[datetime]", "datetime.datetime", ["datetime"]),
        ("Annotated[int, 'x']", "int", []),
        ("Final[Local]", "app.codecs.Local", ["app.codecs"]),
        ("Alias", "app.codecs.Alias", ["app.codecs"]),
        ("Union[int, 'Local']", "int | app.codecs.Local", ["app.codecs"]),
        ("Literal['Local', 1]", "typing.Literal['Local', 1]", ["typing"]),
        ("Callable[[int], Local]", "typing.Callable[[int], app.codecs.Local]", ["app.codecs", "typing"]),
        ("tuple[Local, ...]", "tuple[app.codecs.Local, ...]", ["app.codecs"]),
        ("dict", "typing.Any", ["typing"]),
        ("T", "typing.Any", ["typing"]),
        ("unknown", "typing.Any", ["typing"]),
        ("Annotated[unknown, 1]", "typing.Any", ["typing"]),
        ("None", "typing.Any", ["typing"]),
        ("f(1)", "typing.Any", ["typing"]),
    ],
)
def test_a_type_in_full(annotation: str, text: str, modules: list[str], tmp_path: Path) -> None:
    names = "Optional, Annotated, Final, Union, Literal, Callable, TypeVar"
    source = f"{HEAD}from typing import {names}\nclass Local: ...\nAlias = dict[str, int]\nT = TypeVar('T')\n"
    write_files(tmp_path, {"app/codecs.py": f"{source}x: {annotation}\n"})
    module = Application([tmp_path]).sources.module("app.codecs")
    assert module is not None
    found = imported_type(module.annotated["x"], module)
    assert (found.text, list(found.modules)) == (text, modules)


@pytest.mark.parametrize(
    ("conversion", "written"),
    [
        ("{}", "f(x)"),
        ("[item for item in {}]", "[item for item in f(x)]"),
        ("{0} if 0 <= {0} <= 9 else unfit({0})", "_ if 0 <= (_ := f(x)) <= 9 else unfit(_)"),
        ("int({0}) if {0} == {0} else 'NaN'", "int(_) if (_ := f(x)) == _ else 'NaN'"),
        ("{{'a': {0}, 'b': {0}}}", "{'a': (_ := f(x)), 'b': _}"),
        ("NAMES.get({0}) or str({0} if 0 <= {0} else unfit({0}))",
         "NAMES.get((_ := f(x))) or str(_ if 0 <= _ else unfit(_))"),
    ],
)  # fmt: skip
def test_a_value_is_converted_once(conversion: str, written: str) -> None:
    assert once(conversion, "f(x)", "_") == written
