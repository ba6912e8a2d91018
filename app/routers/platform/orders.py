"""Paid orders, as the platform's checkout hands them over."""

import functools
from typing import Annotated

from fastapi import Path, Response

from app.dependencies import PlatformCall
from app.loop import on_loop
from app.routers.door import Answer, answered, response
from app.routers.platform import batches, router
from app.schemas.fields import OrderNumber
from app.schemas.orders import OrderView, Place
from app.services import placing
from app.services.placing import Placed
from app.services.purchases import Purchase


@router.post("/orders", response_model=OrderView, status_code=201, responses={200: {"model": OrderView}})
async def place_order(body: Place, call: PlatformCall) -> Response:
    """Place a paid order, once per order number: the same order again is answered 200."""
    purchase = Purchase(**body.model_dump())
    placed = await batches.placed(purchase, call.request_id) if call.key is None else None
    if placed is not None:
        return response(placed.body, _status(placed))
    return await on_loop(answered, call, 201, functools.partial(_place, call, purchase))


@router.get("/orders/{order_number}", response_model=OrderView)
def get_order(order_number: Annotated[OrderNumber, Path()], call: PlatformCall) -> str:
    return placing.get(call, order_number)


def _place(call: PlatformCall, purchase: Purchase) -> Answer:
    placed = placing.place(call, purchase)
    return Answer(placed.body, _status(placed))


def _status(placed: Placed) -> int:
    return 201 if placed.is_new else 200
