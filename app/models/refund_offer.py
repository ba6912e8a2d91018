from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Integer, String

from app.models.base import Base, time_column


class RefundOffer(Base):
    """The refund that a merchant offers where the buyer asked for more; kept when the ticket goes on."""

    __tablename__ = "refund_offer"
    __table_args__ = (CheckConstraint("back_cost > 0 AND back_cost < 'Infinity'", name="back_cost_positive"),)

    ticket_id = Column(Integer, ForeignKey("except_order.id"), primary_key=True, autoincrement=False)
    back_cost = Column(Float, nullable=False)
    remark = Column(String(400))
    time = time_column(nullable=False)
