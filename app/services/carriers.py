"""Carriers (物流商): a seeded list that only a migration changes, so it is kept in memory."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import CarrierDiffers, CarrierMissing, TrackingMissing, UnknownCarrier
from app.models import LogisticsCompany
from app.services.paging import answer_from_memory

CARRIER = LogisticsCompany.__table__
_ALL = Statement(select(CARRIER.c.id, CARRIER.c.code, CARRIER.c.name, CARRIER.c.needs_tracking).order_by(CARRIER.c.id))


class Carrier(NamedTuple):
    """Who carries a parcel; `id` is None for one that is not in the list."""

    id: int | None
    name: str
    needs_tracking: bool = True


Known = Mapping[str, Carrier]  # by each word that names a carrier: id, code in capitals, Chinese name

_known: dict[str, Carrier] = {}


def page(work: Work, number: int, size: int) -> JsonText:
    """A page of the carriers (id, code, name, needs_tracking), the most used first, as JSON."""
    return answer_from_memory([row._asdict() for row in work.all(_ALL)], number, size)


def known(work: Work) -> Known:
    """Every carrier in the list, as it is now."""
    return {
        word: Carrier(row.id, row.name, row.needs_tracking)
        for row in work.all(_ALL)
        for word in (str(row.id), row.code, row.name)
    }


def named(work: Work, carrier_id: int | None, name: str | None) -> Carrier:
    """The carrier with this id, or the one that goes by this name; raises as `chosen` does."""
    if not _known or (carrier_id is not None and str(carrier_id) not in _known):
        _known.update(known(work))
    return chosen(_known, carrier_id, name)


def chosen(known: Known, word: int | str | None, name: str | None) -> Carrier:
    """The known carrier that `word` names, or without a word, the one that goes by `name`, known or not.

    Raises CarrierMissing when neither is given, UnknownCarrier, and CarrierDiffers when `name` is not that carrier's.
    """
    if word is None:
        if not name:
            raise CarrierMissing(field="logistic_id")
        return known.get(name, Carrier(None, name))
    carrier = known.get(str(word)) or known.get(str(word).upper())
    if carrier is None:
        raise UnknownCarrier(field="logistic_id")
    if name not in (None, carrier.name):
        raise CarrierDiffers(field="logistic_name")
    return carrier


def check_tracking(carrier: Carrier, tracking_number: str | None, *, field: str) -> None:
    """Raise TrackingMissing where the carrier has tracking numbers and none is given."""
    if carrier.needs_tracking and tracking_number is None:
        raise TrackingMissing(field=field)
