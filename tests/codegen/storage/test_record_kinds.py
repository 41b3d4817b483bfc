"""Attrs classes, pydantic models and NamedTuples as they are read, held against what the real packages make of them."""

from __future__ import annotations

import importlib.util
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.record_classes import RecordClass, by_slots
from fieldstone.errors import FieldstoneError
from tests.schema.files import write_files

HEAD = """\
from dataclasses import dataclass
from typing import *
import attr
import attrs
import pydantic
import pydantic.dataclasses
from attrs import Factory, define, field, frozen
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr
"""
_NUMBERS = count()

UPPER = "model_config = ConfigDict(alias_generator=str.upper)"
BY_NAME = "model_config = ConfigDict(validate_by_name=True)"
AS_DICT = "model_config = {'populate_by_name': True}"

MAKES = [
    ("@define\nclass C:\n    a: int\n    b: int = 3\n    c: ClassVar[int] = 1\n    d = 5\n", "a=a b=b?"),
    ("@attrs.define(kw_only=True)\nclass C:\n    a: int = 1\n    b: int\n", "a=a? b=b"),
    ("@frozen\nclass C:\n    _a: int\n    __b: int = field(alias='b')\n", "_a=a __b=b"),
    ("@define\nclass C:\n    a: int = field(alias='z')\n    b: list[int] = field(factory=list)\n", "a=z b=b?"),
    ("@define\nclass C:\n    a: int = field(validator=None)\n    @a.default\n    def _(self): return 1\n", "a=a?"),
    ("@define\nclass C:\n    a: int\n    b: int = field(init=False, default=1)\n", "a=a b=?"),
    ("@define\nclass C:\n    a: int\n    b = field()\n    c: int = field()\n", "b=b c=c"),
    ("@attr.s\nclass C:\n    a = attr.ib()\n    b = attr.ib(default=1, type=int)\n    c: int = 3\n", "a=a b=b?"),
    ("@attr.s(auto_attribs=True)\nclass C:\n    a: int\n    b: int = attr.ib(3)\n", "a=a b=b?"),
    ("@attr.dataclass\nclass C:\n    a: int\n", "a=a"),
    ("@define\nclass B:\n    a: int\n@define\nclass C(B):\n    b: int\n", "a=a b=b"),
    ("class B:\n    a: int\n@define\nclass C(B):\n    b: int\n", "b=b"),
    (
        "class C(BaseModel):\n    a: int\n    b: int = 3\n    _c: int = PrivateAttr(1)\n    d: ClassVar[int] = 1\n",
        "a=a b=b?",
    ),
    ("class C(BaseModel):\n    a: int = ...\n    b: int = Field(...)\n    c: int = Field(3)\n", "a=a b=b c=c?"),
    (
        "class C(BaseModel):\n    a: int = Field(alias='z')\n    b: list[int] = Field(default_factory=list)\n",
        "a=z b=b?",
    ),
    (
        "class C(BaseModel):\n    a: Annotated[int, Field(alias='z')]\n    b: Annotated[int, Field(gt=1)] = 3\n",
        "a=z b=b?",
    ),
    ("class C(pydantic.BaseModel, populate_by_name=True):\n    a: int = Field(alias='a-b')\n", "a=a"),
    (f"class C(BaseModel):\n    {BY_NAME}\n    a: int = Field(validation_alias='z')\n", "a=a"),
    (f"class B(BaseModel):\n    {AS_DICT}\nclass C(B):\n    {UPPER}\n    a: int\n", "a=a"),
    ("class B(BaseModel):\n    a: int\nclass C(B):\n    b: int\n    a: int = 1\n", "a=a? b=b"),
    ("T = TypeVar('T')\nclass C(BaseModel, Generic[T]):\n    a: T\n", "a=a"),
    ("@pydantic.dataclasses.dataclass\nclass C:\n    a: int\n    b: int = Field(default=3)\n", "a=a b=b?"),
    ("@dataclass\nclass B:\n    a: int\n@pydantic.dataclasses.dataclass\nclass C(B):\n    b: int = 1\n", "a=a b=b?"),
    ("class C(NamedTuple):\n    a: int\n    b: int = 3\n", "a=a b=b?"),
    ("class B(NamedTuple):\n    a: int\nclass C(B):\n    b: int = 3\n", "a=a"),
]


def read(source: str, folder: Path) -> RecordClass:
    """The class C of a source."""
    write_files(folder, {"app/models.py": HEAD + source})
    return Application([folder]).record("app.models:C")


def real(folder: Path) -> Any:
    """The same class as Python makes it."""
    spec = importlib.util.spec_from_file_location(f"models_{next(_NUMBERS)}", folder / "app/models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.C


@pytest.mark.parametrize(("source", "attributes"), MAKES)
def test_a_class_is_read_as_it_is_made(source: str, attributes: str, tmp_path: Path) -> None:
    found = read(source, tmp_path)
    told = [f"{a.name}={a.keyword}{'?' if a.has_default else ''}" for a in found.attributes.values()]
    assert " ".join(told) == attributes
    assert not by_slots(found, found.attributes)
    made, given = real(tmp_path), {a.keyword: 7 for a in found.attributes.values() if not a.has_default}
    whole = made(
        **given | {a.keyword: [7] if "list" in a.annotation else 7 for a in found.attributes.values() if a.keyword}
    )
    private = {a.name: f"_C{a.name}" if a.name.startswith("__") else a.name for a in found.attributes.values()}
    assert all(hasattr(whole, name) for name in private.values())
    made(**given)
    for left_out in given:
        with pytest.raises((TypeError, ValidationError)):
            made(**{name: value for name, value in given.items() if name != left_out})


@pytest.mark.filterwarnings("ignore:Support for class-based")
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("class C(BaseModel):\n    a: int = Field(alias='a-b')\n", 'its alias is "a-b"'),
        (
            "class C(BaseModel):\n    a: int = Field(validation_alias=AliasChoices('x', 'y'))\n",
            "of the model's own making",
        ),
        ("class C(BaseModel):\n    model_config = ConfigDict(alias_generator=str.upper)\n    a: int\n", "own making"),
        ("class C(BaseModel):\n    class Config:\n        alias_generator = str.upper\n    a: int\n", "own making"),
    ],
)
def test_an_attribute_that_cannot_be_given(source: str, reason: str, tmp_path: Path) -> None:
    [attribute] = read(source, tmp_path).attributes.values()
    assert attribute.keyword == ""
    assert reason in attribute.not_given
    with pytest.raises(ValidationError):
        real(tmp_path)(a=7)


@pytest.mark.parametrize(
    ("source", "unread"),
    [
        ("class C:\n    a: int\n", ""),
        ("class C(pydantic.RootModel[int]): ...\n", " (the source of its base pydantic.RootModel was not found)"),
        (
            "from sqlmodel import SQLModel\nclass C(SQLModel):\n    a: int\n",
            " (the source of its base sqlmodel.SQLModel was not found)",
        ),
        ("class C(TypedDict):\n    a: int\n", " (the source of its base TypedDict was not found)"),
    ],
)
def test_a_class_of_no_kind(source: str, unread: str, tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError) as refused:
        read(source, tmp_path)
    assert f"is no dataclass, attrs class, pydantic model or NamedTuple{unread}; put @dataclass" in str(refused.value)


@pytest.mark.parametrize("decorator", ["@define(init=False)", "@attr.s(init=False)", "@dataclass(init=False)"])
def test_a_class_that_is_not_made_by_keywords(decorator: str, tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError, match=r"C at .* has init=False and no __init__; leave out init=False"):
        read(f"{decorator}\nclass C:\n    a: int\n", tmp_path)
    assert read(f"{decorator}\nclass C:\n    a: int\n    def __init__(self, a): self.a = a\n", tmp_path).makes_itself
