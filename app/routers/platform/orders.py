"""Paid orders, as the platform's checkout hands them over."""

from typing import Annotated

from fastapi import Path, Query

from app.routers.platform import router
from app.schemas.fields import OrderNumber
from app.schemas.orders import OrderList, OrderView, Place, PlatformOrderFilters, ReceiverChange
from app.services.orders import correcting, placing, queries
from app.services.orders.purchases import Purchase
from app.web.dependencies import PlatformCall
from app.web.door import Answer


@router.post(
    "/orders",
    response_model=OrderView,
    status_code=201,
    responses={200: {"model": OrderView, "description": "Placed before, by the same order (已下单)."}},
)
def place_order(body: Place, call: PlatformCall) -> Answer:
    """Place a paid order (下单), once per order number. The same order again is answered 200."""
    placed = placing.place(call, Purchase(**body.model_dump()))
    return Answer(placed.body, 201 if placed.is_new else 200)


@router.get("/orders", response_model=OrderList)
def list_orders(query: Annotated[PlatformOrderFilters, Query()], call: PlatformCall) -> str:
    """List orders of all merchants (订单列表), newest first."""
    return queries.page(call, query.filters(), query.asked())


@router.get("/orders/{order_number}", response_model=OrderView)
def get_order(order_number: Annotated[OrderNumber, Path()], call: PlatformCall) -> str:
    """Show an order by its number (订单详情)."""
    return placing.get(call, order_number)


@router.patch("/orders/{order_number}/receiver", response_model=OrderView)
def correct_receiver(order_number: Annotated[OrderNumber, Path()], body: ReceiverChange, call: PlatformCall) -> str:
    """Correct the receiver (修改收货人) of an order that is not shipped yet."""
    correcting.correct(call, body.given(), order_number=order_number)
    return placing.get(call, order_number)
