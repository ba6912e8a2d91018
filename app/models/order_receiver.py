from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Text

from app.models.base import Base


class OrderReceiver(Base):
    """The receiver of an order as the buyer gave it, whole; an order without a row fits its own columns.

    A trigger keeps the order's entry in the search index in step.
    """

    __tablename__ = "order_receiver"
    __table_args__ = (CheckConstraint("name <> '' AND phone <> '' AND address <> ''", name="all_given"),)

    order_id = Column(Integer, ForeignKey("order.id"), primary_key=True, autoincrement=False)
    name = Column(Text, nullable=False)
    phone = Column(Text, nullable=False)
    address = Column(Text, nullable=False)
