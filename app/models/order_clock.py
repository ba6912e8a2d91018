from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, text

from app.models.base import Base


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
