"""Names of the schema and of the generator in one scope: which keeps its name, and what the other is called."""

from __future__ import annotations

import pytest

from fieldstone.codegen.scopes import MARK, marked, settled
from fieldstone.errors import Invalid

CASES = {
    "no name is in two": ("def f(<x>):\n    y = <x>\n    return y\n", "def f(x):\n    y = x\n    return y\n"),
    "a variable yields to a parameter": (
        "def f(<sql>):\n    sql = <sql>\n    return sql\n",
        "def f(sql):\n    sql_ = sql\n    return sql_\n",
    ),
    "a variable yields to a parameter and to the name it would get": (
        "def f(<sql>, <sql_>):\n    sql = <sql>\n    return sql, <sql_>\n",
        "def f(sql, sql_):\n    sql__ = sql\n    return sql__, sql_\n",
    ),
    "a variable yields alike in every function": (
        "def f(<sql>):\n    sql = <sql>\n\ndef g(<sql>):\n    sql = <sql>\n",
        "def f(sql):\n    sql_ = sql\n\ndef g(sql):\n    sql_ = sql\n",
    ),
    "an exception's name yields": (
        "def f(<error>):\n    try:\n        g()\n    except E as error:\n        raise X(<error>) from error\n",
        "def f(error):\n    try:\n        g()\n    except E as error_:\n        raise X(error) from error_\n",
    ),
    "a variable of a comprehension yields": (
        "def f(<row>):\n    return [row for row in <row>]\n",
        "def f(row):\n    return [row_ for row_ in row]\n",
    ),
    "a variable yields to a class of the schema": (
        "from m import <row>\n\ndef f():\n    row = 1\n    return row\n",
        "from m import row\n\ndef f():\n    row_ = 1\n    return row_\n",
    ),
    "an import that a parameter hides gets a second name": (
        "from m import text\n\ndef f(<text>):\n    return text(<text>)\n",
        "from m import text\ntext_ = text\n\ndef f(text):\n    return text_(text)\n",
    ),
    "a function that a parameter hides gets a second name after it": (
        "def g():\n    pass\n\ndef f(<g>):\n    return g(<g>)\n",
        "def g():\n    pass\ng_ = g\n\ndef f(g):\n    return g_(g)\n",
    ),
    "a builtin that a parameter hides": (
        "import m\n\ndef f(<int>):\n    return int(<int>)\n",
        "import m\nimport builtins\n\ndef f(int):\n    return builtins.int(int)\n",
    ),
    "a type that an attribute hides": (
        "import m\n\nclass C:\n    <str>: str\n    <x>: str = str(1)\n",
        "import m\nimport builtins\n\nclass C:\n    str: builtins.str\n    x: builtins.str = builtins.str(1)\n",
    ),
    "a type that a method hides": (
        "from m import Row\n\nclass C:\n    def <Row>(self) -> Row:\n        return Row()\n",
        "from m import Row\nRow_ = Row\n\nclass C:\n    def Row(self) -> Row_:\n        return Row()\n",
    ),
    "an import called like another": (
        "from a import Row\nfrom b import <Row>\n\ndef f(x: <Row>) -> Row:\n    return Row(<Row>)\n",
        "from a import Row\nfrom b import Row as Row_\n\ndef f(x: Row_) -> Row:\n    return Row(Row_)\n",
    ),
    "two private constants that are spelled alike": (
        "_<a>_<b_c> = 1\n_<a_b>_<c> = 2\n\ndef f():\n    return _<a>_<b_c>, _<a_b>_<c>\n",
        "_a_b_c = 1\n_a_b_c_ = 2\n\ndef f():\n    return _a_b_c, _a_b_c_\n",
    ),
    "attributes and keywords are no names": (
        "def f(<sql>):\n    return g(sql=<sql>).sql\n",
        "def f(sql):\n    return g(sql=sql).sql\n",
    ),
    "bytes count, not letters": (
        'def f(<row>):\n    row = "Grüße", <row>\n    return "世界", row\n',
        'def f(row):\n    row_ = "Grüße", row\n    return "世界", row_\n',
    ),
}


def with_marks(text: str) -> str:
    """The text with `<x>` as a name of the schema."""
    return text.replace("<", MARK).replace(">", MARK).replace(f"-{MARK}", "->")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_names_are_told_apart(case: tuple[str, str]) -> None:
    source, expected = case
    assert settled(with_marks(source)) == expected
    compile(expected, "example", "exec")


def test_two_public_definitions_of_one_name() -> None:
    source = f"def {marked('a')}_{marked('b_c')}():\n    pass\n\ndef {marked('a_b')}_{marked('c')}():\n    pass\n"
    with pytest.raises(Invalid, match="two definitions of generated code are called a_b_c"):
        settled(source)


def test_no_name_stays_no_name() -> None:
    assert marked("") == ""
