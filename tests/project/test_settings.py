"""Settings: where they are found, what they mean, and that their JSON Schema says what our validation does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.compatibility.rules import WATCHED
from fieldstone.errors import FieldstoneError
from fieldstone.project.settings import Settings, find_settings
from fieldstone.project.settings_schema import json_schema, validate

SCHEMA = json.loads(json_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FILE = Path("/somewhere/fieldstone.toml")

_WAIVER = {"rule": "field-removed", "subject": "a.B.c", "reason": "r", "owner": "o", "until": "2027-01-31"}
_NO_WAIVERS: list[dict[str, Any]] = [
    {"rule": "no-such"},
    {"rule": "waiver-expired"},
    {"subject": "a.*"},
    {"subject": ""},
    {"reason": " "},
    {"owner": 1},
    {"until": "31.1.2027"},
    {"module": ""},
    {"entered": "one"},
    {"more": "x"},
]
GOOD: list[dict[str, Any]] = [
    {},
    {"registry": "releases", "workspace": "proto"},
    {"surfaces": ["wire", "json"], "naming": True, "fail-on": "warning", "breaking-before-1-0": "refuse"},
    {"surfaces": []},
    {"options": ["acme.unit"], "modules": {"telemetry": {"options": []}}},
    {"rules": {"field-renamed": "off", "field-removed": "note"}},
    {"modules": {"telemetry": {"path": "schemas/telemetry", "naming": False, "rules": {"type-moved": "warning"}}}},
    {"modules": {"my module": {}, "a.b": {}, "v2": {}, "a": {}, "größe-1": {}, "a::b": {}, "商店": {}}},
    {"waivers": []},
    {"imports-only": ["third_party/googleapis", "proto/google/api"]},
    {"package": {"known": {"acme/common/": {"python": "acme-protos>=1,<2", "python-import": "acme_protos.common"}}}},
    {"package": {"known": {"a/": {"npm": "@acme/p@^1.2.0", "go": "example.com/p@v1.2.0", "maven": "com.acme:p:1.2"}}}},
    {"waivers": [{**_WAIVER, "module": "a", "entered": "1.2.0-rc.1"}, {**_WAIVER, "rule": "FIELD_SAME_NAME"}]},
]
BAD: list[dict[str, Any]] = [
    {"registri": "releases"},
    {"imports-only": ["/absolute"]},
    {"imports-only": ["a/../b"]},
    {"imports-only": "third_party"},
    {"package": {"known": {"acme/common": {"python": "acme-protos"}}}},
    {"package": {"known": {"acme/common/": {"python": "acme-protos; import os"}}}},
    {"package": {"known": {"acme/common/": {"npm": "@acme/protos"}}}},
    {"package": {"known": {"acme/common/": {"go": "example.com/protos"}}}},
    {"package": {"known": {"acme/common/": {"ruby": "acme"}}}},
    {"registry": 1},
    {"registry": None},
    {"surfaces": "wire"},
    {"surfaces": ["wir"]},
    {"surfaces": [["wire"]]},
    {"options": "acme.unit"},
    {"naming": "yes"},
    {"naming": 1},
    {"fail-on": "note"},
    {"fail_on": "error"},
    {"breaking-before-1-0": True},
    {"rules": ["field-renamed"]},
    {"rules": {"field-renamd": "off"}},
    {"rules": {"FIELD_SAME_NAME": "off"}},
    {"rules": {"field-renamed": "of"}},
    {"rules": {"field-renamed": True}},
    {"modules": ["telemetry"]},
    {"modules": {"telemetry": True}},
    {"modules": {"telemetry": {"registry": "x"}}},
    {"modules": {"telemetry": {"rules": {"x": "off"}}}},
    {"modules": {"": {}}},
    {"modules": {"../telemetry": {}}},
    {"modules": {".git": {}}},
    {"modules": {"a/b": {}}},
    *({"modules": {name: {}}} for name in ("a\nb", "a\r", "\x1b[0K", "a\u2028", "a\u202eb", "\x85", "\ufeffa")),
    *({"modules": {name: {}}} for name in (" a", "a ", "\u00a0a", "-a", "::error::a", "#a", "##[group]", "a\\b")),
    {"waivers": {}},
    {"waivers": ["field-removed"]},
    {"waivers": [{key: value for key, value in _WAIVER.items() if key != "owner"}]},
    *({"waivers": [{**_WAIVER, **change}]} for change in _NO_WAIVERS),
]


def passes(values: dict[str, Any]) -> bool:
    try:
        validate(values, FILE)
    except FieldstoneError:
        return False
    return True


@pytest.mark.parametrize(
    "values",
    [
        {"modules": {"a\n": {}}},
        {"package": {"npm-scope": "acme\n"}},
        {"package": {"python-prefix": "acme-"}},
        {"package": {"python-prefix": "Acme"}},
        {"package": {"maven-group": "acme\n"}},
        {"package": {"go-prefix": "acme\n"}},
        {"waivers": [{**_WAIVER, "until": "2027-01-31\n"}]},
        {"waivers": [{**_WAIVER, "entered": "1.0.0\n"}]},
    ],
    ids=json.dumps,
)
def test_no_line_end_stands_behind_a_value(values: dict[str, Any]) -> None:
    """JSON Schema's patterns are those of ECMAScript, which mean the very end; the validator above uses Python's."""
    assert not passes(values)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("values", GOOD, ids=json.dumps)
def test_good_settings_pass_both(values: dict[str, Any]) -> None:
    assert (passes(values), VALIDATOR.is_valid(values)) == (True, True)


@pytest.mark.parametrize("values", BAD, ids=json.dumps)
def test_bad_settings_pass_neither(values: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(values)
    with pytest.raises(FieldstoneError) as caught:
        validate(values, FILE)
    assert str(FILE) in str(caught.value)
    assert "\n" not in str(caught.value)


SCALARS = st.sampled_from([True, False, 0, 1, "", "wire", "error", "warning", "off", "refuse", "minor", "registry"])
NAMES = st.sampled_from(
    ["registry", "surfaces", "naming", "fail-on", "rules", "modules", "path", "field-renamed", "x/y", "waivers"]
)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3))


@settings(deadline=None)
@given(st.dictionaries(NAMES, ANYTHING, max_size=3))
def test_the_schema_and_our_validation_agree_on_anything(values: dict[str, Any]) -> None:
    assert passes(values) == VALIDATOR.is_valid(values)


def test_defaults(tmp_path: Path) -> None:
    found = find_settings(tmp_path)
    assert (found.file, found.root) == (None, tmp_path)
    assert (found.registry, found.workspace) == (str(tmp_path / "registry"), tmp_path)
    module = found.module("any")
    assert module.surfaces == ("wire", "json", "source", "storage", "http")
    assert (module.naming, module.fail_on, module.breaking_before_1_0, module.rules) == (False, "error", "minor", {})


def test_a_module_asks_before_the_general_keys_do(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text(
        'registry = "../releases"\nworkspace = "proto"\nnaming = true\nfail-on = "warning"\n'
        '[rules]\nfield-renamed = "off"\ntype-moved = "off"\n'
        '[modules.a]\nnaming = false\nsurfaces = ["wire"]\n[modules.a.rules]\ntype-moved = "note"\n'
        '[modules.b]\npath = "./proto/b/"\n'
    )
    found = find_settings(tmp_path)
    assert found.registry == str(tmp_path / "../releases")
    assert found.workspace == tmp_path / "proto"
    assert found.module_names == {"proto/b": "b"}
    a, b = found.module("a"), found.module("b")
    assert (a.naming, a.surfaces, a.fail_on) == (False, ("wire",), "warning")
    assert a.rules == {"field-renamed": "off", "type-moved": "note"}
    assert (b.naming, b.rules) == (True, {"field-renamed": "off", "type-moved": "off"})


def test_settings_hold_in_the_folders_below(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text("naming = true\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_settings(below).root == tmp_path
    (tmp_path / "a" / "fieldstone.toml").write_text("naming = false\n")
    assert find_settings(below).root == tmp_path / "a"


def test_settings_do_not_hold_across_the_root_of_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text("naming = true\n")
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    assert find_settings(checkout).file is None


def test_a_pyproject_without_our_table_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text("naming = false\n")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert find_settings(tmp_path).file == tmp_path / "fieldstone.toml"
    (tmp_path / "fieldstone.toml").unlink()
    assert find_settings(tmp_path).file is None
    (tmp_path / "pyproject.toml").write_text("[tool.fieldstone]\nnaming = true\n")
    assert find_settings(tmp_path).file == tmp_path / "pyproject.toml"


@pytest.mark.parametrize("table", ["[tool.fieldstone]\nnaming = true\n", "tool = { fieldstone = {} }\n"])
@pytest.mark.parametrize("own", ["naming = false\n", ""])
def test_two_files_are_refused(tmp_path: Path, table: str, own: str) -> None:
    """Also where one of them says nothing, and from a folder below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "fieldstone.toml").write_text(own)
    (tmp_path / "pyproject.toml").write_text(table)
    for folder in (tmp_path, tmp_path / "below"):
        with pytest.raises(FieldstoneError) as caught:
            find_settings(folder)
        assert str(caught.value) == (
            f"two files hold the settings: {tmp_path}/fieldstone.toml, and {tmp_path}/pyproject.toml with "
            "[tool.fieldstone]; move everything into one of them and delete the other"
        )


@pytest.mark.parametrize("name", ["fieldstone.toml", "pyproject.toml"])
@pytest.mark.parametrize("broken", [lambda path: path.mkdir(), lambda path: path.symlink_to("gone")])
def test_what_is_no_file_hides_no_settings(tmp_path: Path, name: str, broken: Callable[[Path], None]) -> None:
    broken(tmp_path / name)
    with pytest.raises(FieldstoneError, match=f"{name} is not a file that can be read"):
        find_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.fieldstone]\n", "has a table [tool.fieldstone]; drop [tool.fieldstone]: in fieldstone.toml the keys"),
        ("registry = " + "9" * 5000, "is not TOML: a number in it is too long"),
        ("naming = 0x" + "f" * 5000, "must be of type boolean, and is a number that is too long"),
        ("registry = " + "[" * 100_000 + "]" * 100_000, "arrays or tables in it are too deep"),
        ("registry = " + "{a = " * 100_000 + "1" + "}" * 100_000, "arrays or tables in it are too deep"),
        ("registry = " + "[" * 200 + "]" * 200, "must be of type string, and is [[["),
        ("registry = [" + '"x",' * 10_000 + "]", '"x", "x",...'),
        ("registry = \udcff", "is not TOML"),
    ],
    ids=["table", "decimal", "hexadecimal", "deep", "tables", "less deep", "long", "no UTF-8"],
)
def test_hostile_files(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "fieldstone.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FieldstoneError) as caught:
        find_settings(tmp_path)
    assert str(file) in str(caught.value)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("config", ["buf.yaml", "buf.work.yaml"])
def test_without_settings_the_nearest_buf_configuration_is_the_root(tmp_path: Path, config: str) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / config).touch()
    assert find_settings(below).root == tmp_path


def test_the_options_that_are_watched_by_default_are_those_of_the_rules() -> None:
    assert Settings(Path()).module("acme").options == WATCHED


WAIVER = {
    "rule": "field-type-changed",
    "subject": "acme.shop.v1.Order.id",
    "reason": "it never was a text",
    "owner": "shop@example.com",
    "until": "2999-12-31",
}


def entry(header: str = "[[waivers]]", **changes: str) -> str:
    values = {**WAIVER, **changes}
    return f"{header}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            entry(subject="acme.shop.v1.*"),
            'waivers[1].subject in {file} is "acme.shop.v1.*"; it is the full name of one',
        ),
        (entry(rule="field-typ-changed"), "and there is no such rule; did you mean field-type-changed?"),
        (entry(rule="registry-file-changed"), "cannot be waived; see `fieldstone explain registry-file-changed`"),
        (entry(rule="waiver-expired"), "cannot be waived"),
        (entry(reason=" "), "waivers[1].reason in {file} is"),
        (entry(owner=""), "waivers[1].owner in {file} is"),
        (entry(until="2027-02-30"), "until of waivers[1] in {file} is 2027-02-30, and that is no date"),
        (entry(until="soon"), 'waivers[1].until in {file} is "soon"; it is the last day that it holds, in UTC'),
        (entry() + entry(), "waivers[2] in {file} waives field-type-changed on acme.shop.v1.Order.id a second time"),
        (entry(entered="soon"), "waivers[1].entered in {file}"),
        (entry(why="x"), "unknown key waivers[1].why in {file}"),
        ('[[waivers]]\nrule = "field-removed"\n', "waivers[1] in {file} has no reason"),
        (entry().replace('subject = "acme', 'module = "acme'), "waivers[1] in {file} has no subject"),
        ('[waivers]\nrule = "field-removed"\n', "waivers in {file} must be of type array"),
        ("waivers = [1]\n", "waivers[1] in {file} must be of type object"),
        (entry().replace('"2999-12-31"', "2999-12-31T00:00:00Z"), "waivers[1].until in {file} must be of type string"),
    ],
)
def test_what_an_entry_may_not_say(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "fieldstone.toml"
    file.write_text(text)
    with pytest.raises(FieldstoneError) as caught:
        find_settings(tmp_path)
    assert says.format(file=file) in str(caught.value)


@pytest.mark.parametrize("until", ['"2999-12-31"', "2999-12-31"])
def test_a_date_may_be_a_date_or_a_text(tmp_path: Path, until: str) -> None:
    (tmp_path / "fieldstone.toml").write_text(entry().replace('"2999-12-31"', until))
    (waiver,) = find_settings(tmp_path).waivers
    assert waiver.until == "2999-12-31"


def test_waivers_hold_for_their_module(tmp_path: Path) -> None:
    (tmp_path / "fieldstone.toml").write_text(entry(module="a") + entry(subject="x.Y"))
    found = find_settings(tmp_path)
    assert [waiver.subject for waiver in found.module("a").waivers] == ["acme.shop.v1.Order.id", "x.Y"]
    assert [waiver.subject for waiver in found.module("b").waivers] == ["x.Y"]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)
BETWEEN = st.sampled_from(
    ["", "# [[waivers]]", "[modules.a{}]", '[modules.b{}.rules]\nfield-renamed = "off"', "  # end"]
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(BETWEEN, TEXT), min_size=1, max_size=4))
def test_the_lines_of_an_entry_hold_it(blocks: list[tuple[str, str]]) -> None:
    """Deleting the lines of an entry leaves the others, whatever stands between them."""
    text = "".join(
        f"{between.format(number)}\n[[waivers]]  # one\n"
        + tomli_w.dumps({**WAIVER, "subject": f"a.B{number}", "reason": reason})
        for number, (between, reason) in enumerate(blocks)
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "fieldstone.toml")
        file.write_bytes(text.encode())
        found = find_settings(Path(folder)).waivers
        assert [waiver.reason for waiver in found] == [reason for _, reason in blocks]
        lines = text.split("\n")
        for i, (waiver, entry) in enumerate(found.items()):
            location = entry.whole
            assert location.line, text
            file.write_bytes("\n".join([*lines[: location.line - 1], *lines[location.end_line :]]).encode())
            left = find_settings(Path(folder)).waivers
            assert list(left) == [other for j, other in enumerate(found) if j != i], waiver
