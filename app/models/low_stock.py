from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer

from app.models.base import Base


class LowStock(Base):
    """At what stock a merchant's SKUs are low."""

    __tablename__ = "low_stock"
    __table_args__ = (CheckConstraint("threshold >= 0", name="threshold_not_negative"),)

    business_id = Column(Integer, ForeignKey("user.id"), primary_key=True, autoincrement=False)
    threshold = Column(Integer, nullable=False)


class SkuLowStock(Base):
    """At what stock one SKU is low, where that is not as the merchant's others."""

    __tablename__ = "sku_low_stock"
    __table_args__ = (CheckConstraint("threshold >= 0", name="threshold_not_negative"),)

    sku_id = Column(Integer, ForeignKey("sku.id"), primary_key=True, autoincrement=False)
    threshold = Column(Integer, nullable=False)
