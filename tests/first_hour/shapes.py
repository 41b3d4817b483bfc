"""Small git repositories of other teams, one of each shape, before Fieldstone.

`build` makes one; each has a file (`Shape.source`) of a released module with the line `string id = 1;` for the tests
to change.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tests.cli.workspace import Repo, new_repo


def proto(package: str, message: str, *imports: str, field: str = "") -> str:
    """A .proto file of one message with the field `id`, and perhaps another one."""
    lines = "".join(f'import "{path}";\n' for path in imports)
    more = f"  {field} other = 2;\n" if field else ""
    head = f'syntax = "proto3";\n\npackage {package};\n\n' + (f"{lines}\n" if lines else "")
    return f"{head}// A {message.lower()}.\nmessage {message} {{\n  string id = 1;\n{more}}}\n"


PLACE = proto("acme.place.v1", "Place")
REPORT = proto("acme.report.v1", "Report", "acme/place/v1/place.proto", field="acme.place.v1.Place")
DATE = """\
syntax = "proto3";

package google.type;

message Date {
  int32 year = 1;
  int32 month = 2;
  int32 day = 3;
}
"""
DATED = proto("acme.report.v1", "Report", "google/type/date.proto", field="google.type.Date")


class Shape(Struct, frozen=True):
    """A kind of repository.

    Attributes:
        files: its files, path to content.
        source: the file to change, of a module that is released.
        modules: the modules that `fieldstone init` gives it, in the order of buf's configuration: path to name.
        remote: the address of its git remote `origin`; empty for none.
        folder: the name of the clone's folder.
        submodules: the other repositories in it: path to files.
    """

    files: Mapping[str, str]
    source: str
    modules: Mapping[str, str]
    remote: str = "https://git.example.com/acme/weather.git"
    folder: str = "clone-7"
    submodules: Mapping[str, Mapping[str, str]] = {}

    @property
    def module(self) -> str:
        """The name of the module of `source`."""
        return next(name for path, name in self.modules.items() if path == "." or self.source.startswith(f"{path}/"))


GOOGLEAPIS = {"google/type/date.proto": DATE, "README.md": "# APIs\n"}
V1BETA1 = "version: v1beta1\nname: buf.build/acme/weather\nbuild:\n  roots: [proto]\nlint:\n  use: [DEFAULT]\n"
SHAPES: dict[str, Shape] = {
    "v1beta1": Shape(
        {
            "buf.yaml": V1BETA1,
            "README.md": "# Weather\n",
            "proto/acme/report/v1/report.proto": REPORT,
            "proto/acme/place/v1/place.proto": PLACE,
        },
        "proto/acme/report/v1/report.proto",
        {"proto": "weather"},
    ),
    "v1beta1-roots": Shape(
        {
            "buf.yaml": "version: v1beta1\nbuild:\n  roots: [proto, shared]\n  excludes: [proto/attic]\n",
            "proto/acme/report/v1/report.proto": REPORT,
            "proto/attic/acme/report/v1/report.proto": REPORT,
            "shared/acme/place/v1/place.proto": PLACE,
        },
        "proto/acme/report/v1/report.proto",
        {"proto": "weather", "shared": "shared"},
    ),
    "v1-workspace": Shape(
        {
            "buf.work.yaml": "version: v1\ndirectories:\n  - report/proto\n  - place/proto\n",
            "report/proto/buf.yaml": "version: v1\n",
            "report/proto/acme/report/v1/report.proto": REPORT,
            "place/proto/acme/place/v1/place.proto": PLACE,
        },
        "report/proto/acme/report/v1/report.proto",
        {"report/proto": "report", "place/proto": "place"},
    ),
    "v2-root": Shape(
        {
            "buf.yaml": "version: v2\nbreaking:\n  use: [FILE]\n",
            "acme/report/v1/report.proto": REPORT,
            "acme/place/v1/place.proto": PLACE,
        },
        "acme/report/v1/report.proto",
        {".": "weather"},
    ),
    "v2-one-path": Shape(
        {
            "buf.yaml": "version: v2\nmodules:\n"
            "  - path: proto\n    name: buf.build/acme/place\n    includes: [proto/acme/place]\n"
            "  - path: proto\n    name: buf.build/acme/report\n    excludes: [proto/acme/place]\n",
            "proto/acme/report/v1/report.proto": REPORT,
            "proto/acme/place/v1/place.proto": PLACE,
        },
        "proto/acme/report/v1/report.proto",
        {"proto/acme/place": "place", "proto": "report"},
    ),
    "vendored": Shape(
        {"protos/acme/report/v1/report.proto": DATED, "third_party/google/type/date.proto": DATE},
        "protos/acme/report/v1/report.proto",
        {"protos": "weather"},
    ),
    "vendored-beside": Shape(
        {"protos/acme/report/v1/report.proto": DATED, "protos/google/type/date.proto": DATE},
        "protos/acme/report/v1/report.proto",
        {"protos": "weather"},
    ),
    "deps": Shape(  # with a copy as `buf export` writes it: no network reaches buf.invalid
        {
            "buf.yaml": "version: v1\nname: buf.build/acme/weather\ndeps:\n  - buf.invalid/googleapis/googleapis\n",
            "buf.lock": "version: v1\ndeps:\n  - remote: buf.invalid\n    owner: googleapis\n"
            "    repository: googleapis\n    commit: 61b203b9a9164be9a834f58c37be6f62\n",
            "acme/report/v1/report.proto": DATED,
            "third_party/googleapis/google/type/date.proto": DATE,
        },
        "acme/report/v1/report.proto",
        {".": "weather"},
    ),
    "submodule": Shape(
        {"protos/acme/report/v1/report.proto": DATED},
        "protos/acme/report/v1/report.proto",
        {"protos": "weather"},
        submodules={"third_party/googleapis": GOOGLEAPIS},
    ),
}
"""The shapes that `fieldstone init` takes."""

GOPATH = Shape(
    {
        "api/mvccpb/kv.proto": proto("mvccpb", "KeyValue"),
        "api/etcdserverpb/rpc.proto": proto(
            "etcdserverpb", "Report", "etcd/api/mvccpb/kv.proto", "gogoproto/gogo.proto", field="mvccpb.KeyValue"
        ),
        "api/v3/deep.proto": proto("deep", "Deep", "go.etcd.io/etcd/api/mvccpb/kv.proto"),
    },
    "api/etcdserverpb/rpc.proto",
    {},
    remote="https://git.example.com/etcd-io/etcd.git",
    folder="etcd",
)
"""Imports that begin in folders above the repository, as below a GOPATH; and one of which there is no copy."""


def build(shape: Shape, parent: Path, environment: Mapping[str, str]) -> Repo:
    """A git repository of a shape, in a folder below `parent`, with one commit and its submodules checked out."""
    repo = new_repo(parent / shape.folder, shape.files, environment)
    for path, files in shape.submodules.items():
        other = new_repo(parent / "origins" / path.replace("/", "-"), files, environment)
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), path)
    if shape.submodules:
        repo.commit("submodules")
    if shape.remote:
        repo.git("remote", "add", "origin", shape.remote)
    return repo


def clone(repo: Repo, to: Path, *options: str) -> Repo:
    """A clone of a repository in another folder: `--depth 1` makes it shallow, as in a pipeline."""
    command = ("git", "-c", "protocol.file.allow=always", "clone", "--quiet", *options, f"file://{repo.root}", str(to))
    subprocess.run(command, env=dict(repo.environment), check=True, capture_output=True)
    return Repo(to, repo.environment, repo.capsys)


def without_links(repo: Repo) -> Repo:
    """The same repository checked out without symbolic links, as on Windows: each is a file with its target."""
    repo.git("config", "core.symlinks", "false")
    for line in repo.git("ls-files", "--stage").splitlines():
        about, _, path = line.partition("\t")
        if about.startswith("120000"):
            (repo.root / path).unlink()
            repo.git("checkout", "--quiet", "--", path)
    return repo
