"""Carriers (物流商): a seeded list that only a migration changes, so it is kept in memory."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

from sqlalchemy import select

from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import CarrierDiffers, CarrierMissing, MistypedCarrier, TrackingMissing, UnknownCarrier
from app.models import LogisticsCompany
from app.services import carrier_names
from app.services.paging import answer_from_memory

CARRIER = LogisticsCompany.__table__
_ALL = Statement(select(CARRIER.c.id, CARRIER.c.code, CARRIER.c.name, CARRIER.c.needs_tracking).order_by(CARRIER.c.id))


class Carrier(NamedTuple):
    """Who carries a parcel; `id` is None for one that is not in the list."""

    id: int | None
    name: str
    needs_tracking: bool = True


Known = Mapping[str | int, Carrier]  # by the id, and by each word for a carrier as `carrier_names` simplifies it

LONGEST = 30  # characters of an unknown carrier that an answer repeats
_known: dict[str | int, Carrier] = {}


def page(work: Work, number: int, size: int) -> JsonText:
    """A page of the carriers (id, code, name, needs_tracking), the most used first, as JSON."""
    return answer_from_memory([row._asdict() for row in work.all(_ALL)], number, size)


def known(work: Work) -> Known:
    """Every carrier in the list, as it is now."""
    rows = work.all(_ALL)
    words = carrier_names.by_word([(row.code, row.name) for row in rows])
    carriers = {row.code: Carrier(row.id, row.name, row.needs_tracking) for row in rows}
    return {**{word: carriers[code] for word, code in words.items()}, **{row.id: carriers[row.code] for row in rows}}


def named(work: Work, carrier_id: int | None, name: str | None) -> Carrier:
    """The carrier with this id or name, or one that only has a name; raises as `chosen` does."""
    if not _known or (carrier_id is not None and carrier_id not in _known):
        _known.update(known(work))
    return chosen(_known, carrier_id, name)


def chosen(known: Known, word: int | str | None, name: str | None, *, suggest: bool = True) -> Carrier:
    """The known carrier that `word` names; without a word, the one that goes by `name`, which need not be in the list.

    With `suggest`, which takes a millisecond, the refusal of an unknown word has the known carrier that comes nearest.
    Raises CarrierMissing when neither is given, UnknownCarrier, and CarrierDiffers when `name` is not that carrier's.
    """
    if word is None:
        if not name:
            raise CarrierMissing(field="logistic_id")
        return _by_name(known, name) or Carrier(None, name)
    carrier = known.get(int(word)) if str(word).isdecimal() else _by_name(known, str(word))
    if carrier is None:
        raise _unknown(known, str(word), suggest=suggest)
    if name is not None and _by_name(known, name) != carrier:
        raise CarrierDiffers(field="logistic_name")
    return carrier


def _by_name(known: Known, name: str) -> Carrier | None:
    return known.get(carrier_names.simplified(name)) or known.get(carrier_names.stem(name))


def _unknown(known: Known, word: str, *, suggest: bool) -> UnknownCarrier:
    shown = f"{word[:LONGEST]}…" if len(word) > LONGEST else word
    name = carrier_names.stem(word)
    words = [each for each in known if isinstance(each, str)] if suggest and len(name) <= LONGEST else []
    near = get_close_matches(name, words, n=1, cutoff=0.5)
    if near:
        return MistypedCarrier(field="logistic_id", word=shown, nearest=known[near[0]].name)
    return UnknownCarrier(field="logistic_id", word=shown)


def check_tracking(carrier: Carrier, tracking_number: str | None, *, field: str) -> None:
    """Raise TrackingMissing where the carrier has tracking numbers and none is given."""
    if carrier.needs_tracking and tracking_number is None:
        raise TrackingMissing(field=field)
