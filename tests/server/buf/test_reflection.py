"""Clients that learn types at run time: the reflection of releases, and `buf curl` with a module as its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict

from tests.server.buf.calling import ask
from tests.server.running import Buf, Serving

if TYPE_CHECKING:
    import httpx

REFLECT = "/buf.reflect.v1beta1.FileDescriptorSetService/GetFileDescriptorSet"
BASE = 'syntax = "proto3";\npackage acme.rbase.v1;\nmessage Money {\n  int64 cents = 1;\n}\nmessage Unused {}\n'
SHOP = """syntax = "proto3";
package acme.rshop.v1;
import "acme/rbase/v1/rbase.proto";
message Order {
  acme.rbase.v1.Money total = 1;
}
message Other {}
"""
USERS = """syntax = "proto3";
package buf.registry.owner.v1;
message User {
  string id = 1;
  string name = 4;
}
message GetCurrentUserRequest {}
message GetCurrentUserResponse {
  User user = 1;
}
service UserService {
  rpc GetCurrentUser(GetCurrentUserRequest) returns (GetCurrentUserResponse);
}
"""


def reflected(served: Serving, module: str, version: str = "", *symbols: str) -> httpx.Response:
    return ask(served, REFLECT, {"module": f"{served.host}/{module}", "version": version, "symbols": symbols})


def messages(answer: httpx.Response) -> set[str]:
    """The full names of the messages in an answer, which must be complete."""
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()["fileDescriptorSet"]
    pool, names = DescriptorPool(), set()
    for file in ParseDict(given, FileDescriptorSet()).file:
        pool.Add(file)
        names |= {f"{file.package}.{each.name}" for each in file.message_type}
        pool.FindFileByName(file.name)
    return names


def test_symbols_prune_the_answer(buf: Buf) -> None:
    buf.module("rbase", {"acme/rbase/v1/rbase.proto": BASE})
    assert buf("push", "--create", cwd="rbase").code == 0
    buf.module("rshop", {"acme/rshop/v1/rshop.proto": SHOP}, "acme/rbase")
    assert buf("dep", "update", cwd="rshop").code == 0
    assert buf("push", "--create", cwd="rshop").code == 0
    served, order, money = buf.registry, "acme.rshop.v1.Order", "acme.rbase.v1.Money"
    whole = reflected(served, "acme/rshop")
    assert messages(whole) >= {order, money, "acme.rshop.v1.Other"}
    assert whole.json()["version"] == "v1.0.0"
    assert messages(reflected(served, "acme/rshop", "", order)) == {order, money}
    assert messages(reflected(served, "acme/rshop", "v1.0.0", "acme.rshop.v1.Other")) == {"acme.rshop.v1.Other"}
    buf.edit("rshop/acme/rshop/v1/rshop.proto", "message Other {}", "message Other {}\nmessage New {}")
    assert buf("push", cwd="rshop").code == 0
    assert messages(reflected(served, "acme/rshop", "main", "acme.rshop.v1.New")) == {"acme.rshop.v1.New"}
    for version, symbol, code in (
        ("v1.0.0", "acme.rshop.v1.New", "not_found"),
        ("v9.9.9", order, "not_found"),
        ("", "--help", "invalid_argument"),
        ("", f"{order},{money}", "invalid_argument"),
    ):
        assert reflected(served, "acme/rshop", version, symbol).json()["code"] == code, symbol
    assert ask(served, REFLECT, {"module": "schemas.example/acme/rshop"}).json()["code"] == "not_found"


def test_buf_curl_takes_a_module_as_its_schema(buf: Buf) -> None:
    """The called server is the registry itself, which has such a service."""
    buf.module("users", {"buf/registry/owner/v1/users.proto": USERS})
    assert buf("push", "--create", cwd="users").code == 0
    url = f"{buf.registry.url}/buf.registry.owner.v1.UserService/GetCurrentUser"
    header = f"Authorization: Bearer {buf.registry.token}"
    ran = buf("curl", "--schema", f"{buf.registry.host}/acme/users", "--header", header, url)
    assert (ran.code, '"name": "admin"' in ran.out) == (0, True), ran
