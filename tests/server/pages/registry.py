"""A registry with something to see: a module with a history, one that it needs, a hostile one, and consumers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fieldstone.consumers.published import Deployment, Published, Stay
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.registry.consumers.sql import SqlConsumers
from fieldstone.registry.sql.database import Database
from tests.server.running import Buf, Serving, serving

SHOP = """
syntax = "proto3";

package acme.shop.v1;

import "acme/money/v1/money.proto";

// What a buyer ordered: the basket at the time of paying.
message Order {
  // The number that the buyer sees.
  string id = 1;
  // The price of everything in it.
  acme.money.v1.Amount total_price = 2;
  // Where it stands.
  OrderState state = 3;
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

message GetOrderResponse {
  Order order = 1;
}

// Reads orders.
service OrderService {
  // One order by its number.
  rpc GetOrder(GetOrderRequest) returns (GetOrderResponse);
}
"""
MONEY = """
syntax = "proto3";

package acme.money.v1;

// An amount in a currency.
message Amount {
  int64 units = 1;
  string currency = 2;
}
"""
HOSTILE = """
syntax = "proto3";

package acme.hostile.v1;

// <script>document.title = "owned"</script> <img src=x onerror="document.title = 'owned'">
// {{ 7 * 7 }} " onmouseover="alert(1)
message Trap {
  // </p></li></ol><h1>Owned</h1>
  string bait = 1;
}
"""
README = """# The shop

Orders, as *the shop* writes them. See [the manual](https://shop.example.com/manual) or [the code](src/main.py).

| part | what |
| --- | --- |
| `Order` | an order |
"""
HOSTILE_README = """# Trap <script>document.title = "owned"</script>

[click](javascript:document.title='owned') [data](data:text/html,owned) ![shot](https://evil.example.com/x.png)
<iframe src="https://evil.example.com"></iframe>
"""
POLICY = """
[modules.shop]
owners = ["team-shop@example.com"]
surfaces = ["wire", "json"]
"""


@contextmanager
def shop_registry(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """A registry that runs, with its modules.

    Args:
        folder: where it keeps its data.
        arguments: further arguments of `fieldstone serve`.
        environment: its variables besides those of the tests.
    """
    with serving(folder / "data", *arguments, environment=environment) as registry:
        buf = Buf(folder / "buf", registry)
        buf.module("money", {"acme/money/v1/money.proto": MONEY})
        _push(buf, "money", "--create")
        buf.module("shop", {"acme/shop/v1/shop.proto": SHOP, "README.md": README}, "acme/money")
        assert buf("dep", "update", cwd="shop").code == 0
        _push(buf, "shop", "--create")
        for number, name in ((4, "buyer"), (5, "note")):
            buf.edit("shop/acme/shop/v1/shop.proto", "  // Where it", f"  string {name} = {number};\n  // Where it")
            _push(buf, "shop")
        buf.module("hostile", {"acme/hostile/v1/trap.proto": HOSTILE, "README.md": HOSTILE_README})
        _push(buf, "hostile", "--create")
        publish_uses(registry)
        yield registry


def publish_uses(registry: Serving) -> None:
    """Make two consumers known: one that was scanned and runs, one that declared."""
    consumers = SqlConsumers(Database(f"sqlite:///{registry.data}/registry.db"))
    now, today = datetime.now(UTC).isoformat(), datetime.now(UTC).date()
    field = "acme.shop.v1.Order.total_price"
    for consumer, rank, place in (("billing", Rank.SCAN, ("src/invoice.py:41",)), ("reports", Rank.DECLARED, ())):
        evidence = Evidence("shop", "1.1.0", rank, today, read={field: place})
        consumers.publish(Published(Uses(consumer, f"team-{consumer}", (evidence,)), "1.0", "c0ffee", now))
    consumers.deploy(Deployment("billing", "1.0", "production", Stay.DEPLOYED, now))


def _push(buf: Buf, module: str, *options: str) -> None:
    pushed = buf("push", *options, cwd=module)
    assert pushed.code == 0, pushed.err
