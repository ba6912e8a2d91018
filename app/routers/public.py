"""What anyone may read: the carriers, and the names of the states."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.models import except_order, order, sku
from app.schemas.fields import Filters
from app.schemas.paging import Listed
from app.services import carriers
from app.services.tickets.states import STEPS
from app.web.dependencies import AnyoneCall
from app.web.door import UseCaseRoute

router = APIRouter(prefix="/api/v1", tags=["anyone"], route_class=UseCaseRoute)


class Carrier(BaseModel):
    """`needs_tracking` is false for what leaves without a parcel: 无需物流, 自提, 同城配送."""

    id: int
    code: str
    name: str
    needs_tracking: bool


class CarrierList(Listed):
    items: list[Carrier]


class CarrierQuery(Filters):
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    size: Annotated[int, Field(ge=1, le=100)] = 100


class StatusName(BaseModel):
    value: int
    zh: str
    en: str


class Statuses(BaseModel):
    order: list[StatusName]
    except_order: list[StatusName]
    sku: list[StatusName]
    steps: list[str]


@router.get("/logistics-companies", response_model=CarrierList)
def list_carriers(query: Annotated[CarrierQuery, Query()], call: AnyoneCall) -> str:
    """List carriers (物流公司列表), the most used first; all of them fit on one page."""
    return carriers.page(call, query.page, query.size)


@router.get("/statuses", response_model=Statuses)
def list_statuses(call: AnyoneCall) -> str:
    """List the names of states (状态名称), in Chinese and English."""
    named = {"order": order.STATUS_NAMES, "except_order": except_order.STATUS_NAMES, "sku": sku.STATUS_NAMES}
    states = {
        table: [{"value": value, "zh": zh, "en": en} for value, (zh, en) in names.items()] for table, names in named.items()
    }
    return orjson.dumps({**states, "steps": [step.name for step in STEPS]}).decode()
