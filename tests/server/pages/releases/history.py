"""A registry with a history to look at: a module with three releases, one that it needs, hostile ones, consumers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fieldstone.consumers.published import Deployment, Published, Stay
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.sql.audit import Actor
from fieldstone.registry.sql.database import Database
from fieldstone.workflows.administering.database import DatabaseAdministration
from fieldstone.workflows.administering.messages import NewPolicy
from tests.server.running import Buf, Serving, serving

MONEY = """
syntax = "proto3";

package acme.money.v1;

// An amount in a currency.
message Amount {
  int64 units = 1;
  string currency = 2;
}
"""
SHOP = """
// Written by the people of the shop.

// What a buyer ordered, and how it is paid.
edition = "2023";

package acme.shop.v1;

import "acme/money/v1/money.proto";
import "google/protobuf/descriptor.proto";

option features.field_presence = IMPLICIT;

extend google.protobuf.FieldOptions {
  // Who may read the field.
  string audience = 50001;
}

// An order. It is written once, and read by many.
//
// States follow each other:
// - paid, see `OrderState`
// - sent
message Order {
  option deprecated = false;

  reserved 9, 20 to 29, 1000 to max;
  reserved gone;

  // The number that the buyer sees.
  string id = 1 [(audience) = "buyers"];  // Never changes.
  // The price of everything in it.
  acme.money.v1.Amount total_price = 2;

  // (Three remarks that belong to nothing.)

  int64 total = 3;
  OrderState state = 4 [features.field_presence = EXPLICIT];
  repeated Line lines = 5;
  map<string, Line> by_shelf = 6;
  // How it is paid.
  oneof payment {
    // The last four digits.
    string card = 7;
    string invoice = 8;
  }

  // A line of an order.
  message Line {
    string article = 1;
    int32 count = 2 [json_name = "howMany"];
  }
}

// The life of an order.
enum OrderState {
  ORDER_STATE_UNSPECIFIED = 0;
  // Paid, and not sent yet.
  ORDER_STATE_PAID = 1;
}

message GetOrderRequest {
  string id = 1;
}

// Reads orders.
service OrderService {
  // One order by its number.
  rpc GetOrder(GetOrderRequest) returns (Order);
  rpc WatchOrders(stream GetOrderRequest) returns (stream Order);
}
"""
HOSTILE = """
syntax = "proto3";

package acme.hostile.v1;

// <script>document.title = "owned"</script> <img src=x onerror="document.title = 'owned'">
// {{ 7 * 7 }} " onmouseover="alert(1) [click](javascript:document.title='owned')
// \u202eright to left\u202c and [a page](https://example.com/a"onclick="x).
//
// # Not a heading
message Trap {
  // </p></li></ol><h1>Owned</h1>
  string bait = 1;
}

message json {
  string bait = 1;
}
"""
POLICY = """
[[waivers]]
rule = "field-type-changed"
subject = "acme.shop.v1.Order.total"
reason = "nobody reads it & nobody wants it"
owner = "shop@example.com"
until = 2999-12-31

[[waivers]]
rule = "field-removed"
subject = "acme.shop.v1.Order.total_price"
reason = "moved"
owner = "shop@example.com"
until = 2999-12-31
"""
PATH = "acme/shop/v1/shop.proto"


@contextmanager
def history(folder: Path, *arguments: str) -> Iterator[Serving]:
    """A registry that runs, with shop 1.0.0, 1.1.0 and 2.0.0.

    Args:
        folder: where it keeps its data.
        arguments: further arguments of `fieldstone serve`.
    """
    with serving(folder / "data", *arguments) as registry:
        buf = Buf(folder / "buf", registry)
        buf.module("money", {"acme/money/v1/money.proto": MONEY})
        _push(buf, "money", "--create")
        buf.module("shop", {PATH: SHOP}, "acme/money")
        assert buf("dep", "update", cwd="shop").code == 0
        _push(buf, "shop", "--create")
        _release_1_1(buf)
        _release_2_0(buf, registry)
        buf.module("hostile", {"acme/hostile/v1/trap.proto": HOSTILE})
        _push(buf, "hostile", "--create")
        _publish_uses(registry)
        yield registry


def _release_1_1(buf: Buf) -> None:
    buf.edit(f"shop/{PATH}", "  int64 total = 3;", "  int64 total = 3 [deprecated = true];\n  string note = 10;")
    buf.edit(f"shop/{PATH}", "  ORDER_STATE_PAID = 1;", "  ORDER_STATE_PAID = 1;\n  ORDER_STATE_SENT = 2;")
    buf.edit(
        f"shop/{PATH}", "message GetOrderRequest", "message Refund {\n  string id = 1;\n}\n\nmessage GetOrderRequest"
    )
    _push(buf, "shop")


def _release_2_0(buf: Buf, registry: Serving) -> None:
    database = Database(f"sqlite:///{registry.data}/registry.db")
    admin = DatabaseAdministration(database, Actor("admin"))
    admin.set_policy(NewPolicy(POLICY, 0))
    buf.edit(f"shop/{PATH}", "int64 total = 3 [deprecated", "int32 total = 3 [deprecated")
    buf.edit(f"shop/{PATH}", "  acme.money.v1.Amount total_price = 2;\n", "")
    buf.edit(f"shop/{PATH}", "  reserved 9, 20", "  reserved 2, 9, 20")
    buf.edit(f"shop/{PATH}", "  reserved gone;", "  reserved gone, total_price;")
    _push(buf, "shop")


def _publish_uses(registry: Serving) -> None:
    """Make two consumers known: one that was scanned and runs, one that declared."""
    consumers = SqlConsumers(Database(f"sqlite:///{registry.data}/registry.db"))
    now, today = datetime.now(UTC).isoformat(), datetime.now(UTC).date()
    read = {
        "acme.shop.v1.Order.total": ("src/invoice.py:41",),
        "acme.shop.v1.Order.total_price": ("src/<b>a</b>.py:2",),
    }
    scanned = Evidence("shop", "1.1.0", Rank.SCAN, today, by="python", read=read)
    declared = Evidence("shop", "1.0.0", Rank.DECLARED, today, read={"acme.shop.v1.Order.id": ()})
    for consumer, evidence in (("billing", scanned), ("reports", declared)):
        consumers.publish(Published(Uses(consumer, f"team-{consumer}", (evidence,)), "1.0", "c0ffee", now))
    consumers.deploy(Deployment("billing", "1.0", "production", Stay.DEPLOYED, now))


def _push(buf: Buf, module: str, *options: str) -> None:
    pushed = buf("push", *options, cwd=module)
    assert pushed.code == 0, pushed.err + pushed.out
