from sqlalchemy import Column, Index, Integer
from sqlalchemy.dialects.postgresql import TSVECTOR

from app.models.base import Base

GATHERED = {"gin_pending_list_limit": 256}  # kB of new rows that are merged at once, by whose row fills them


class OrderSearch(Base):
    """The search index of orders: every part of up to four characters of the receiver and the order number.

    Triggers write one row per order: one on `order`, and one on `order_receiver` for a receiver that is kept whole there. The
    worker merges the pending entries of the index.
    """

    __tablename__ = "order_search"
    __table_args__ = (Index("ix_order_search_grams", "grams", postgresql_using="gin", postgresql_with=GATHERED),)

    order_id = Column(Integer, primary_key=True, autoincrement=False)
    grams = Column(TSVECTOR, nullable=False)


class ParcelSearch(Base):
    """The search index of tracking numbers; triggers on `order` keep it in step, and the worker merges it as the other."""

    __tablename__ = "parcel_search"
    __table_args__ = (Index("ix_parcel_search_grams", "grams", postgresql_using="gin", postgresql_with=GATHERED),)

    order_id = Column(Integer, primary_key=True, autoincrement=False)
    grams = Column(TSVECTOR, nullable=False)
