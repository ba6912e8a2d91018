from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, SmallInteger, String

from app.models.base import Base


class OrderNote(Base):
    """What a merchant notes on an order, for nobody else to see."""

    __tablename__ = "order_note"
    __table_args__ = (
        CheckConstraint("flag BETWEEN 0 AND 5", name="flag_known"),
        Index("ix_order_note_flagged", "business_id", "flag", postgresql_where="flag > 0"),
    )

    order_id = Column(Integer, ForeignKey("order.id"), primary_key=True, autoincrement=False)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
    note = Column(String(500))
    flag = Column(SmallInteger, nullable=False, comment="0 is none")
