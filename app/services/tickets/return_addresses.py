"""Where buyers send goods back to: a merchant's address, and what of it a ticket keeps once a return is agreed to."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import MERCHANT, Work
from app.errors import ReturnAddressMissing
from app.models import ExceptOrder, ReturnAddress, TicketReturnAddress
from app.services.accounts import accounts
from app.services.events import audit

TICKET = ExceptOrder.__table__
OF_MERCHANT = ReturnAddress.__table__
OF_TICKET = TicketReturnAddress.__table__
PARTS = ("name", "phone", "address")


def get(work: Work, merchant_id: int) -> JsonText:
    """The merchant's address, as JSON; raises NotFound where none was given."""
    return work.body(_GET, merchant_id=merchant_id)


def put(work: Work, merchant_id: int, values: Mapping[str, str]) -> JsonText:
    """Set the merchant's address; as JSON. What was agreed to before keeps the former one. Raises NotFound."""
    accounts.get(work, MERCHANT, merchant_id)
    work.do(PUT, merchant_id=merchant_id, **values)
    audit.note(work, "change", "return_address", merchant_id, business_id=merchant_id, details=values)
    return get(work, merchant_id)


def keep(work: Work, ticket_id: int) -> None:
    """Keep the merchant's address, as it is now, for the return of this ticket; raises ReturnAddressMissing."""
    if not work.do(_KEEP, ticket_id=ticket_id):
        raise ReturnAddressMissing


def _put() -> Statement:
    row = insert(OF_MERCHANT).values(business_id=bindparam("merchant_id"), **{name: bindparam(name) for name in PARTS})
    renewed = {name: row.excluded[name] for name in PARTS}
    return Statement(row.on_conflict_do_update(index_elements=[OF_MERCHANT.c.business_id], set_=renewed))


def _keep() -> Statement:
    parts = [OF_MERCHANT.c[name] for name in PARTS]
    of_ticket = OF_MERCHANT.join(TICKET, TICKET.c.business_id == OF_MERCHANT.c.business_id)
    rows = select(TICKET.c.id, *parts).select_from(of_ticket).where(TICKET.c.id == bindparam("ticket_id"))
    return Statement(insert(OF_TICKET).from_select(["ticket_id", *PARTS], rows))


_THIS = OF_MERCHANT.c.business_id == bindparam("merchant_id")
_GET = Statement(select(json_of(select(*(OF_MERCHANT.c[name] for name in PARTS)).where(_THIS)).label("body")))
PUT = _put()
_KEEP = _keep()
