"""Carriers (物流商): a seeded list that only a migration changes, so it is kept in memory."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import CarrierDiffers, CarrierMissing, UnknownCarrier
from app.models import LogisticsCompany
from app.services.paging import answer_from_memory

CARRIER = LogisticsCompany.__table__
_ALL = Statement(select(CARRIER.c.id, CARRIER.c.code, CARRIER.c.name).order_by(CARRIER.c.id))


class Carrier(NamedTuple):
    """Who carries a parcel; `id` is None for one that is not in the list."""

    id: int | None
    name: str


Known = Mapping[str, Carrier]  # by each word that names a carrier: id, code in capitals, Chinese name

_known: dict[str, Carrier] = {}


def page(work: Work, number: int, size: int) -> JsonText:
    """A page of the carriers (id, code, name), the most used first, as JSON."""
    return answer_from_memory([row._asdict() for row in work.all(_ALL)], number, size)


def known(work: Work) -> Known:
    """Every carrier in the list, as it is now."""
    return {word: Carrier(row.id, row.name) for row in work.all(_ALL) for word in (str(row.id), row.code, row.name)}


def named(work: Work, carrier_id: int | None, name: str | None) -> Carrier:
    """The carrier with this id, or one that only has a name; raises as `chosen` does."""
    if carrier_id is not None and str(carrier_id) not in _known:
        _known.update(known(work))
    return chosen(_known, carrier_id, name)


def chosen(known: Known, word: int | str | None, name: str | None) -> Carrier:
    """The known carrier that `word` names, or without a word, one that is not in the list and goes by `name`.

    Raises CarrierMissing when neither is given, UnknownCarrier, and CarrierDiffers when `name` is not that carrier's.
    """
    if word is None:
        if not name:
            raise CarrierMissing(field="logistic_id")
        return Carrier(None, name)
    carrier = known.get(str(word)) or known.get(str(word).upper())
    if carrier is None:
        raise UnknownCarrier(field="logistic_id")
    if name not in (None, carrier.name):
        raise CarrierDiffers(field="logistic_name")
    return carrier


def name_of(work: Work, carrier_id: int) -> str:
    """The name of the carrier with this id; raises UnknownCarrier."""
    return named(work, carrier_id, None).name
