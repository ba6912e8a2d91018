"""Pictures that the sides of a ticket show: the buyer on asking, the merchant on refusing."""

from collections.abc import Sequence

from sqlalchemy import Integer, String, bindparam, case, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.parameters import ACTOR_ID
from app.db.sql import json_array
from app.db.statement import Statement
from app.db.types import Columns, Expression
from app.db.work import CUSTOMER, MERCHANT, Work
from app.models import Evidence
from app.models.evidence import MOST
from app.services.uploads import customer_files, files
from app.services.uploads.content import IMAGE
from app.services.uploads.taking import Wanted

EVIDENCE = Evidence.__table__
_TAKE = {MERCHANT: files.take, CUSTOMER: customer_files.take}


def show(work: Work, ticket_id: int, names: Sequence[str]) -> None:
    """Add these pictures of the actor's own to the ticket, in this order; raises UnknownFile, WrongFileKind."""
    if not names:
        return
    _TAKE[work.actor.kind](work, [Wanted("evidence", name, IMAGE) for name in names])
    work.do(_SHOW[work.actor.kind], ticket_id=ticket_id, names=list(names))


def shown(ticket: Columns) -> Expression:
    """The ticket's pictures as a JSON array, the buyer's first: who shows each, its name and its URL."""
    side = case((EVIDENCE.c.customer_id.isnot(None), literal(CUSTOMER)), else_=literal(MERCHANT))
    pictures = select(side.label("by"), EVIDENCE.c.name, func.concat(files.URL, EVIDENCE.c.name).label("url"))
    of_ticket = pictures.where(EVIDENCE.c.ticket_id == ticket.c.id).correlate(ticket)
    return json_array(of_ticket.order_by(EVIDENCE.c.position))


def _show(owner: str, first: int) -> Statement:
    given = func.unnest(cast(bindparam("names"), ARRAY(String))).table_valued("name", with_ordinality="position")
    given = given.render_derived(name="given")
    rows = select(cast(bindparam("ticket_id"), Integer), given.c.position + first - 1, ACTOR_ID, given.c.name)
    return Statement(insert(EVIDENCE).from_select(["ticket_id", "position", owner, "name"], rows))


_SHOW = {CUSTOMER: _show("customer_id", 1), MERCHANT: _show("business_id", MOST + 1)}
