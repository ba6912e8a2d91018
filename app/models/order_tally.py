from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, false

from app.models.base import Base


class OrderTally(Base):
    """The number of orders that a merchant has in each state: the sum of `delta`.

    A trigger on `order` adds a row per change, so that writers do not wait for each other's counter; the worker folds the rows
    of a merchant and state into one.
    """

    __tablename__ = "order_tally"
    __table_args__ = (
        Index("ix_order_tally_business", "business_id", "status", postgresql_include=["delta"]),
        Index("ix_order_tally_unfolded", "business_id", "status", postgresql_where="NOT folded"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    business_id = Column(Integer, nullable=False)
    status = Column(Integer, nullable=False)
    delta = Column(Integer, nullable=False)
    folded = Column(Boolean, nullable=False, server_default=false())
