"""`// fieldstone:allow RULE reason`: style that the source permits itself."""

from __future__ import annotations

import pytest

from tests.cli.workspace import SHOP, Repo

EXTRA = "\n// More.\n{}message Extra {{\n  string id = 1;\n}}\n"
RULE = "message-name-without-version"


@pytest.fixture
def naming(grown: Repo) -> Repo:
    """The module shop asks for the naming rules."""
    grown.settings("[modules.shop]\nnaming = true\n")
    return grown


def with_extra(repo: Repo, line: str) -> None:
    repo.write(SHOP, repo.read(SHOP) + EXTRA.format(line))


def test_an_allowed_name_passes(naming: Repo) -> None:
    with_extra(naming, f"// fieldstone:allow {RULE} the partner's contract calls it so\n")
    ran = naming.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    naming.release("shop")
    naming.commit("1.3.0")
    ran = naming.run("check", "shop", "--against", "v1.2.0")
    assert (ran.code, ran.out) == (0, "")
    naming.edit(SHOP, "string note = 4;", "string note = 4;\n  string buyer = 9;")
    ran = naming.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")


@pytest.mark.parametrize(
    ("line", "says", "fix"),
    [
        (f"// fieldstone:allow {RULE}\n", "gives no reason", f"`// fieldstone:allow {RULE} REASON`"),
        ("// fieldstone:allow\n", "`fieldstone:allow` names no rule of Fieldstone", "`fieldstone rules` lists them"),
        ("// fieldstone:allow no-such because\n", "names no rule of Fieldstone", "`fieldstone rules` lists them"),
        ("// fieldstone:allow FIELD_LOWER_SNAKE_CASE because\n", "names no rule", "`buf:lint:ignore`"),
        ("// fieldstone:allow field-removed because\n", "is about compatibility", "see `fieldstone waive`"),
    ],
)
def test_what_cannot_be_allowed_is_refused(grown: Repo, line: str, says: str, fix: str) -> None:
    """Whether or not the module asks for the naming rules."""
    with_extra(grown, line)
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert ran.out.startswith("error[allow-invalid]: `fieldstone:allow")
    assert says in ran.out
    assert fix in ran.out
    assert f"  --> {SHOP}:24:1\n" in ran.out
    assert "Refused until the error is fixed." in ran.err


def test_without_a_reason_the_rule_still_finds(naming: Repo) -> None:
    with_extra(naming, f"// fieldstone:allow {RULE}\n")
    ran = naming.run("check", "shop", "--format", "concise")
    assert [line.split(": ")[1] for line in ran.out.splitlines()] == [RULE, "allow-invalid"]


def test_an_allowance_for_nothing_is_a_warning_until_it_is_released(naming: Repo) -> None:
    naming.write(
        SHOP, naming.read(SHOP) + EXTRA.format(f"// fieldstone:allow {RULE} why\n").replace("Extra", "ExtraV1")
    )
    ran = naming.run("check", "shop")
    assert ran.code == 0
    assert ran.out.startswith(f"warning[allow-unused]: `fieldstone:allow {RULE}` permits nothing")
    assert "delete the line" in ran.out
    naming.commit("unused")
    assert naming.run("check", "shop", "--against", "HEAD").out == ""


def test_an_allowance_above_what_was_released_is_no_fault(naming: Repo) -> None:
    naming.edit(SHOP, "// What somebody ordered.\n", f"// What somebody ordered.\n// fieldstone:allow {RULE} why\n")
    ran = naming.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")


@pytest.mark.parametrize("line", ["syntax", "package"])
def test_a_file_is_allowed_above_its_first_lines(naming: Repo, line: str) -> None:
    text = 'syntax = "proto3";\n\npackage acme.shop.v1;\n\n// More.\nmessage ExtraV1 {\n  string id = 1;\n}\n'
    path = SHOP.replace("shop.proto", "extra.proto")
    naming.write(path, text)
    assert "error[file-name-without-version]" in naming.run("check", "shop").out
    naming.write(path, text.replace(f"{line} ", f"// fieldstone:allow file-name-without-version why\n{line} "))
    ran = naming.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")


def test_a_field_is_allowed_above_itself(naming: Repo) -> None:
    naming.write(
        "schemas/shop/acme/shop/v2/cart_v2.proto",
        'syntax = "proto3";\n\npackage acme.shop.v2;\n\nimport "acme/shop/v1/shop.proto";\n\n// A cart.\n'
        "message CartV2 {\n  // fieldstone:allow package-version-incomplete both leave together\n"
        "  acme.shop.v1.Order order = 1;\n}\n",
    )
    ran = naming.run("check", "shop")
    assert (ran.code, ran.out) == (0, "")
    naming.edit(
        "schemas/shop/acme/shop/v2/cart_v2.proto", "order = 1;\n", "order = 1;\n  acme.shop.v1.Order two = 2;\n"
    )
    ran = naming.run("check", "shop", "--format", "concise")
    assert ran.out.count("package-version-incomplete") == 1


def test_explain_tells_what_they_mean(grown: Repo) -> None:
    assert "names no rule" in grown.run("explain", "allow-invalid").out
    assert "is above an element where the rule finds nothing" in grown.run("explain", "allow-unused").out
