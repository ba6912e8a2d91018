from sqlalchemy import Column, ForeignKey, Index, Integer

from app.models.base import Base, time_column


class DeletedCustomer(Base):
    """A buyer who had the account deleted; its row stays for the orders that refer to it, with nothing personal in it."""

    __tablename__ = "deleted_customer"
    __table_args__ = (Index("ix_deleted_customer_newest", "create_time"),)

    customer_id = Column(Integer, ForeignKey("customer.id"), primary_key=True, autoincrement=False)
    create_time = time_column(nullable=False)
