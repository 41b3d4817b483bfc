"""Schemas at the limits of buf: the message names the limit and the way out."""

from __future__ import annotations

import pytest

from tests.cli.workspace import Repo

MESSAGE_SET = """\
syntax = "proto2";
package acme.shop.v1;
message Set { option message_set_wire_format = true; extensions 4 to max; }
"""
OPTIONS = """\
edition = "2024";
package acme.shop.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { string hint = 50000; }
"""
UNUSED = """\
edition = "2024";
package acme.shop.v1;
import option "acme/shop/v1/options.proto";
message A { string id = 1; }
"""
MORE = "schemas/shop/acme/shop/v1/more.proto"


def nested(levels: int, field: str) -> str:
    opened = "".join(f"message M{i} {{ " for i in range(levels))
    return f'syntax = "proto3";\npackage acme.shop.v1;\n{opened}{field}{"}" * levels}\n'


@pytest.mark.parametrize("levels", [30, 31])
def test_deep_nesting(grown: Repo, levels: int) -> None:
    grown.edit("buf.yaml", "STANDARD", "MINIMAL")
    grown.write(MORE, nested(levels, "string id = 1;"))
    grown.release("shop")
    grown.write(MORE, nested(levels, "int32 id = 1;"))
    ran = grown.run("check", "shop", "--no-second-opinion")
    assert (ran.code, "field-type-changed" in ran.out) == (1, True)
    ran = grown.run("check", "shop")
    assert (ran.code == 1 and ran.out.startswith("error[field-type-changed]")) or (
        levels == 31 and "buf compares no change that lies deeper than 30 levels" in ran.error
    )


def test_nesting_that_is_too_deep_is_told(grown: Repo) -> None:
    grown.write(MORE, nested(32, "string id = 1;"))
    ran = grown.run("check", "shop")
    assert (ran.code, "error[compile-error]: message nesting depth must be less than 32" in ran.out) == (2, True)
    assert "declare the messages beside each other: buf nests no deeper than 31 levels" in ran.out


@pytest.mark.parametrize("command", [["check", "shop"], ["release", "shop"]])
def test_a_message_set_is_told(grown: Repo, command: list[str]) -> None:
    grown.write(MORE, MESSAGE_SET)
    error = grown.run(*command).error
    assert 'message "acme.shop.v1.Set" is a MessageSet' in error
    assert "leave out `message_set_wire_format`" in error


def test_a_message_set_is_judged_without_buf(grown: Repo) -> None:
    grown.write(MORE, MESSAGE_SET)
    ran = grown.run("check", "shop", "--no-style", "--no-second-opinion")
    assert (ran.code, ran.out) == (0, "")


def test_an_unused_import_of_options_is_told(grown: Repo) -> None:
    grown.write("schemas/shop/acme/shop/v1/options.proto", OPTIONS)
    grown.write(MORE, UNUSED)
    error = grown.run("check", "shop").error
    assert "leave out an `import option` that nothing in its file uses" in error
    grown.write(MORE, UNUSED.replace('import option "acme/shop/v1/options.proto";\n', ""))
    assert grown.run("check", "shop").code == 0
