from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, UniqueConstraint

from app.models.base import Base, one_of, time_column

OUT_OF_STOCK, IN_STOCK = 0, 1

STATUS_NAMES = {OUT_OF_STOCK: ("缺货", "out of stock"), IN_STOCK: ("有货", "in stock")}


class Sku(Base):
    """A stock keeping unit of a product; `stock` changes only through `services/catalogue/stock.py`."""

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price >= 0 AND price < 'Infinity'", name="price_not_negative"),
        one_of("status", OUT_OF_STOCK, IN_STOCK),
        CheckConstraint("(status = 1) = (stock > 0)", name="status_follows_stock"),
        Index("ix_sku_product_id", "product_id", "id"),
    )

    id = Column(Integer, primary_key=True)
    product_id = Column(Integer, ForeignKey("product.id"), nullable=False, comment="货物id")
    sku_name = Column(String(100), nullable=False, comment="sku名称")
    sku_attr = Column(String(200), comment="sku属性")
    price = Column(Float, nullable=False, comment="单价")
    stock = Column(Integer, nullable=False, comment="库存量")
    status = Column(Integer, nullable=False, comment="状态: 0 缺货, 1 有货")


class SkuCode(Base):
    """The code that a merchant's own systems know a SKU by (商家编码), while the SKU is on the shop."""

    __tablename__ = "sku_code"
    __table_args__ = (UniqueConstraint("business_id", "code"),)

    sku_id = Column(Integer, ForeignKey("sku.id"), primary_key=True, autoincrement=False)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False)
    code = Column(String(50), nullable=False)


class SkuUpdate(Base):
    """When a SKU was last changed otherwise than in its stock, which the movements say."""

    __tablename__ = "sku_update"

    sku_id = Column(Integer, ForeignKey("sku.id"), primary_key=True, autoincrement=False)
    time = time_column(nullable=False)


class RemovedSku(Base):
    """A SKU removed from the shop; its row stays for the orders that refer to it."""

    __tablename__ = "removed_sku"

    sku_id = Column(Integer, ForeignKey("sku.id"), primary_key=True, autoincrement=False)
    create_time = time_column(nullable=False)
