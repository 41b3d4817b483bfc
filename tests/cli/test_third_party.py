"""Third-party schemas: imported, and neither judged nor released as one's own."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from fieldstone.registry import open_registry
from fieldstone.toolchain import buf
from tests.cli.workspace import Repo, new_repo

LIB = "third_party/lib/lib/v1/lib.proto"
INNER = "proto/google/inner/inner.proto"
OWN = "proto/acme/shop/v1/shop.proto"
FILES = {
    "buf.yaml": "version: v2\nmodules:\n  - path: proto\n  - path: third_party/lib\nlint:\n  use: [STANDARD]\n",
    "fieldstone.toml": 'imports-only = ["third_party/lib", "proto/google"]\n[modules.shop]\npath = "proto"\n',
    LIB: 'syntax = "proto3"; package lib.v1; import "lib/v1/base.proto"; message Lib { Base base = 1; string n = 2; }',
    "third_party/lib/lib/v1/base.proto": 'syntax = "proto3"; package lib.v1; message Base { int32 one = 1; }',
    "third_party/lib/lib/v1/unused.proto": 'syntax = "proto3"; package lib.v1; message Unused {}',
    INNER: 'syntax = "proto3"; package google.inner; message badly_named { int32 BadlyNamed = 1; }',
    OWN: """\
syntax = "proto3";

package acme.shop.v1;

import "google/inner/inner.proto";
import "lib/v1/lib.proto";

message Order {
  lib.v1.Lib lib = 1;
  google.inner.badly_named inner = 2;
}
""",
}
GOOGLEAPIS = "third_party/googleapis/google/type/money.proto"
MONEY = 'syntax = "proto3";\n\npackage google.type;\n\nmessage Money {\n  int64 units = 2;\n}\n'
REMOTE: Mapping[str, str] = {
    "acme/v1/a.proto": """\
syntax = "proto3";

package acme.v1;

import "google/type/money.proto";

message A {
  google.type.Money money = 1;
}
""",
    GOOGLEAPIS: MONEY,
}
LOCK = {
    "v1": "version: v1\ndeps:\n  - remote: buf.invalid\n    owner: googleapis\n    repository: googleapis\n"
    "    commit: 61b203b9a9164be9a834f58c37be6f62\n",
    "v2": "version: v2\ndeps:\n  - name: buf.invalid/googleapis/googleapis\n"
    f"    commit: 61b203b9a9164be9a834f58c37be6f62\n    digest: b5:{'0' * 128}\n",
}
DEPS = "deps:\n  - buf.invalid/googleapis/googleapis\n"
CONFIGS = {
    "v1": {"buf.yaml": f"version: v1\nname: buf.invalid/acme/api\n{DEPS}build:\n  excludes: [third_party]\n"},
    "v2": {"buf.yaml": f"version: v2\nmodules:\n  - path: .\n    name: buf.invalid/acme/api\n{DEPS}"},
    "v1 workspace": {"buf.work.yaml": "version: v1\ndirectories: [api]\n", "api/buf.yaml": f"version: v1\n{DEPS}"},
}


@pytest.fixture
def shop(tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Repo:
    repo = new_repo(tmp_path / "repo", FILES, environment)
    repo.capsys = capsys
    return repo


def test_a_release_compiles_alone_and_has_the_digest_of_buf(shop: Repo) -> None:
    checked = shop.run("check")
    assert (checked.code, checked.out) == (0, "")  # the style of third-party files is nobody's here
    shop.release("shop")
    assert shop.run("registry", "list").out.split()[:2] == ["shop", "1.0.0"]
    files = {path.removeprefix("shop/1.0.0/") for path in shop.snapshot() if path.endswith(".proto")}
    assert files == {
        "schemas/acme/shop/v1/shop.proto",
        "third_party/google/inner/inner.proto",
        "imports/lib/v1/lib.proto",
        "imports/lib/v1/base.proto",
    }
    manifest = tomllib.loads(shop.read("registry/shop/1.0.0/release.toml"))
    graph = {node["name"]: node["digest"] for node in buf.dependency_graph(cwd=shop.root)}
    assert manifest["digest"] == graph["proto"]
    assert manifest["dependencies"] == [
        {"name": "third_party/lib", "version": "third-party", "digest": graph["third_party/lib"]}
    ]
    before = shop.read(LIB)
    assert shop.run("format").code == 0
    assert shop.read(LIB) == before
    ledger = shop.read("registry/shop/1.0.0/ledger.json")
    assert "acme.shop.v1.Order" in ledger
    assert '"lib.v1.Lib"' not in ledger
    assert '"google.inner.badly_named"' not in ledger
    (shop.root / LIB).unlink()
    assert shop.run("registry", "verify", "--full").code == 0


def test_its_changes_refuse_nothing_and_say_what_they_mean(shop: Repo) -> None:
    shop.release("shop")
    shop.commit("release")
    shop.edit("third_party/lib/lib/v1/unused.proto", "message Unused {}", "message Other {}")
    assert "unchanged" not in shop.run("check").err  # buf's digest covers it
    assert shop.run("check").out == ""
    shop.edit("third_party/lib/lib/v1/base.proto", "int32 one = 1", "string one = 1")
    shop.edit(INNER, "int32 BadlyNamed = 1", "int64 Other = 2")
    shop.commit("update third-party code")
    for more in ((), ("--since", "HEAD"), ("--since", "HEAD~1"), ("--against", "HEAD~1")):
        ran = shop.run("check", "--format", "json", *more)
        notes = {f["subject"]: f for m in json.loads(ran.out)["modules"] for f in m["findings"]}
        assert ran.code == 0, ran
        assert {n["level"] for n in notes.values()} == {"note"}
        assert notes.keys() == {"lib.v1.Base", "google.inner.badly_named"}, more
    assert "`lib.v1.Base`, a third-party type that `acme.shop.v1.Order.lib` has, changed: " in shop.run("check").out
    shop.release("shop")
    assert shop.run("registry", "verify").code == 0
    assert shop.run("check").err == "shop: unchanged since 1.0.1.\n"


def test_what_is_governed_on_the_branch_stays_governed(shop: Repo) -> None:
    shop.release("shop")
    shop.commit("release")
    shop.edit(OWN, "lib.v1.Lib lib = 1;", "string lib = 1;")
    shop.edit("fieldstone.toml", '"proto/google"]', '"proto/google", "proto/acme/shop"]')
    shop.write("proto/acme/own/v1/own.proto", 'syntax = "proto3";\n\npackage acme.own.v1;\n\nmessage Own {}\n')
    ran = shop.run("check", "--since", "HEAD", "--format", "json")
    rules = {f["rule"] for m in json.loads(ran.out)["modules"] for f in m["findings"]}
    assert ran.code == 1
    assert "field-type-changed" in rules
    assert "proto/acme/shop is imports only now, and 1 file there would be judged no more" in ran.out
    assert shop.run("check").code == 1  # of its own settings: the file left the module
    shop.git("checkout", "--quiet", "--", ".")
    shop.write("vendored/x/v1/x.proto", 'syntax = "proto3"; package x.v1; message x { int32 Y = 1; }')
    shop.edit("buf.yaml", "lint:", "  - path: vendored\nlint:")
    shop.edit("fieldstone.toml", '"proto/google"]', '"proto/google", "vendored"]')
    assert shop.run("check", "--since", "HEAD").code == 0  # new third-party code is no weaker policy
    shop.edit(OWN, "message Order {", 'import "x/v1/x.proto";\n\nmessage Order {\n  x.v1.x x = 3;')
    shop.release("shop")
    assert shop.run("check").err == "shop: unchanged since 1.1.0.\n"
    assert shop.run("registry", "verify").code == 0


def test_the_setting_names_what_is_there(shop: Repo) -> None:
    def error(setting: str) -> str:
        shop.settings(f"imports-only = {setting}\n")
        return shop.run("check").error

    assert "names proto/gogle, and there is no " in error('["proto/gogle"]')
    assert "names elsewhere, which is in no module of buf.yaml; name a module or a path" in error('["elsewhere"]')
    assert "imports-only covers every module: proto, third_party/lib; leave out" in error('["."]')
    assert "it is a path below the folder of the buf configuration" in error('["../proto"]')
    assert "must be of type array" in error('"proto"')
    shop.settings('imports-only = ["third_party"]\n[modules.lib]\npath = "third_party/lib"\n')
    assert "names third_party/lib as module lib, and it is imports only; to govern it" in shop.run("check").error
    (shop.root / "fieldstone.toml").unlink()  # third_party is found by its name
    assert "third_party" not in shop.run("check").err
    assert "third_party/lib is imports only: third-party schemas are neither judged" in shop.run("check", "lib").error
    shop.settings("imports-only = []\n")
    assert "lib: no release yet" in shop.run("check").err


@pytest.mark.parametrize("kind", CONFIGS)
def test_copies_stand_for_remote_dependencies(
    kind: str, tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    own = {(f"api/{path}" if kind == "v1 workspace" and "third" not in path else path): t for path, t in REMOTE.items()}
    lock = {"api/buf.lock" if kind == "v1 workspace" else "buf.lock": LOCK["v2" if kind == "v2" else "v1"]}
    repo = new_repo(tmp_path / "repo", {**own, **CONFIGS[kind], **lock}, environment)
    repo.capsys = capsys
    said = repo.run("check", env={"BUF_TOKEN": ""}).error
    assert "buf cannot fetch buf.invalid/googleapis/googleapis; reach the registry" in said
    assert 'third_party/googleapis looks like a copy: set imports-only = ["third_party/googleapis"]' in said
    before = {path: (repo.root / path).read_bytes() for path in (*own, *CONFIGS[kind], *lock)}
    ran = repo.run("init", "--release")
    assert ran.code == 0
    assert "the style of the schemas is unknown" not in ran.err
    assert 'imports-only = ["third_party/googleapis"]\n' in repo.read("fieldstone.toml")
    assert {path: (repo.root / path).read_bytes() for path in before} == before
    (module,) = open_registry(str(repo.root / "registry")).modules()
    repo.commit("init")
    path = next(path for path in own if path.endswith("a.proto"))
    repo.edit(path, "money = 1;", "money = 1;\n  string Note = 2;")
    ran = repo.run("check")
    assert ran.code == 1
    assert 'error[FIELD_LOWER_SNAKE_CASE]: Field name "Note" should be lower_snake_case' in ran.out
    assert f"  --> {path}:9:10" in ran.out
    repo.edit(path, "  string Note = 2;", "      string note = 2;")
    assert repo.run("format", path).code == 1
    assert "\n  string note = 2;\n" in repo.read(path)
    assert repo.run("check", "--since", "HEAD").code == 0
    repo.release(module)
    assert repo.run("registry", "verify", "--full").code == 0
    assert not [name for name in repo.snapshot() if name.startswith(f"{module}/") and "/schemas/google" in name]


def test_an_error_names_every_remote_dependency(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    deps = "deps:\n  - buf.invalid/googleapis/googleapis\n  - buf.invalid/bufbuild/protovalidate:v1.0.0\n"
    files = {"acme/v1/a.proto": REMOTE["acme/v1/a.proto"], "buf.yaml": f"version: v2\nmodules:\n  - path: .\n{deps}"}
    repo = new_repo(tmp_path / "repo", files, environment)
    repo.capsys = capsys
    said = repo.run("check").error
    assert "no buf.lock pins buf.invalid/bufbuild/protovalidate, buf.invalid/googleapis/googleapis; reach" in said
    assert "`buf export buf.invalid/bufbuild/protovalidate -o third_party/protovalidate`" in said


def test_init_finds_third_party_folders(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    message = 'syntax = "proto3";\n\npackage {0};\n\n{1}message M {{{2}}}\n'
    files = {
        "proto/acme/v1/a.proto": message.format(
            "acme.v1", 'import "gogoproto/gogo.proto";\n\n', "\n  gogoproto.M m = 1;\n"
        ),
        "proto/acme/vendor/v1/vendor.proto": message.format("acme.vendor.v1", "", ""),
        "include/gogoproto/gogo.proto": message.format("gogoproto", "", ""),
        "include/gogoproto/unused.proto": message.format("gogoproto", "", "").replace("message M", "message Unused"),
    }
    plain = new_repo(tmp_path / "plain", files, environment)
    plain.capsys = capsys
    ran = plain.run("init", "--release")
    assert ran.code == 0
    assert 'imports-only = ["include"]\n' in plain.read("fieldstone.toml")
    assert (
        "third-party schemas are imported, and not judged: review imports-only in fieldstone.toml (include)" in ran.err
    )
    assert "vendor/v1/vendor.proto" in "".join(plain.snapshot())
    modules = "version: v2\nmodules:\n  - path: proto\n  - path: vendor\n  - path: shared\n"
    listed = {
        **{path.replace("include", "vendor"): text for path, text in files.items()},
        "proto/google/type/money.proto": MONEY,
        "shared/shared/v1/s.proto": message.format("shared.v1", "", ""),
        ".gitmodules": '[submodule "s"]\n\tpath = shared\n\turl = https://example.com/shared.git\n',
        "buf.yaml": modules,
    }
    buffed = new_repo(tmp_path / "listed", listed, environment)
    buffed.capsys = capsys
    buffed.run("init")
    assert 'imports-only = ["proto/google", "shared", "vendor"]\n' in buffed.read("fieldstone.toml")
    assert buffed.read("buf.yaml") == modules
    buffed.settings('registry = "registry"\n')
    assert 'imports-only = ["proto/google", "shared", "vendor"]' in buffed.run("init").err


def test_init_finds_well_known_files_beside_own_ones_without_buf_yaml(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    date = 'syntax = "proto3";\npackage google.type;\nmessage date_of {}\n'
    own = 'syntax = "proto3";\n\npackage {};\n\nimport "google/type/date.proto";\n\nmessage M {{\n  '
    own += "google.type.date_of day = 1;\n}}\n"
    for file, package, google, found in (
        ("proto/acme/v1/a.proto", "acme.v1", "proto/google", "proto/google"),
        ("google/cloud/vision/v1/vision.proto", "google.cloud.vision.v1", "google", "google/type"),
    ):
        repo = new_repo(tmp_path / package, {file: own.format(package), f"{google}/type/date.proto": date}, environment)
        repo.capsys = capsys
        ran = repo.run("init", "--release", "--name", "shop")
        assert ran.code == 0
        assert "the hook that formats is left out" not in ran.err
        assert f'imports-only = ["{found}"]\n' in repo.read("fieldstone.toml")
        assert not (repo.root / "fieldstone.style.toml").exists()
        assert [n for n in repo.snapshot() if n.endswith(".proto") and "/schemas/google/type" in n] == []
        repo.commit("init")
        assert repo.run("check", "--since", "HEAD").code == 0
    only = new_repo(tmp_path / "only", {"google/type/date.proto": date}, environment)
    only.capsys = capsys
    assert only.run("init", "--release", "--name", "types").code == 0
    assert "imports-only" not in only.read("fieldstone.toml")


def test_a_submodule_is_third_party(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    lib = {"lib/v1/lib.proto": 'syntax = "proto3"; package lib.v1; message Lib {}'}
    library = new_repo(tmp_path / "lib", lib, environment)
    own = FILES[OWN].replace('import "google/inner/inner.proto";\n', "")
    own = own.replace("  google.inner.badly_named inner = 2;\n", "")
    modules = "version: v2\nmodules:\n  - path: proto\n  - path: shared/lib\n"
    repo = new_repo(tmp_path / "repo", {OWN: own, "buf.yaml": modules}, environment)
    repo.capsys = capsys
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "shared/lib")
    repo.commit("submodule")
    assert repo.run("init", "--release").code == 0
    assert 'imports-only = ["shared/lib"]' in repo.read("fieldstone.toml")
    repo.commit("init")
    repo.edit(OWN, "lib.v1.Lib lib = 1;", "lib.v1.Lib lib = 1;\n  string more = 2;")
    assert repo.run("check", "--since", "HEAD").code == 0
    repo.edit(OWN, "string more = 2;", "string more = 1;")
    repo.edit(OWN, "  lib.v1.Lib lib = 1;\n", "")
    assert repo.run("check", "--since", "HEAD").code == 1


@pytest.mark.slow
def test_one_import_that_python_cannot_name_stops_a_wheel_of_300_files(
    tmp_path: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    head = 'syntax = "proto3";\n\npackage acme.v1;\n\n'
    files = {f"proto/acme/v1/f{n}.proto": f"{head}message F{n} {{\n  string id = 1;\n}}\n" for n in range(300)}
    files["third_party/9lib/9lib/odd.proto"] = 'syntax = "proto3"; package odd; message Odd {}'
    files["buf.yaml"] = "version: v2\nmodules:\n  - path: proto\n  - path: third_party/9lib\nlint:\n  use: [MINIMAL]\n"
    files["proto/acme/v1/f7.proto"] = f'{head}import "9lib/odd.proto";\n\nmessage F7 {{\n  odd.Odd odd = 1;\n}}\n'
    repo = new_repo(tmp_path / "repo", files, environment)
    repo.capsys = capsys
    repo.release("proto")
    said = repo.run("package", "proto").error
    assert "Python cannot import 9lib/odd.proto: 9lib is no identifier (acme/v1/f7.proto imports it)" in said
    assert not (repo.root / "dist").exists()
    repo.settings('[package.known."9lib/"]\npython = "lib9-protos>=1,<2"\npython-import = "lib9"\n')  # as it says
    ran = repo.run("package", "proto")
    assert (ran.code, ran.err) == (0, "proto 1.0.0: python package built.\n")
    repo.settings('[package.known."9lib/"]\npython-import = "lib9"\n')
    assert 'package.known."9lib/" in ' in repo.run("package", "proto").error
