from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String

from app.models.base import Base, time_column

DUE, PAID, FAILED = "due", "paid", "failed"


class RefundPayment(Base):
    """What the platform owes a buyer for a settled ticket; made by a trigger of the database when the ticket becomes settled.

    The trigger also holds that the refunds of an order never exceed what was paid for it. A paid row never changes.
    """

    __tablename__ = "refund_payment"
    __table_args__ = (
        CheckConstraint("amount >= 0 AND amount < 'Infinity'", name="amount_not_negative"),
        CheckConstraint("status IN ('due', 'paid', 'failed')", name="status_known"),
        CheckConstraint("(status = 'paid') = (paid_time IS NOT NULL)", name="paid_has_time"),
        CheckConstraint("(status = 'paid' AND amount > 0) = (reference IS NOT NULL)", name="paid_has_reference"),
        CheckConstraint("(status = 'failed') = (reason IS NOT NULL)", name="failed_has_reason"),
        Index("ix_refund_payment_newest", "due_time", "ticket_id"),
        Index("ix_refund_payment_newest_of_status", "status", "due_time", "ticket_id"),
        Index("ix_refund_payment_order", "order_id"),
        Index("ix_refund_payment_unpaid", "due_time", "ticket_id", postgresql_where="status <> 'paid'"),
    )

    ticket_id = Column(Integer, ForeignKey("except_order.id"), primary_key=True, autoincrement=False)
    order_id = Column(Integer, ForeignKey("order.id"), nullable=False)
    amount = Column(Float, nullable=False, comment="the ticket's back_cost, in yuan")
    due_time = time_column("when the ticket was settled", nullable=False)
    status = Column(String(10), nullable=False)
    paid_time = time_column()
    reference = Column(String(100), comment="the payment's number at the platform; null when nothing had to be paid")
    reason = Column(String(400), comment="why the last attempt to pay failed")
