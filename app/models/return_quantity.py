from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer

from app.models.base import Base


class ReturnQuantity(Base):
    """How many pieces a ticket is about: of a return, or of an order that is cancelled before it is shipped.

    A return without a row is one of all pieces. A refund without a row leaves the pieces where they are.
    """

    __tablename__ = "return_quantity"
    __table_args__ = (
        CheckConstraint("asked > 0", name="asked_positive"),
        CheckConstraint("sent > 0 AND sent <= asked", name="sent_within_asked"),
        CheckConstraint("received > 0 AND received <= coalesce(sent, asked)", name="received_within_sent"),
        CheckConstraint("restocked >= 0 AND restocked <= received", name="restocked_within_received"),
        CheckConstraint("(received IS NULL) = (restocked IS NULL)", name="received_is_restocked_or_not"),
        Index("ix_return_quantity_order", "order_id"),
    )

    ticket_id = Column(Integer, ForeignKey("except_order.id"), primary_key=True, autoincrement=False)
    order_id = Column(Integer, ForeignKey("order.id"), nullable=False)
    asked = Column(Integer, nullable=False)
    sent = Column(Integer)
    received = Column(Integer, comment="given back for good, once the refund is settled")
    restocked = Column(Integer, comment="put back into stock")
