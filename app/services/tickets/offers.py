"""Offers: where the merchant agrees to less than the buyer asked for, the buyer has to accept it."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import Work
from app.errors import OfferNotRaised
from app.models import RefundOffer
from app.services.lifecycle.table import BY_AGREEING
from app.services.tickets.states import LIFECYCLE

OFFER = RefundOffer.__table__


def make(work: Work, ticket_id: int, *, back_cost: float, remark: str | None, actions: list[str]) -> None:
    """Offer `back_cost` yuan, or raise the offer that was made; raises OfferNotRaised.

    It is only ever raised: a buyer who accepts gets no less than what they saw.
    """
    if work.one(_OFFER, ticket_id=ticket_id, back_cost=back_cost, remark=remark) is None:
        raise OfferNotRaised(field="back_cost", actions=actions)
    LIFECYCLE.move(work, "offer", ticket_id, by=BY_AGREEING)


def _offer() -> Statement:
    given = ("ticket_id", "back_cost", "remark")
    row = insert(OFFER).values(**{name: bindparam(name) for name in given}, time=NOW)
    changed = {name: row.excluded[name] for name in ("back_cost", "remark", "time")}
    raised = row.excluded.back_cost > OFFER.c.back_cost
    return Statement(
        row.on_conflict_do_update(index_elements=["ticket_id"], set_=changed, where=raised).returning(OFFER.c.ticket_id)
    )


_OFFER = _offer()
