"""Names of modules: given, asked for in a terminal, or derived; never the folder of a clone, never `proto`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from fieldstone.errors import FieldstoneError
from fieldstone.workflows.setup.naming import DERIVED, Nameless, name_modules
from tests.cli.workspace import Repo, new_repo
from tests.first_hour.shapes import PLACE, REPORT, proto

TWO = {"east/proto/acme/place/v1/place.proto": PLACE, "proto/acme/report/v1/report.proto": REPORT}
ACME = frozenset({"acme.report.v1", "acme.place.v1beta1"})


def named(module: Nameless, *more: Nameless, folder: Path) -> str:
    return name_modules([module, *more], DERIVED, folder)[module.path]


def test_what_names_a_module(tmp_path: Path, environment: Mapping[str, str]) -> None:
    repo = new_repo(tmp_path / "clone", {"README.md": "# All\n"}, environment)
    for path in (".", "proto", "src/main/proto", "api/v1"):
        assert named(Nameless(path, "any", packages=ACME), folder=repo.root) == "acme"
    assert named(Nameless("schemas/weather", "weather", packages=ACME), folder=repo.root) == "weather"
    assert named(Nameless("services/weather/proto", "proto", packages=ACME), folder=repo.root) == "weather"
    assert named(Nameless(".", "all", "buf.build/acme/all", ACME), folder=repo.root) == "all"
    assert named(Nameless(".", "api", "buf.build/acme/api", ACME), folder=repo.root) == "acme-api"
    same = Nameless("a/rain/proto", "proto", packages=frozenset({"b.c"})), Nameless("b/rain", "rain")
    assert named(*same, folder=repo.root) == "b-c"
    repo.git("remote", "add", "origin", "https://example.com")
    for address, expected in {
        "https://git.example.com/acme/Weather_Station.git": "weather-station",
        "git@git.example.com:acme/weather": "weather",
        "ssh://git@git.example.com:2222/group/sub/weather.git/": "weather",
        "https://git.example.com/temporalio/api": "acme",  # `api` says nothing
        "/srv/git/weather.git": "weather",
        "C:\\repositories\\weather.git": "weather",
        f"file://{tmp_path}/clone-7": "acme",  # the folder of another clone
        "../clone-7": "acme",
        "https://git.example.com/données/météo.git": "meteo",
    }.items():
        repo.git("remote", "set-url", "origin", address)
        assert named(Nameless("proto", "proto", packages=ACME), folder=repo.root) == expected, address
    several = Nameless("proto", "proto", packages=frozenset({"a", "b"})), Nameless("src", "src", packages=ACME)
    assert name_modules(several, DERIVED, repo.root) == {"proto": "meteo", "src": "acme"}
    with pytest.raises(FieldstoneError, match=r"module at proto a name that outlives .* --module proto=NAME"):
        name_modules([several[0], replace(several[0], path="api")], DERIVED, repo.root)
    repo.git("remote", "set-url", "origin", "https://git.example.com/temporalio/api")
    assert named(Nameless("proto", "proto", packages=frozenset({"a", "b"})), folder=repo.root) == "temporalio-api"


@pytest.fixture
def two(tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    repo = new_repo(tmp_path / "clone", TWO, environment)
    repo.capsys = capsys
    return repo


def test_given_names_are_written_and_wrong_ones_refused_with_nothing_written(two: Repo) -> None:
    before = two.snapshot(".")
    for arguments, expected in {
        ("--name", "weather"): "--name weather is for one module, and 2 here can be named; "
        "name each: --module east/proto=NAME --module proto=NAME",
        ("--module", "nowhere=weather"): "there is no module at that path; modules: east/proto, proto",
        ("--module", "proto=a/b"): "'a/b' cannot be the name of a module: a name has no slash",
        ("--module", "proto=.hidden"): "'.hidden' cannot be the name of a module",
        ("--module", "proto=east"): "the modules at east/proto and proto would both be called east; name one of them",
    }.items():
        assert expected in two.run("init", *arguments).error
        assert two.snapshot(".") == before
    assert "is not PATH=NAME" in two.run("init", "--module", "weather").err
    assert two.snapshot(".") == before

    ran = two.run("init", "--module", "proto=acme.report", "--module", "./east/proto/=class")
    assert ran.code == 0, ran
    assert "permanent after the first release: module acme.report (proto): its name, its releases in " in ran.err
    modules = tomllib.loads(two.read("fieldstone.toml"))["modules"]
    assert modules == {"acme.report": {"path": "proto"}, "class": {"path": "east/proto"}}
    ran = two.run("init", "--module", "proto=another")
    assert "init changes no file: the module at proto is called acme.report; write [modules.another]" in ran.error
    ran = two.run("init", "--module", "proto=acme.report", "--release")
    assert "released acme.report 1.0.0" in ran.out
    assert "released class 1.0.0" in ran.out
    assert two.run("registry", "verify").code == 0
    assert "permanent" not in two.run("init").err


def test_a_released_module_keeps_its_name(two: Repo) -> None:
    two.write(
        "buf.yaml", "version: v2\nmodules:\n  - path: proto\n  - path: east/proto\n    name: buf.build/acme/east\n"
    )
    assert two.run("release", "east").code == 0
    assert two.run("release", "proto").code == 0
    said = two.run("init", "--module", "proto=rain").error
    assert "the module at proto keeps its name proto: it has releases, or is vendored code" in said
    assert (
        "--name rain is for one module, and 0 here can be named; leave --name out"
        in two.run("init", "--name", "rain").error
    )
    assert two.run("init").code == 0
    assert "[modules" not in two.read("fieldstone.toml")
    assert two.run("check").code == 0


def test_without_anything_to_derive_it_from_a_name_must_be_given(
    tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"protos/report.proto": proto("x", "Report").replace("package x;\n\n", "")}
    repo = new_repo(tmp_path / "clone", files, environment)
    repo.capsys = capsys
    said = repo.run("init").error
    assert "nothing here gives the module at protos a name that outlives this folder" in said
    assert said.endswith("name it: `fieldstone init --name NAME`")
    assert not (repo.root / "fieldstone.toml").exists()
    assert repo.run("init", "--name", "rain").code == 0
    assert repo.run("check", "rain", "--no-style").code == 0


def test_a_terminal_is_asked(two: Repo) -> None:
    mine, its = pty.openpty()
    command = [str(Path(sys.executable).with_name("fieldstone")), "init"]
    with subprocess.Popen(command, cwd=two.root, env=dict(two.environment), stdin=its, stdout=its, stderr=its) as asked:
        os.close(its)
        os.write(mine, b"\n-no\nrain\n")
        said = _read_all(mine)
    assert asked.returncode == 0, said
    assert "Name of the module at east/proto [east]: " in said
    assert "Name of the module at proto [acme-report]: " in said
    assert "begins with none of" in said
    assert tomllib.loads(two.read("fieldstone.toml"))["modules"] == {
        "east": {"path": "east/proto"},
        "rain": {"path": "proto"},
    }


def _read_all(terminal: int) -> str:
    said = b""
    while True:
        try:
            said += os.read(terminal, 65_536)
        except OSError:  # its other end was closed
            return said.decode()
