from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Integer, String

from app.models.base import Base, time_column


class StockMovement(Base):
    """One change of a SKU's stock; append-only, and the sum of a SKU's changes is its stock.

    A trigger fills in whose it is where a statement does not say it.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        CheckConstraint("delta <> 0", name="delta_not_zero"),
        CheckConstraint("stock_after >= 0", name="stock_after_not_negative"),
        Index("ix_stock_movement_sku_id", "sku_id", "id"),
        Index("ix_stock_movement_newest", "business_id", "create_time", "id"),
        Index("ix_stock_movement_reason", "business_id", "reason", "create_time", "id", postgresql_where="reason <> 'order'"),
    )

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    sku_id = Column(Integer, ForeignKey("sku.id"), nullable=False)
    delta = Column(Integer, nullable=False)
    stock_after = Column(Integer, nullable=False)
    reason = Column(String(100), nullable=False, comment="initial, order, refund, removed, or the merchant's own words")
    reference = Column(String(30), comment="the order number, where an order is the cause")
    actor_kind = Column(String(10), nullable=False)
    actor_id = Column(Integer)
    create_time = time_column(nullable=False)
    business_id = Column(Integer, comment="the merchant whose SKU it is")
