from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, UniqueConstraint, true

from app.models.base import Base, time_column


class LogisticsCompany(Base):
    """A carrier (物流商), with its code at tracking services, or a way to hand goods over without a parcel."""

    __tablename__ = "logistics_company"
    __table_args__ = (UniqueConstraint("code"), UniqueConstraint("name"))

    id = Column(Integer, primary_key=True)
    code = Column(String(20), nullable=False)
    name = Column(String(15), nullable=False)
    needs_tracking = Column(Boolean, nullable=False, server_default=true())


class ReturnParcel(Base):
    """The parcel of a return, which `except_order.logistics_order_id` refers to (spec.md)."""

    __tablename__ = "return_parcel"

    id = Column(Integer, primary_key=True)
    logistics_id = Column(Integer, ForeignKey("logistics_company.id"), nullable=False)
    tracking_number = Column(String(30), comment="null only where the carrier has none")
    create_time = time_column(nullable=False)
