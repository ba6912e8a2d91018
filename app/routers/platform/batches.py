"""Orders that come in at the same time are placed together (see `app/micro_batches.py`)."""

import functools

from app.errors import AppError
from app.micro_batches import MicroBatches
from app.services import placing
from app.services.placing import Placed, Sent, Told
from app.services.purchases import Purchase
from app.work import PLATFORM, Actor, Work

MOST = 100  # orders in a batch


async def placed(purchase: Purchase, request_id: str | None) -> Placed | None:
    """The order, placed; None when it has to be placed by itself. Raises what `placing.place` does.

    Orders of SKUs that are locked go on together, so that the others need not wait with them.
    """
    told = await _unlocked.do((purchase, request_id))
    if told is None:
        told = await _locked.do((purchase, request_id))
    if isinstance(told, AppError):
        raise told
    return told


def _place(sent: list[Sent], *, waits: bool) -> list[Told]:
    work = Work(Actor(PLATFORM), writes=True)
    return work.perform(functools.partial(placing.place_many, work, sent, waits=waits))


_unlocked = MicroBatches(functools.partial(_place, waits=False), most=MOST)
_locked = MicroBatches(functools.partial(_place, waits=True), most=MOST)
