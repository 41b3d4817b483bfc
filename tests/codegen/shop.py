"""A workspace that has all that makes imports hard, and its generated packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from fieldstone.project.project import Project
from fieldstone.workflows.generate import generate

HERE = Path(__file__).resolve().parents[2]
"""The root of Fieldstone's own repository."""

BIN = Path(sys.executable).parent
COMMON = ("google/type/money.proto", "google/api/annotations.proto", "google/api/http.proto")
PARTS = "shop/acme/part-s/v1/part-s.proto"
SHOP = "shop/acme/shop/v1/shop.proto"
FILES = {
    "buf.yaml": """\
version: v2
modules:
  - path: annotations
  - path: shop
  - path: money
  - path: third_party
""",
    "money/acme/money/v1/money.proto": """\
syntax = "proto3";
package acme.money.v1;
message Money {
  message Part { int32 share = 1; }
  string currency = 1;
  int64 units = 2;
}
""",
    # A folder that Python's import statement cannot name.
    "shop/acme/lambda/v1/fn.proto": """\
syntax = "proto3";
package acme.lambda.v1;
import "acme/part-s/v1/part-s.proto";
message Fn {
  string body = 1;
  acme.part.v1.Part part = 2;
}
""",
    # The packages acme.lambda.v1 and acme.shop.v1 import each other.
    "shop/acme/lambda/v1/call.proto": """\
syntax = "proto3";
package acme.lambda.v1;
import "acme/shop/v1/shop.proto";
message Call {
  acme.shop.v1.Order order = 1;
  acme.part.v1.Part part = 2;
}
service CallService {
  rpc Call(acme.lambda.v1.Call) returns (acme.lambda.v1.Call);
}
""",
    PARTS: """\
syntax = "proto3";
package acme.part.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { string mine = 50001; }
message Part { string name = 1; }
""",
    "shop/root.proto": """\
syntax = "proto3";
import "acme/shop/v1/shop.proto";
message Root { acme.shop.v1.Order order = 1; }
""",
    SHOP: '''\
syntax = "proto3";
package acme.shop.v1;
import "acme/lambda/v1/fn.proto";
import "acme/money/v1/money.proto";
import "fieldstone/v1/annotations.proto";
import public "acme/part-s/v1/part-s.proto";
import "google/api/annotations.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "google/type/money.proto";
// What somebody ordered.
message Order {
  option deprecated = true;
  option (fieldstone.v1.message_lifecycle) = { owner: "secret-team" };
  string id = 1 [(fieldstone.v1.field_lifecycle) = { owner: "secret-team" }];
  acme.money.v1.Money total = 2;
  google.type.Money paid = 3;
  google.protobuf.Timestamp at = 4;
  repeated acme.part.v1.Part parts = 5 [(acme.part.v1.mine) = "kept-option"];
  acme.lambda.v1.Fn fn = 6;
  map<string, acme.money.v1.Money.Part> shares = 7;
  string from = 8;
}
// Takes """orders".
service ShopService {
  // Gives an order's "share\\".
  rpc Get(Order) returns (acme.money.v1.Money.Part) {
    option (google.api.http) = {get: "/v1/order"};
  }
  rpc Watch(google.protobuf.Empty) returns (stream Order);
  rpc Fill(stream acme.part.v1.Part) returns (google.type.Money);
  rpc Talk(stream Order) returns (stream acme.lambda.v1.Fn);
}
service EmptyService {}
''',
}
USES = '''\
"""What a team writes with the packages."""
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from money_contracts.acme.money.v1 import money_pb2
from shop_contracts import root_pb2
from shop_contracts.acme.lambda_.v1 import call_pb2, fn_pb2
from shop_contracts.acme.shop.v1 import shop_pb2, shop_pb2_grpc

ORDER = shop_pb2.Order(id="7", total=money_pb2.Money(units=3), parts=[shop_pb2.Part(name="p")], paid={"units": 2})
ROOT = root_pb2.Root(order=ORDER)
assert root_pb2.Root.FromString(ROOT.SerializeToString()) == ROOT
UNITS: int = ORDER.total.units
CALL = call_pb2.Call(order=ORDER)


class Blocking(shop_pb2_grpc.ShopServiceServicer):
    def Get(self, request: shop_pb2.Order, context: grpc.ServicerContext) -> money_pb2.Money.Part:
        return money_pb2.Money.Part(share=int(request.id))

    def Watch(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Iterator[shop_pb2.Order]:
        yield ORDER

    def Talk(self, request_iterator: Iterator[shop_pb2.Order], context: grpc.ServicerContext) -> Iterator[fn_pb2.Fn]:
        for request in request_iterator:
            yield fn_pb2.Fn(body=request.id)


class Awaited(shop_pb2_grpc.ShopServiceServicer):
    async def Get(
        self, request: shop_pb2.Order, context: grpc.aio.ServicerContext[shop_pb2.Order, money_pb2.Money.Part]
    ) -> money_pb2.Money.Part:
        return money_pb2.Money.Part(share=8)

    async def Talk(
        self, request_iterator: AsyncIterator[shop_pb2.Order], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[fn_pb2.Fn]:
        async for request in request_iterator:
            yield fn_pb2.Fn(body=request.id + "!")


def ask(stub: shop_pb2_grpc.ShopServiceStub) -> int:
    assert [order.id for order in stub.Watch(empty_pb2.Empty())] == ["7"]
    assert [fn.body for fn in stub.Talk(iter([ORDER, ORDER]))] == ["7", "7"]
    return stub.Get(ORDER, timeout=20).share


async def ask_awaited(stub: shop_pb2_grpc.ShopServiceAsyncStub) -> int:
    async def orders() -> AsyncIterator[shop_pb2.Order]:
        yield ORDER

    assert [fn.body async for fn in stub.Talk(orders())] == ["7!"]
    return (await stub.Get(ORDER)).share


def block() -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    shop_pb2_grpc.add_ShopServiceServicer_to_server(Blocking(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert ask(shop_pb2_grpc.ShopServiceStub(channel)) == 7
    server.stop(None)


async def wait() -> None:
    server = grpc.aio.server()
    shop_pb2_grpc.add_ShopServiceServicer_to_server(Awaited(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert await ask_awaited(shop_pb2_grpc.ShopServiceStub(channel)) == 8
    await server.stop(None)


if __name__ == "__main__":
    block()
    asyncio.run(wait())
'''


@dataclass(frozen=True)
class Workspace:
    """A buf workspace in a folder of its own, with what was generated from it."""

    root: Path

    @property
    def python_path(self) -> str:
        """The folders of all packages, as PYTHONPATH and MYPYPATH want them."""
        return os.pathsep.join(str(path) for path in sorted(self.root.glob("generated/python/*")))

    def read(self, path: str) -> str:
        """The text of a generated file, by its path below the folder of the packages."""
        return (self.root / "generated/python" / path).read_text("utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that stands once in a file."""
        text = (self.root / path).read_text("utf-8")
        assert text.count(old) == 1
        (self.root / path).write_text(text.replace(old, new), "utf-8")

    def run(self, *command: str, path: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command that sees the packages, and nothing of Fieldstone's sources."""
        search = {"PYTHONPATH": path or self.python_path, "MYPYPATH": path or self.python_path}
        environment = {**os.environ, **search, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **variables}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def python(self, code: str, path: str = "", **variables: str) -> str:
        """Run Python and give what it prints."""
        done = self.run(sys.executable, "-W", "error", "-c", code, path=path, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout


def make_workspace(root: Path, files: Mapping[str, str] = FILES) -> Workspace:
    """Write the workspace, with the common protos from their distribution."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for path in COMMON:
        target = root / "third_party" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(distribution("googleapis-common-protos").locate_file(path)), target)
    shutil.copytree(HERE / "schemas/fieldstone", root / "annotations")
    (root / ".git").mkdir()
    return Workspace(root)


def make_generated(root: Path, files: Mapping[str, str] = FILES) -> Workspace:
    """The workspace with all that is generated from it."""
    workspace = make_workspace(root, files)
    generate(Project.at(root))
    return workspace
