from sqlalchemy import Column, ForeignKey, Integer, String

from app.models.base import Base


class ReturnAddress(Base):
    """Where buyers send a merchant's goods back to, as it is now."""

    __tablename__ = "return_address"

    business_id = Column(Integer, ForeignKey("user.id"), primary_key=True, autoincrement=False)
    name = Column(String(50), nullable=False)
    phone = Column(String(50), nullable=False)
    address = Column(String(300), nullable=False)


class TicketReturnAddress(Base):
    """Where the goods of a ticket go, as the merchant's address was when the return was agreed to."""

    __tablename__ = "ticket_return_address"

    ticket_id = Column(Integer, ForeignKey("except_order.id"), primary_key=True, autoincrement=False)
    name = Column(String(50), nullable=False)
    phone = Column(String(50), nullable=False)
    address = Column(String(300), nullable=False)
