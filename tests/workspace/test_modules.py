"""buf's configurations -> modules: where they are and what they are called, as buf itself sees it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.errors import FieldstoneError
from fieldstone.schema.image import own_paths, parse_image
from fieldstone.toolchain.buf import dependency_graph, find_buf
from fieldstone.workspace.checkouts import compile_module
from fieldstone.workspace.dependencies import Dependencies
from fieldstone.workspace.modules import Workspace, load_workspace
from tests.schema.files import write_files


def workspace(root: Path, files: Mapping[str, str], **names: str) -> Workspace:
    write_files(root, files)
    return load_workspace(root, names={path: name for name, path in names.items()})


def files_of(found: Workspace) -> dict[str, list[str]]:
    return {name: list(module.proto_files) for name, module in found.modules.items()}


def assert_buf_sees_the_same(found: Workspace) -> None:
    command = [find_buf(), "ls-files"]
    listed = subprocess.run(command, cwd=found.root, check=True, capture_output=True, text=True).stdout.splitlines()
    ours = [path.relative_to(found.root).as_posix() for m in found.modules.values() for path in m.proto_files.values()]
    assert sorted(ours) == sorted(listed)


PROTO = 'syntax = "proto3";\n'


def test_v1_is_one_module(tmp_path: Path) -> None:
    config = "version: v1\nname: buf.build/acme/weather\nbuild:\n  excludes: [skipped, a/b]\n"
    protos = ("a/x.proto", "a/b/y.proto", "skipped/z.proto", "a/skipped/z.proto")
    found = workspace(tmp_path, {"buf.yaml": config, **dict.fromkeys(protos, PROTO)})
    assert files_of(found) == {"weather": ["a/skipped/z.proto", "a/x.proto"]}
    assert found.modules["weather"].path == "."
    assert_buf_sees_the_same(found)


def test_a_module_without_a_name_is_called_like_its_folder(tmp_path: Path) -> None:
    found = workspace(tmp_path / "weather", {"buf.yaml": "version: v1\n", "x.proto": PROTO})
    assert list(found.modules) == ["weather"]


def test_v1_workspace(tmp_path: Path) -> None:
    files = {
        "buf.work.yaml": "version: v1\ndirectories:\n  - proto/weather/\n  - proto/units\n",
        "proto/units/buf.yaml": "version: v1\nname: buf.build/acme/measures\nbuild:\n  excludes: [old]\n",
        "proto/units/u.proto": PROTO,
        "proto/units/old/u.proto": PROTO,
        "proto/weather/w.proto": PROTO,
    }
    found = workspace(tmp_path, files)
    assert files_of(found) == {"weather": ["w.proto"], "measures": ["u.proto"]}
    assert (found.config, found.modules["weather"].path) == ("buf.work.yaml", "proto/weather")
    assert_buf_sees_the_same(found)


def test_v2_with_includes_excludes_and_names(tmp_path: Path) -> None:
    config = """\
version: v2
modules:
  - path: proto/a
    name: buf.build/acme/alpha
    excludes:
      - proto/a/old
  - path: proto/b
    includes:
      - proto/b/public
    excludes:
      - proto/b/public/old
"""
    protos = (
        *("proto/a/a.proto", "proto/a/old/o.proto", "proto/a/older/o.proto"),
        *("proto/b/b.proto", "proto/b/public/p.proto", "proto/b/public/old/p.proto", "proto/b/publicity/p.proto"),
    )
    found = workspace(tmp_path, {"buf.yaml": config, **dict.fromkeys(protos, PROTO)})
    assert files_of(found) == {"alpha": ["a.proto", "older/o.proto"], "b": ["public/p.proto"]}
    assert_buf_sees_the_same(found)


def test_v2_without_modules_is_one_module(tmp_path: Path) -> None:
    found = workspace(tmp_path, {"buf.yaml": "version: v2\nname: buf.build/acme/all\n", "a/x.proto": PROTO})
    assert files_of(found) == {"all": ["a/x.proto"]}
    assert_buf_sees_the_same(found)


ONE_PATH = """\
version: v2
modules:
  - path: proto
    includes: [proto/a, proto/c]
  - path: proto
    excludes: [proto/a, proto/c, proto/attic]
  - path: proto
    name: buf.build/acme/old
    includes: [proto/attic]
"""
A = PROTO + "package a;\nmessage A {}\n"
B = PROTO + 'package b;\nimport "a/a.proto";\nmessage B {\n  a.A a = 1;\n}\n'
ROOTS = "version: v1beta1\nname: buf.build/acme/all\nbuild:\n  roots: [proto, more]\n  excludes: [proto/attic]\n"


def test_modules_of_one_path_are_told_apart_by_their_includes(tmp_path: Path) -> None:
    protos = {"proto/a/a.proto": A, "proto/c/c.proto": PROTO, "proto/b/b.proto": B, "proto/attic/o.proto": PROTO}
    found = workspace(tmp_path, {"buf.yaml": ONE_PATH, "README.md": "# All\n", **protos})
    assert files_of(found) == {"a": ["a/a.proto", "c/c.proto"], "proto": ["b/b.proto"], "old": ["attic/o.proto"]}
    assert [module.key for module in found.modules.values()] == ["proto/a", "proto", "proto/attic"]
    assert_buf_sees_the_same(found)
    assert_buf_computes_the_same_digests(found, ["proto", "proto-2", "buf.build/acme/old"])
    assert_images_have_only_own_files(found)
    assert list(load_workspace(tmp_path, names={"proto/a": "first"}).modules) == ["first", "proto", "old"]


def test_modules_of_one_path_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    config = "version: v2\nmodules:\n  - path: p\n    excludes: [p/a]\n  - path: p\n    excludes: [p/b]\n"
    with pytest.raises(FieldstoneError, match="two modules at p that cannot be told apart; give all but one"):
        workspace(tmp_path, {"buf.yaml": config, "p/a/a.proto": PROTO, "p/b/b.proto": PROTO})


def test_each_root_of_v1beta1_is_a_module(tmp_path: Path) -> None:
    protos = {"proto/x/a/a.proto": A, "proto/attic/o.proto": PROTO, "more/x/b/b.proto": PROTO, "more/d.proto": PROTO}
    found = workspace(tmp_path, {"buf.yaml": ROOTS, **protos, "proto/notes.txt": ""})
    assert files_of(found) == {"proto": ["x/a/a.proto"], "more": ["d.proto", "x/b/b.proto"]}
    assert_buf_sees_the_same(found)
    assert_images_have_only_own_files(found)
    joined = load_workspace(tmp_path, joined=True)
    assert list(joined.modules) == ["all"]


@pytest.mark.parametrize("work", ["", "version: v1\ndirectories: [api]\n"])
def test_a_single_root_of_v1beta1_has_the_digest_that_buf_computes(work: str, tmp_path: Path) -> None:
    folder = "api/" if work else ""
    config = "version: v1beta1\nbuild:\n  roots: [proto]\n"
    files = {f"{folder}buf.yaml": config, f"{folder}README.md": "# A\n", f"{folder}proto/LICENSE": "not buf's\n"}
    found = workspace(tmp_path, {**({"buf.work.yaml": work} if work else {}), **files, f"{folder}proto/a/a.proto": A})
    (module,) = found.modules.values()
    assert (module.path, module.target) == (f"{folder}proto", "api" if work else ".")
    assert sorted(module.files) == ["README.md", "a/a.proto"]
    assert_buf_computes_the_same_digests(found, ["api" if work else "."])
    assert_images_have_only_own_files(found)


def assert_buf_computes_the_same_digests(found: Workspace, names: list[str]) -> None:
    graph = {node["name"]: node["digest"] for node in dependency_graph(cwd=found.root)}
    digests = [Dependencies(found).digest(module) for module in found.modules.values()]
    assert dict(zip(names, digests, strict=True)) == graph


def assert_images_have_only_own_files(found: Workspace) -> None:
    for module in found.modules.values():
        image = parse_image(compile_module(found, module), where=module.path)
        assert sorted(own_paths(image)) == list(module.proto_files)


TWINS = {
    "buf.yaml": "version: v2\nmodules:\n  - path: eu/billing\n  - path: us/billing\n  - path: common\n",
    "eu/billing/x.proto": PROTO,
    "us/billing/y.proto": PROTO,
    "common/z.proto": PROTO,
}


def test_modules_of_one_name_are_called_by_their_paths(tmp_path: Path) -> None:
    assert list(workspace(tmp_path, TWINS).modules) == ["eu-billing", "us-billing", "common"]


def test_settings_name_modules(tmp_path: Path) -> None:
    assert list(workspace(tmp_path, TWINS, eu="eu/billing").modules) == ["eu", "billing", "common"]


def test_two_modules_are_never_called_the_same(tmp_path: Path) -> None:
    config = "version: v2\nmodules:\n  - path: a/b\n  - path: c/b\n  - path: a-b\n"
    files = {"buf.yaml": config, "a/b/x.proto": PROTO, "c/b/y.proto": PROTO, "a-b/z.proto": PROTO}
    with pytest.raises(FieldstoneError, match="two modules that would both be called a-b"):
        workspace(tmp_path, files)
    assert list(load_workspace(tmp_path, names={"a-b": "third"}).modules) == ["a-b", "c-b", "third"]


def test_the_registry_belongs_to_no_module(tmp_path: Path) -> None:
    write_files(tmp_path, {"buf.yaml": "version: v2\n", "x.proto": PROTO, "registry/m/1.0.0/schemas/x.proto": PROTO})
    found = load_workspace(tmp_path, outside=tmp_path / "registry")
    (module,) = found.modules.values()
    assert list(module.proto_files) == ["x.proto"]
    assert found.excluded_paths(tmp_path / "registry") == ("registry",)
    assert found.excluded_paths(tmp_path.parent / "registry") == ()


def test_git_and_other_files_are_left_out(tmp_path: Path) -> None:
    files = {"buf.yaml": "version: v2\n", "a.proto": PROTO, ".git/b.proto": PROTO, "c.proto.txt": "", "d.PROTO": ""}
    assert files_of(workspace(tmp_path, files)) == {tmp_path.name: ["a.proto"]}


@pytest.mark.parametrize(
    ("more", "is_other"),
    [
        ({}, False),
        ({"x.proto": PROTO + "// more"}, False),
        ({"buf.yaml": "version: v2\nlint:\n  use: [MINIMAL]\n"}, True),
    ],
)
def test_the_style_digest_is_that_of_the_configuration(
    tmp_path: Path, more: Mapping[str, str], *, is_other: bool
) -> None:
    files = {"buf.yaml": "version: v2\n", "x.proto": PROTO}
    before, after = workspace(tmp_path / "m", files), workspace(tmp_path / "m2", {**files, **more})
    digests = {found.style_digest(next(iter(found.modules.values()))) for found in (before, after)}
    assert len(digests) == 1 + is_other
