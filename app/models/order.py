from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, UniqueConstraint, text

from app.models.base import Base, one_of, time_column

TO_SHIP, SHIPPED, COMPLETED, REFUNDED, REFUND_REFUSED, REFUNDING = 0, 1, 2, 3, 4, -1

STATUS_NAMES = {
    TO_SHIP: ("待发货", "to be shipped"),
    SHIPPED: ("待收货", "shipped, to be received"),
    COMPLETED: ("已完成", "completed"),
    REFUNDED: ("已完成(退货退款)", "completed, refunded"),
    REFUND_REFUSED: ("已完成(拒绝退货退款)", "completed, refund refused"),
    REFUNDING: ("退款中", "refund in progress"),
}


class Order(Base):
    """A paid order; `status` changes only through `services/lifecycle/engine.py`."""

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("order_number"),
        one_of("status", *STATUS_NAMES),
        CheckConstraint("num > 0", name="num_positive"),
        CheckConstraint("pay_count >= 0 AND pay_count < 'Infinity'", name="pay_count_not_negative"),
        CheckConstraint("status NOT IN (1, 2) OR deliver_time IS NOT NULL", name="shipped_has_time"),
        CheckConstraint("status <> 2 OR recv_time IS NOT NULL", name="received_has_time"),
        CheckConstraint("(status IN (2, 3, 4)) = (close_time IS NOT NULL)", name="closed_has_time"),
        Index("ix_order_newest", "business_id", "create_time", "id", postgresql_include=["pay_count", "num", "sku_id"]),
        Index("ix_order_newest_of_status", "business_id", "status", "create_time", "id"),
        Index("ix_order_customer", "customer_id", "create_time", "id"),
        Index("ix_order_sku", "sku_id", "create_time", "id"),
        Index("ix_order_all_newest", "create_time", "id", postgresql_include=["pay_count"]),
        Index("ix_order_to_receive", "deliver_time", postgresql_where="status = 1"),
        Index("ix_order_delivered", "business_id", "deliver_time", "id", postgresql_where="deliver_time IS NOT NULL"),
        Index("ix_order_to_receive_of_merchant", "business_id", "deliver_time", "id", postgresql_where="status = 1"),
        Index("ix_order_to_ship", "create_time", postgresql_where="status = 0"),
        Index("ix_order_receiver", text("replace(receiver_phone, '-', '')"), "customer_id"),
    )

    id = Column(Integer, primary_key=True)
    order_number = Column(String(30), nullable=False, comment="订单号")
    status = Column(
        Integer,
        nullable=False,
        comment="订单状态: 0 待发货, 1 待收货, 2 已完成, 3 已完成(退货退款), 4 已完成(拒绝退货退款), -1 退款中",
    )
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False, comment="商家ID")
    customer_id = Column(Integer, ForeignKey("customer.id"), nullable=False, comment="买家ID")
    sku_id = Column(Integer, ForeignKey("sku.id"), nullable=False, comment="库存ID")
    num = Column(Integer, nullable=False, comment="购买数量")
    sku_snapshot = Column(String(1000), nullable=False, comment="商品名称")
    pay_count = Column(Float, nullable=False, comment="支付金额")
    create_time = time_column("创建时间", nullable=False)
    deliver_time = time_column("发货时间")
    recv_time = time_column("收货时间")
    close_time = time_column("结束时间")
    deliver_address = Column(String(150), comment="发货地址")
    receiver_name = Column(String(30), nullable=False, comment="收货人姓名")
    receiver_phone = Column(String(12), nullable=False, comment="收货电话")
    receiver_address = Column(String(300), nullable=False, comment="收货地址")
    logistic_id = Column(Integer, ForeignKey("logistics_company.id"), comment="物流商id")
    logistic_name = Column(String(15), comment="物流商名称")
    logistic_order_id = Column(String(30), comment="物流商快递物流ID")
    after_care_id = Column(Integer, ForeignKey("except_order.id", use_alter=True), comment="退货id")
    back_reason = Column(String(400), comment="退款原因")
