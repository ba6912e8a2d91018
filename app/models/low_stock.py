from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer

from app.models.base import Base


class LowStock(Base):
    """The stock at which a merchant's SKUs are low."""

    __tablename__ = "low_stock"
    __table_args__ = (CheckConstraint("threshold >= 0", name="threshold_not_negative"),)

    business_id = Column(Integer, ForeignKey("user.id"), primary_key=True, autoincrement=False)
    threshold = Column(Integer, nullable=False)


class SkuLowStock(Base):
    """The stock at which one SKU is low, if it differs from the merchant's others."""

    __tablename__ = "sku_low_stock"
    __table_args__ = (CheckConstraint("threshold >= 0", name="threshold_not_negative"),)

    sku_id = Column(Integer, ForeignKey("sku.id"), primary_key=True, autoincrement=False)
    threshold = Column(Integer, nullable=False)
