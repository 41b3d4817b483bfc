"""The shop's server: `python -m shop --store shop.db --port 50051`; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import catalog_contracts.release
import orders_contracts.release
from catalog_contracts.catalog.v1 import catalog_service_v1_pb2_grpc
from catalog_storage.catalog_service_v1 import CatalogServiceV1
from catalog_storage.records import MoneyV1, ProductRecord
from catalog_storage.sqlite import SQLiteCatalogRepository
from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.serving import new_server
from fieldstone_runtime.sqlite import SQLiteDatabase
from orders_contracts.orders.v1 import order_service_v1_pb2_grpc
from orders_storage.sqlite import SQLiteOrdersRepository

from shop.orders import Orders

PRODUCTS = [
    ProductRecord(sku="pot", title="Teapot", price=MoneyV1(currency="EUR", cents=2400)),
    ProductRecord(sku="tea", title="Green tea, 100 g", price=MoneyV1(currency="EUR", cents=650)),
]
"""The products that a new shop starts with."""

_OPTIONS = [("grpc.so_reuseport", 0)]  # a port that another server has is refused, not shared


async def serve(store: str, port: int) -> None:
    """Answer both services until SIGINT or SIGTERM.

    Args:
        store: the SQLite file, created if missing.
        port: the port on 127.0.0.1; 0 takes a free one. The first line of the output names it.

    Raises:
        StorageError: the database cannot be opened or migrated.
        RuntimeError: the port is taken.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    database = SQLiteDatabase(store)
    catalog, orders = SQLiteCatalogRepository(database), SQLiteOrdersRepository(database)
    catalog.migrate()
    orders.migrate()
    if not any(catalog.products(limit=1)):
        catalog.add_products(PRODUCTS)
    server = await new_server(catalog_contracts.release, orders_contracts.release, options=_OPTIONS)
    catalog_service_v1_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServiceV1(catalog), server)
    order_service_v1_pb2_grpc.add_OrderServiceServicer_to_server(Orders(orders, catalog), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print(f"the shop answers on 127.0.0.1:{port}", flush=True)
    await stopped.wait()
    await server.stop(grace=5)
    database.close()


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004 - TCP's
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to 65535")
    return port


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="shop", description="Serve the catalog and the orders of the shop.")
    parser.add_argument("--store", default="shop.db", help="the SQLite file (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=50051, help="on 127.0.0.1; 0 takes a free one (default: %(default)s)"
    )
    settings = parser.parse_args()
    try:
        asyncio.run(serve(settings.store, settings.port))
    except (StorageError, RuntimeError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
