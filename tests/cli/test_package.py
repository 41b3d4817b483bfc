"""fieldstone package: Python packages from releases, and everything that must not become one."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.cli.workspace import MONEY, SHOP, Repo

FIRST = ("dist/shop_contracts-1.0.0-py3-none-any.whl", "dist/shop_contracts-1.0.0.tar.gz")


def python(repo: Repo, program: str, *wheels: str, **environment: str) -> str:
    """Run a program that can import these wheels and nothing of the workspace."""
    path = os.pathsep.join(str(repo.root / "dist" / name) for name in wheels)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path} | environment,
        cwd=repo.root.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def metadata(wheel: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        message = Parser().parsestr(archive.read(name).decode())
    return {key: [str(value) for value in message.get_all(key, [])] for key in message}


def test_a_release_becomes_a_wheel_and_an_sdist(grown: Repo) -> None:
    ran = grown.run("package", "shop@1.0.0")
    assert (ran.code, ran.out.split()) == (0, list(FIRST))
    assert ran.err == "shop 1.0.0: python package built.\n"
    said = metadata(grown.root / FIRST[0])
    assert (said["Name"], said["Version"]) == (["shop-contracts"], ["1.0.0"])
    assert "money-contracts<2,>=1.0.0" in said["Requires-Dist"]
    assert grown.run("registry", "show", "shop", "1.0.0").out.split("digest")[1].split()[0] in said["Keywords"][0]
    with tarfile.open(grown.root / FIRST[1]) as archive:
        names = archive.getnames()
    assert "shop_contracts-1.0.0/pyproject.toml" in names
    assert "shop_contracts-1.0.0/CHANGELOG.md" in names


def test_it_is_of_the_release_and_not_of_the_working_tree(grown: Repo) -> None:
    grown.edit(SHOP, "string note = 4;", "string note = 4;\n  string not_released = 5;")
    grown.run("package", "shop")
    grown.run("package", "shop@1.0.0")
    for version, has in (("1.0.0", False), ("1.2.0", True)):
        with zipfile.ZipFile(grown.root / f"dist/shop_contracts-{version}-py3-none-any.whl") as archive:
            stub = archive.read("shop_contracts/acme/shop/v1/shop_pb2.pyi").decode()
        assert ("note: str" in stub) is has
        assert "not_released" not in stub


def test_the_changelog_tells_what_diff_tells(grown: Repo) -> None:
    grown.run("package", "shop")
    with zipfile.ZipFile(grown.root / "dist/shop_contracts-1.2.0-py3-none-any.whl") as archive:
        text = archive.read("shop_contracts/CHANGELOG.md").decode()
    for old, new in (("1.0.0", "1.1.0"), ("1.1.0", "1.2.0")):
        told = grown.run("diff", "shop", old, new, "--format", "markdown").out.split("\n", 1)[1]
        assert told in text
    assert text.index("## 1.2.0 - ") < text.index("## 1.1.0 - ") < text.index("## 1.0.0 - ")


def test_the_same_bytes_whoever_builds_it_and_when(grown: Repo, tmp_path: Path) -> None:
    grown.run("package", "shop@1.0.0")
    before = os.umask(0o077)
    try:
        grown.run(
            "package",
            "shop@1.0.0",
            "--out",
            str(tmp_path / "other"),
            env={"SOURCE_DATE_EPOCH": "1", "TZ": "Asia/Tokyo"},
        )
    finally:
        os.umask(before)
    for path in FIRST:
        assert (grown.root / path).read_bytes() == (tmp_path / "other" / Path(path).name).read_bytes()
    assert grown.run("package", "shop@1.0.0").code == 0  # what is there already stays as it is


def test_a_mended_generator_gets_a_post_number(grown: Repo) -> None:
    ran = grown.run("package", "shop@1.0.0", "--post", "2")
    assert ran.out.split()[0] == "dist/shop_contracts-1.0.0.post2-py3-none-any.whl"
    said = python(
        grown,
        "from shop_contracts import release; print(release.VERSION)",
        "shop_contracts-1.0.0.post2-py3-none-any.whl",
    )
    assert said == "1.0.0\n"


@pytest.mark.installs
def test_check_uses_the_package_where_nothing_else_is(grown: Repo) -> None:
    ran = grown.run("package", "shop", "--check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "shop 1.2.0: its python package works, 1 message encoded and decoded.\n"
    assert not (grown.root / "dist").exists()


BOTH = """
from {first}.acme.money.v1 import money_pb2 as one
from {second}.acme.money.v1 import money_pb2 as two
old, new = (one, two) if "_v2" not in one.__name__ else (two, one)
assert old.Money.FromString(old.Money(units=3).SerializeToString()).units == 3
assert new.Money.FromString(new.Money(units="three").SerializeToString()).units == "three"
from shop_contracts.acme.shop.v1 import shop_pb2
print(shop_pb2.Order(id="7", total=old.Money(units=3)).total.units)
"""


def two_majors(repo: Repo) -> None:
    """money 1.0.0 and 2.0.0, shop 1.0.0 on the first, shop 1.0.1 on the second."""
    repo.edit(MONEY, "int64 units = 2;", "string units = 2;")
    subject = "acme.money.v1.Money.units"
    waived = repo.run(
        "waive", "field-type-changed", subject, "--reason", "cents", "--until", "2099-01-01", "--owner", "ada"
    )
    assert waived.code == 0, waived
    assert "Released money 2.0.0" in repo.release("money").out
    repo.release("shop")
    for reference in ("money@1.0.0", "money@2.0.0", "shop@1.0.0", "shop@1.0.1"):
        assert repo.run("package", reference).code == 0


@pytest.mark.parametrize(
    "order", [("money_contracts", "money_contracts_v2"), ("money_contracts_v2", "money_contracts")]
)
def test_two_major_versions_work_in_one_process(released: Repo, order: tuple[str, str]) -> None:
    two_majors(released)
    wheels = [
        f"{name}-py3-none-any.whl"
        for name in ("money_contracts-1.0.0", "money_contracts_v2-2.0.0", "shop_contracts-1.0.0")
    ]
    assert python(released, BOTH.format(first=order[0], second=order[1]), *wheels) == "3\n"
    assert (
        "money-contracts-v2<3,>=2.0.0"
        in metadata(released.root / "dist/shop_contracts-1.0.1-py3-none-any.whl")["Requires-Dist"]
    )
    program = """
from money_contracts.acme.money.v1 import money_pb2 as old
from money_contracts_v2.acme.money.v1 import money_pb2 as new
from shop_contracts.acme.shop.v1 import shop_pb2
print(shop_pb2.Order(total=new.Money(units="three")).total.units, old.Money(units=3).units)
"""
    wheels[2] = "shop_contracts-1.0.1-py3-none-any.whl"
    assert python(released, program, *wheels) == "three 3\n"


def test_a_release_that_is_not_there(grown: Repo) -> None:
    assert "no release 9.9.9 of shop in " in grown.run("package", "shop@9.9.9").error
    assert "it has 1.0.0, 1.1.0, 1.2.0" in grown.run("package", "shop@9.9.9").error
    assert "no release of shoe in " in grown.run("package", "shoe").error
    assert "names no version" in grown.run("package", "shop@").error
    assert not (grown.root / "dist").exists()


def test_a_dependency_that_is_not_released(grown: Repo) -> None:
    (grown.root / "registry/money/1.0.0").rename(grown.root / "elsewhere")
    error = grown.run("package", "shop").error
    assert "shop 1.2.0 imports money 1.0.0, which is not in " in error
    assert not (grown.root / "dist").exists()


def test_a_release_that_was_edited(grown: Repo) -> None:
    grown.write("registry/shop/1.2.0/image.binpb.gz", b"")
    assert "image.binpb.gz is not what was released: it is not one whole file" in grown.run("package", "shop").error


def test_two_modules_of_one_package_name(grown: Repo) -> None:
    (grown.root / "registry/sh.op").mkdir()
    for name in ("sh.op", "sh-op"):
        release = grown.root / "registry" / name / "1.0.0"
        release.parent.mkdir(exist_ok=True)
        grown.git("config", "core.quotepath", "off")
        source = grown.root / "registry/money/1.0.0"
        release.mkdir()
        for path in source.rglob("*"):
            target = release / path.relative_to(source)
            if path.is_dir():
                target.mkdir()
            else:
                target.write_bytes(path.read_bytes())
        text = (release / "release.toml").read_text().replace('name = "money"', f'name = "{name}"')
        (release / "release.toml").write_text(text)
    error = grown.run("package", "sh-op").error
    assert error.startswith("error: modules sh-op and sh.op would both be the package sh-op-contracts")


def test_another_package_of_that_name_is_never_replaced(grown: Repo) -> None:
    grown.run("package", "shop@1.0.0")
    sdist = (grown.root / FIRST[1]).read_bytes()
    grown.write(FIRST[0], b"somebody else's")
    (grown.root / FIRST[1]).unlink()
    error = grown.run("package", "shop@1.0.0").error
    assert f"{FIRST[0]} is there already, with another content" in error
    assert "--post 1" in error
    assert not (grown.root / FIRST[1]).exists()
    assert sdist
    assert [path.name for path in (grown.root / "dist").iterdir()] == [Path(FIRST[0]).name]


def test_a_folder_that_is_a_file_or_cannot_be_written(grown: Repo) -> None:
    grown.write("dist", "no folder")
    assert "dist is a file, not a folder for packages" in grown.run("package", "shop").error
    assert "cannot write " in grown.run("package", "shop", "--out", "/proc/nowhere").error


def test_options_alone_have_no_package(telemetry: Repo) -> None:
    assert "has no files that code is generated from" in telemetry.run("package", "fieldstone").error


def test_a_modules_own_file_at_a_well_known_path_is_in_its_package(grown: Repo) -> None:
    """It is the module's, whatever googleapis-common-protos has there; both work in one process."""
    own = 'syntax = "proto3";\n\npackage google.type;\n\n// Ours.\nmessage Money {\n  string ours = 1;\n}\n'
    grown.write("schemas/shop/google/type/money.proto", own)
    grown.edit(SHOP, 'import "acme', 'import "google/type/money.proto";\nimport "acme')
    grown.edit(SHOP, "string id = 1;", "string id = 1;\n  google.type.Money price = 9;")
    grown.run("format")
    released = grown.run("release", "shop", "--no-style")
    assert released.code == 0, released
    assert grown.run("package", "shop").code == 0
    assert grown.run("package", "money").code == 0
    wheels = [path.name for path in (grown.root / "dist").glob("*.whl")]
    (shop,) = (name for name in wheels if name.startswith("shop_contracts-1.3"))
    assert not [line for line in metadata(grown.root / "dist" / shop)["Requires-Dist"] if "googleapis" in line]
    theirs = "from google.type import money_pb2; money_pb2.Money(currency_code='EUR'); "
    ours = (
        "from shop_contracts.google.type import money_pb2 as m; from shop_contracts.acme.shop.v1 import shop_pb2 as s; "
        "print(s.Order(price=m.Money(ours='x')).price.ours); "
    )
    for program in (theirs + ours, ours + theirs):
        assert python(grown, program, *wheels) == "x\n"
