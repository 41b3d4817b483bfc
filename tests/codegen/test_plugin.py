"""protoc-gen-fieldstone under the real buf: the same bytes as `fieldstone generate`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from google.protobuf.compiler import plugin_pb2

from fieldstone.workflows.protoc_plugin import respond
from tests.codegen.shop import BIN, HERE, Workspace, make_generated, make_workspace


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _buf_generate(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(HERE / "buf.gen.yaml", workspace.root)
    return workspace.run("buf", "generate", *arguments)


def test_buf_generate_writes_the_same_bytes(tmp_path: Path) -> None:
    workspace = make_generated(tmp_path)
    done = _buf_generate(workspace, "-o", "scratch")
    assert done.returncode == 0, done.stderr
    assert _contents(tmp_path / "scratch/generated") == _contents(tmp_path / "generated")


def test_one_module_keeps_what_the_manifest_says_of_the_others(tmp_path: Path) -> None:
    workspace = make_generated(tmp_path)
    done = _buf_generate(workspace, "money", "-o", "scratch")
    assert done.returncode == 0, done.stderr
    written = _contents(tmp_path / "scratch/generated")
    assert written.keys() < _contents(tmp_path / "generated").keys()
    assert not any("shop" in path for path in written)
    assert written.items() <= _contents(tmp_path / "generated").items()


def test_imports_that_buf_includes_are_passed_over(tmp_path: Path) -> None:
    workspace = make_generated(tmp_path)
    done = _buf_generate(workspace, "--include-imports", "--include-wkt", "-o", "scratch")
    assert done.returncode == 0, done.stderr
    assert _contents(tmp_path / "scratch/generated") == _contents(tmp_path / "generated")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--path", "shop/root.proto"), "is of module shop and buf left it out"),
        (("--template", '{"version":"v2","plugins":[{"local":"protoc-gen-fieldstone","out":"x"}]}'), "buf left it out"),
    ],
    ids=["path", "strategy"],
)
def test_a_part_of_a_module_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    workspace = make_workspace(tmp_path)
    done = _buf_generate(workspace, *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "strategy: all" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "generated").exists()


def test_an_error_is_one_line_of_buf(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    (tmp_path / "shop/acme/shop/v1/1st.proto").write_text(
        'syntax = "proto3";\npackage acme.shop.v1;\nmessage First {}\n'
    )
    done = _buf_generate(workspace)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Python cannot import acme/shop/v1/1st.proto" in done.stderr
    assert not (tmp_path / "generated").exists()


def test_what_is_no_request_is_an_error_of_the_response(tmp_path: Path) -> None:
    answer = plugin_pb2.CodeGeneratorResponse.FromString(respond(b"\x0a\x40", tmp_path))
    assert "no CodeGeneratorRequest" in answer.error


def test_a_folder_without_a_workspace_is_an_error_of_the_response(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=["a.proto"])
    answer = plugin_pb2.CodeGeneratorResponse.FromString(respond(request.SerializeToString(), tmp_path))
    assert answer.error.startswith("no buf.yaml in ")


def test_the_features_that_buf_asks_for(tmp_path: Path) -> None:
    answer = plugin_pb2.CodeGeneratorResponse.FromString(respond(b"", tmp_path))
    features = plugin_pb2.CodeGeneratorResponse.Feature
    assert answer.supported_features == features.FEATURE_PROTO3_OPTIONAL | features.FEATURE_SUPPORTS_EDITIONS
    assert (answer.minimum_edition, answer.maximum_edition) == (998, 1001)


def test_this_repository_generates_with_the_plugin() -> None:
    (plugin,) = yaml.safe_load((HERE / "buf.gen.yaml").read_text())["plugins"]
    assert plugin == {"local": "protoc-gen-fieldstone", "out": "generated", "strategy": "all"}
    assert (BIN / plugin["local"]).is_file()
