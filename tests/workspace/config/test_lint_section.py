"""The style of an image is that of the sources which it was made of, under every configuration that says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.config.lint_section import lint_config
from fieldstone.workspace.modules import load_workspace

SOURCES = {
    "acme/shop/v1/order.proto": """
        syntax = "proto3";
        package acme.shop.v1;
        import "acme/shop/v1/unused.proto";
        import "google/protobuf/empty.proto";
        message order {
          // buf:lint:ignore FIELD_LOWER_SNAKE_CASE
          string Allowed = 1;
          string BadName = 2;
        }
        enum State { STATE_NONE = 0; done = 1; }
        service Shop {
          rpc Get(order) returns (order);
          rpc Clear(google.protobuf.Empty) returns (google.protobuf.Empty);
        }
    """,
    "acme/shop/v1/unused.proto": 'syntax = "proto3";\npackage acme.shop.v1;\noption go_package = "other";\n',
    "elsewhere.proto": 'syntax = "proto3";\npackage acme.wrong;\nmessage Elsewhere {}\n',
}
V2: dict[str, Any] = {"version": "v2", "modules": [{"path": "protos"}]}
OWN = {"use": ["PACKAGE_DIRECTORY_MATCH"]}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    for path, text in SOURCES.items():
        (tmp_path / "protos" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "protos" / path).write_text(text)
    return tmp_path


def both(root: Path, name: str = "protos") -> tuple[list[Diagnostic], list[Diagnostic] | None]:
    """What buf finds in the sources of a module, and in its image; None where the image is not asked."""
    workspace = load_workspace(root)
    found = workspace.module(name)
    by_source = buf.lint(found.path, cwd=root).diagnostics(what="buf lint")
    config = lint_config(workspace, found)
    if config is None:
        return by_source, None
    image = buf.build(found.path, cwd=root).output(what="it does not compile")
    scratch = root / "scratch"
    scratch.mkdir()
    by_image = buf.lint_image(image, config, scratch=scratch).diagnostics(what="buf lint")
    below = "" if found.path == "." else f"{found.path}/"
    return by_source, [replace(annotation, path=below + annotation.path) for annotation in by_image]


@pytest.mark.parametrize(
    "config",
    [
        V2,
        V2 | {"lint": None},
        V2 | {"lint": {"use": ["STANDARD", "COMMENTS", "UNARY_RPC"], "except": ["PACKAGE_DIRECTORY_MATCH"]}},
        V2 | {"lint": {"use": ["MINIMAL"]}},
        V2 | {"lint": {"use": ["STANDARD"], "enum_zero_value_suffix": "_NONE", "service_suffix": "Api"}},
        V2 | {"lint": {"use": ["STANDARD"], "rpc_allow_same_request_response": True}},
        V2
        | {
            "lint": {
                "rpc_allow_google_protobuf_empty_requests": True,
                "rpc_allow_google_protobuf_empty_responses": True,
                "disallow_comment_ignores": True,
            }
        },
        V2 | {"modules": [{"path": "protos", "lint": OWN}], "lint": {"use": ["MINIMAL"]}},
        V2 | {"modules": [{"path": "protos", "lint": {}}], "lint": {"use": ["MINIMAL"]}},
    ],
    ids=json.dumps,
)
def test_an_image_is_judged_as_its_sources(module: Path, config: dict[str, Any]) -> None:
    (module / "buf.yaml").write_text(json.dumps(config))
    by_source, by_image = both(module)
    assert by_source
    assert by_image == by_source


@pytest.mark.parametrize(
    "lint", [None, {"use": ["DEFAULT"]}, {"use": ["DEFAULT"], "allow_comment_ignores": True}], ids=json.dumps
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_configuration_of_version_1(module: Path, lint: object, *, listed: bool) -> None:
    config = {"version": "v1"} | ({"lint": lint} if lint else {})
    (module / "protos/buf.yaml").write_text(json.dumps(config))
    root = module if listed else module / "protos"
    if listed:
        (module / "buf.work.yaml").write_text("version: v1\ndirectories: [protos]\n")
    by_source, by_image = both(root, next(iter(load_workspace(root).modules)))
    assert by_source
    assert by_image == by_source


@pytest.mark.parametrize(
    "config",
    [
        V2 | {"lint": {"ignore": ["protos/elsewhere.proto"]}},
        V2 | {"lint": {"ignore_only": {"FIELD_LOWER_SNAKE_CASE": ["protos/acme"]}}},
        V2 | {"modules": [{"path": "protos", "lint": {**OWN, "ignore": ["protos/acme"]}}]},
    ],
    ids=json.dumps,
)
def test_paths_are_those_of_sources(module: Path, config: dict[str, Any]) -> None:
    (module / "buf.yaml").write_text(json.dumps(config))
    assert both(module)[1] is None


@pytest.mark.parametrize("key", ["plugins", "policies"])
def test_the_rules_of_others(module: Path, key: str) -> None:
    others = {"plugins": [{"plugin": "buf-plugin-none"}], "policies": [{"policy": "none.yaml"}]}
    (module / "buf.yaml").write_text(json.dumps(V2 | {key: others[key]}))
    workspace = load_workspace(module)
    assert lint_config(workspace, workspace.module("protos")) is None


def test_buf_knows_no_other_setting(module: Path) -> None:
    """What a `lint` section of a later buf says is not passed over in an image."""
    (module / "buf.yaml").write_text(json.dumps(V2 | {"lint": {"more": True}}))
    workspace = load_workspace(module)
    assert lint_config(workspace, workspace.module("protos")) is None
    said = subprocess.run([buf.find_buf(), "lint"], cwd=module, capture_output=True, text=True, check=False)
    assert "more" in said.stderr


@pytest.mark.parametrize("odd", ["[2020-01-01]", "{2020-01-01: a}", "3"])
def test_what_is_no_list_of_rules_is_left_to_buf(module: Path, odd: str) -> None:
    (module / "buf.yaml").write_text(f"version: v2\nmodules:\n  - path: protos\nlint:\n  use: {odd}\n")
    workspace = load_workspace(module)
    assert lint_config(workspace, workspace.module("protos")) is None
