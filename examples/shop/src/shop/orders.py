"""Places orders: the rpc that changes something, beside those that are generated because they only read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fieldstone_runtime.serving import Answering, RefusedRequestError, converted, given
from orders_contracts.orders.v1 import order_service_v1_pb2 as messages
from orders_storage.mapper import to_dto_order
from orders_storage.order_service_v1 import OrderServiceV1
from orders_storage.records import MoneyV1, OrderLineV1, OrderRecord

if TYPE_CHECKING:
    import grpc
    from catalog_storage.repository import CatalogRepository
    from orders_storage.repository import OrdersRepository


class Orders(OrderServiceV1):
    """The rpcs of `orders.v1.OrderService`: `PlaceOrder` is here, the generated base reads.

    Args:
        repository: the orders.
        catalog: the products and their prices.
    """

    def __init__(self, repository: OrdersRepository, catalog: CatalogRepository) -> None:
        super().__init__(repository)
        self._catalog = catalog

    async def PlaceOrder(  # noqa: N802 - the name of the rpc
        self,
        request: messages.PlaceOrderRequest,
        context: grpc.aio.ServicerContext[messages.PlaceOrderRequest, messages.PlaceOrderResponse],
    ) -> messages.PlaceOrderResponse:
        """Store an order with its event, once; a request that comes again gets the order that is stored."""
        async with Answering(context):
            order = await asyncio.to_thread(self._place, request)
            return messages.PlaceOrderResponse(order=converted(order, to_dto_order))

    def _place(self, request: messages.PlaceOrderRequest) -> OrderRecord:
        lines = [OrderLineV1(sku=line.sku, quantity=line.quantity) for line in request.lines]
        note = request.delivery_note if request.HasField("delivery_note") else None
        order_id, customer = given("order_id", request.order_id), given("customer", request.customer)
        with self._repository.transaction():
            stored = self._repository.get_order(order_id)
            if stored is None:
                total, now = self._price(lines), datetime.now(UTC)
                order = OrderRecord(
                    order_id=order_id, customer=customer, placed_at=now, lines=lines, total=total, delivery_note=note
                )
                self._repository.add_order(order)
                return order
        if (stored.customer, stored.lines, stored.delivery_note) != (customer, lines, note):
            raise RefusedRequestError(f"order_id {order_id} belongs to another order: choose a new one")
        return stored

    def _price(self, lines: list[OrderLineV1]) -> MoneyV1:
        if not lines:
            raise RefusedRequestError("lines is empty: an order has at least one product")
        cents = 0
        for line in lines:
            product = self._catalog.get_product(line.sku)
            if product is None or line.quantity < 1:
                raise RefusedRequestError(f"{line.quantity} of {line.sku!r} cannot be ordered: see the catalog")
            cents += product.price.cents * line.quantity
        return MoneyV1(currency="EUR", cents=cents)
