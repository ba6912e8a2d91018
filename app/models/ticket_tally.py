from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, false

from app.models.base import Base


class TicketTally(Base):
    """The number of tickets of a merchant: the sum of `delta`.

    A trigger on `except_order` adds a row per statement that makes tickets; the worker folds the rows of a merchant into one.
    """

    __tablename__ = "ticket_tally"
    __table_args__ = (
        Index("ix_ticket_tally_business", "business_id", postgresql_include=["delta"]),
        Index("ix_ticket_tally_unfolded", "business_id", postgresql_where="NOT folded"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    business_id = Column(Integer, nullable=False)
    delta = Column(Integer, nullable=False)
    folded = Column(Boolean, nullable=False, server_default=false())
