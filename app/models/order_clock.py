from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, text

from app.models.base import Base, time_column


class OrderClock(Base):
    """By how much an order's deadlines fall later; an order whose clocks never stopped has no row.

    `paused_seconds` counts only while the order has the status `paused_in`: the next status has a clock of its own.
    """

    __tablename__ = "order_clock"
    __table_args__ = (
        CheckConstraint("paused_seconds >= 0", name="paused_seconds_not_negative"),
        CheckConstraint("extended_days >= 0", name="extended_days_not_negative"),
    )

    order_id = Column(Integer, ForeignKey("order.id"), primary_key=True, autoincrement=False)
    paused_seconds = Column(Integer, nullable=False, server_default=text("0"), comment="how long tickets were open")
    paused_in = Column(Integer, comment="the status in which they were asked for")
    extended_days = Column(Integer, nullable=False, server_default=text("0"), comment="granted by the merchant")
    tracked_time = time_column("when a real tracking number took the place of none")


class PutOffOrder(Base):
    """Orders whose deadlines fall later than their own times say: a trigger writes them, and the worker forgets ended ones."""

    __tablename__ = "put_off_order"
    __table_args__ = (Index("ix_put_off_order_of_merchant", "business_id"),)

    order_id = Column(Integer, ForeignKey("order.id"), primary_key=True, autoincrement=False)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
