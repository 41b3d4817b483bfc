"""The whole way - check, release, change, refuse, verify - in repositories of other shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.workspace import SOURCES, new_repo

PROTO = 'syntax = "proto3";\n\npackage acme.v1;\n\n// An item.\nmessage Item {\n  string id = 1;\n}\n'
SHAPES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "one module at the root, v1": (
        {
            "buf.yaml": "version: v1\nname: buf.build/acme/items\nlint:\n  use: [STANDARD]\n",
            "acme/v1/item.proto": PROTO,
        },
        ".",
        "items",
        "acme/v1/item.proto",
    ),
    "one module at the root, v2": (
        {"buf.yaml": "version: v2\nname: buf.build/acme/items\n", "acme/v1/item.proto": PROTO},
        ".",
        "items",
        "acme/v1/item.proto",
    ),
    "a v1 workspace": (
        {
            "buf.work.yaml": "version: v1\ndirectories: [proto/items, proto/other]\n",
            "proto/items/acme/v1/item.proto": PROTO,
            "proto/other/acme/other/v1/other.proto": PROTO.replace("acme.v1", "acme.other.v1"),
        },
        ".",
        "items",
        "proto/items/acme/v1/item.proto",
    ),
    "a workspace in a folder of the repository": (
        {**{f"api/{path}": text for path, text in SOURCES.items()}, "README.md": "# All\n"},
        "api",
        "money",
        "api/schemas/money/acme/money/v1/money.proto",
    ),
    "settings above the workspace": (
        {
            **{f"api/{path}": text for path, text in SOURCES.items()},
            "pyproject.toml": '[tool.fieldstone]\nworkspace = "api"\nregistry = "released"\n'
            '[tool.fieldstone.modules.cash]\npath = "schemas/money"\n',
        },
        ".",
        "cash",
        "api/schemas/money/acme/money/v1/money.proto",
    ),
    "a path with spaces": (
        {
            "buf.yaml": "version: v2\nmodules:\n  - path: my schemas/the items\n",
            "my schemas/the items/acme/v1/item.proto": PROTO,
        },
        ".",
        "the items",
        "my schemas/the items/acme/v1/item.proto",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_whole_way(
    shape: str, tmp_path: Path, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    files, cwd, module, path = SHAPES[shape]
    repo = new_repo(tmp_path / "re po", files, environment)
    repo.capsys = capsys
    assert repo.run("check", cwd=cwd).code == 0
    ran = repo.run("release", module, cwd=cwd)
    assert (ran.code, ran.err) == (0, "")
    repo.commit("1.0.0")
    ran = repo.run("check", module, cwd=cwd)
    assert (ran.code, ran.err) == (0, f"{module}: unchanged since 1.0.0.\n")
    released = repo.read(path)
    repo.write(path, released.replace(" = 1;", " = 1;\n  string more = 9;"))
    ran = repo.run("check", module, "--against", "HEAD", cwd=cwd)
    assert ran.err == f"{module}: 1 type changed since HEAD: additive. Allowed as 1.1.0.\n"
    assert repo.run("release", module, cwd=cwd).code == 0
    assert repo.run("registry", "verify", "--since", "HEAD", cwd=cwd).code == 0
    repo.commit("1.1.0")
    repo.write(path, repo.read(path).replace("string more = 9;", "int32 more = 9;"))
    for args in ((), ("--against", "HEAD"), ("--against", "1.1.0")):
        ran = repo.run("check", module, "--format", "concise", *args, cwd=cwd)
        assert ran.code == 1
        assert ran.out.startswith(f"{path if cwd == '.' else path.removeprefix(f'{cwd}/')}:")
        assert "field-type-changed: `more` of" in ran.out
    ran = repo.run("diff", module, "1.0.0", "HEAD", cwd=cwd)
    assert ran.out.startswith("+ field `more` (string, number 9) added to ")
    repo.git("rm", "-r", "--quiet", "--cached", "*release.toml")
    assert repo.run("registry", "verify", "--since", "HEAD", cwd=cwd).code == 1
