"""Carriers (物流商): the seeded list, kept in memory since it changes with a migration only."""

from typing import Any

from sqlalchemy import select

from app.db.statement import Statement
from app.db.work import Work
from app.errors import CarrierDiffers, CarrierMissing, UnknownCarrier
from app.models import LogisticsCompany

CARRIER = LogisticsCompany.__table__
_ALL = Statement(select(CARRIER.c.id, CARRIER.c.code, CARRIER.c.name).order_by(CARRIER.c.id))
_names: dict[int, str] = {}


def page(work: Work, number: int, size: int) -> dict[str, Any]:
    """A page of the carriers: id, code, name; the most used first."""
    carriers = [row._asdict() for row in work.all(_ALL)]
    start = (number - 1) * size
    shown = {"items": carriers[start : start + size], "total": len(carriers), "total_is_capped": False}
    return {**shown, "page": number, "pages": -(-len(carriers) // size), "size": size, "next_cursor": None}


def named(work: Work, carrier_id: int | None, name: str | None) -> tuple[int | None, str]:
    """Id and name of a carrier: a known id gives the name; without an id the caller's name stands alone.

    Raises CarrierMissing, UnknownCarrier, CarrierDiffers.
    """
    if carrier_id is None:
        if name is None:
            raise CarrierMissing(field="logistic_id")
        return None, name
    known = name_of(work, carrier_id)
    if name not in (None, known):
        raise CarrierDiffers(field="logistic_name")
    return carrier_id, known


def name_of(work: Work, carrier_id: int) -> str:
    """The carrier's name; raises UnknownCarrier."""
    if carrier_id not in _names:
        _names.update((row.id, row.name) for row in work.all(_ALL))
    if carrier_id not in _names:
        raise UnknownCarrier(field="logistic_id")
    return _names[carrier_id]


def known(work: Work) -> dict[str, tuple[int, str]]:
    """Id and name of every carrier, under each word that a spreadsheet may name it by: id, code in capitals, Chinese name."""
    return {word: (row.id, row.name) for row in work.all(_ALL) for word in (str(row.id), row.code, row.name)}
