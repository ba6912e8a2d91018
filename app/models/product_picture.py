from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String

from app.models.base import Base

MOST = 9  # pictures of one product


class ProductPicture(Base):
    """A picture of a product, a file of its merchant's, which cannot be removed while this refers to it."""

    __tablename__ = "product_picture"
    __table_args__ = (
        CheckConstraint(f"position BETWEEN 1 AND {MOST}", name="not_too_many"),
        ForeignKeyConstraint(
            ["business_id", "name"], ["stored_file.business_id", "stored_file.name"], name="fk_product_picture_file"
        ),
        Index("ix_product_picture_file", "business_id", "name"),
    )

    product_id = Column(Integer, ForeignKey("product.id"), primary_key=True, autoincrement=False)
    position = Column(Integer, primary_key=True, autoincrement=False, comment="from 1: the first stands for the product")
    business_id = Column(Integer, nullable=False)
    name = Column(String(80), nullable=False, comment="of a file of the merchant's, a picture")
