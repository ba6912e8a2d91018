"""Paid orders, as the platform's checkout hands them over."""

from typing import Annotated

from fastapi import Path

from app.routers.platform import router
from app.schemas.fields import OrderNumber
from app.schemas.orders import OrderView, Place
from app.services.orders import placing
from app.services.orders.purchases import Purchase
from app.web.dependencies import PlatformCall
from app.web.door import Answer


@router.post("/orders", response_model=OrderView, status_code=201, responses={200: {"model": OrderView}})
def place_order(body: Place, call: PlatformCall) -> Answer:
    """Place a paid order, once per order number: the same order again is answered 200."""
    placed = placing.place(call, Purchase(**body.model_dump()))
    return Answer(placed.body, 201 if placed.is_new else 200)


@router.get("/orders/{order_number}", response_model=OrderView)
def get_order(order_number: Annotated[OrderNumber, Path()], call: PlatformCall) -> str:
    return placing.get(call, order_number)
