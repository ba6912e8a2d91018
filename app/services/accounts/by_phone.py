"""Finding the buyer who calls: by the phone of the account, or one that an order of theirs was sent to.

Buyers give one number when they register and often another for their parcels, and call from either.
"""

from sqlalchemy import Text, bindparam, func, select, union

from app.db.types import Query
from app.models import Customer, Order
from app.services.orders.receivers import has_phone

CUSTOMER = Customer.__table__
ORDER = Order.__table__
MOST = 1000  # orders that are looked at
CALLER = CUSTOMER.alias("caller")

_KEY = bindparam("phone", type_=Text)


def _buyers() -> Query:
    """The ids of the buyers; of a phone that very many orders were sent to, as of a parcel station, the newest buyers."""
    sent_to = select(ORDER.c.customer_id).where(has_phone(ORDER, _KEY)).order_by(ORDER.c.customer_id.desc()).limit(MOST)
    return union(select(CALLER.c.id).where(CALLER.c.tel_phone == _KEY), select(sent_to.subquery("sent_to").c.customer_id))


# Whether the buyer has the phone `phone`, as `receivers.phone_key` makes it.
HAS_PHONE = CUSTOMER.c.id == func.any(func.array(_buyers().scalar_subquery()))
