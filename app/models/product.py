from sqlalchemy import Column, ForeignKey, Index, Integer, String

from app.models.base import Base, time_column


class Product(Base):
    """A product of a merchant; its SKUs have the prices and the stock."""

    __tablename__ = "product"
    __table_args__ = (
        Index("ix_product_newest", "business_id", "create_time", "id"),
        Index("ix_product_all_newest", "create_time", "id"),
    )

    id = Column(Integer, primary_key=True)
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False, comment="商家id")
    name = Column(String(50), nullable=False, comment="名称")
    desc = Column(String(150), comment="商品描述")
    unit = Column(String(5), comment="单位名称")
    meta_obj_id = Column(Integer, comment="模型id")
    create_time = time_column(nullable=False)
    last_update = time_column("更新时间", nullable=False)


class UnlistedProduct(Base):
    """A product that is not offered for sale (下架); orders that were paid for it still come in."""

    __tablename__ = "unlisted_product"

    product_id = Column(Integer, ForeignKey("product.id"), primary_key=True, autoincrement=False)
    create_time = time_column(nullable=False)


class RemovedProduct(Base):
    """A product removed from the shop; its row stays for the orders that refer to it."""

    __tablename__ = "removed_product"

    product_id = Column(Integer, ForeignKey("product.id"), primary_key=True, autoincrement=False)
    create_time = time_column(nullable=False)


class ProductName(Base):
    """Every name that a product has had, for orders are searched by the name that they were placed under; a trigger's."""

    __tablename__ = "product_name"

    product_id = Column(Integer, ForeignKey("product.id"), primary_key=True, autoincrement=False)
    name = Column(String(50), primary_key=True)
