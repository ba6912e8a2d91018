from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String

from app.models.base import Base, one_of, time_column

APPLIED, AGREED, REFUSED = 0, 1, 2

STATUS_NAMES = {
    APPLIED: ("退款中", "refund asked for"),
    AGREED: ("商家同意", "the merchant agreed"),
    REFUSED: ("商家拒绝", "the merchant refused"),
}

STEP_NAMES = {
    "applied": "待商家处理",
    "offered": "待买家确认",
    "awaiting_return": "待买家退货",
    "awaiting_receipt": "待商家收货",
    "refunded": "已退款",
    "refused": "已拒绝",
    "withdrawn": "已撤销",
    "lapsed": "逾期未退货",
}

REFUND_ONLY, RETURN_AND_REFUND = "仅退款", "退货退款"
_REFUNDED = f"status = {AGREED} AND close_time IS NOT NULL AND (except_type = '{REFUND_ONLY}' OR recv_time IS NOT NULL)"
_LAPSED = f"status = {AGREED} AND close_time IS NOT NULL AND except_type = '{RETURN_AND_REFUND}' AND recv_time IS NULL"
_WITHDRAWN = f"status = {APPLIED} AND close_time IS NOT NULL"


class ExceptOrder(Base):
    """A service ticket (服务单); `status` changes only through `services/lifecycle/engine.py`."""

    __tablename__ = "except_order"
    __table_args__ = (
        one_of("status", *STATUS_NAMES),
        CheckConstraint(f"except_type IN ('{REFUND_ONLY}', '{RETURN_AND_REFUND}')", name="except_type_known"),
        CheckConstraint("back_cost >= 0 AND back_cost < 'Infinity'", name="back_cost_not_negative"),
        CheckConstraint("status <> 2 OR remark IS NOT NULL", name="refused_has_remark"),
        CheckConstraint("(deliver_time IS NULL) = (logistics_order_id IS NULL)", name="sent_back_has_parcel"),
        Index("uq_except_order_open", "order_id", unique=True, postgresql_where="close_time IS NULL"),
        Index("ix_except_order_order", "order_id", "id"),
        Index("ix_except_order_settled", "order_id", postgresql_include=["back_cost"], postgresql_where=_REFUNDED),
        Index("ix_except_order_newest", "business_id", "create_time", "id"),
        Index("ix_except_order_newest_of_status", "business_id", "status", "create_time", "id"),
        Index("ix_except_order_all_newest", "create_time", "id"),
        Index("ix_except_order_open", "status", "create_time", postgresql_where="close_time IS NULL"),
        Index("ix_except_order_open_of_merchant", "business_id", postgresql_where="close_time IS NULL"),
        Index(
            "ix_except_order_closed", "status", "business_id", postgresql_where=f"close_time IS NOT NULL AND status <> {AGREED}"
        ),
        Index("ix_except_order_all_open", "create_time", "id", postgresql_where="close_time IS NULL"),
        Index("ix_except_order_lapsed", "business_id", "create_time", "id", postgresql_where=_LAPSED),
        Index("ix_except_order_all_lapsed", "create_time", "id", postgresql_where=_LAPSED),
        Index("ix_except_order_all_withdrawn", "create_time", "id", postgresql_where=_WITHDRAWN),
        Index(
            "ix_except_order_refunded",
            "business_id",
            "close_time",
            postgresql_include=["back_cost", "order_id"],
            postgresql_where=_REFUNDED,
        ),
        Index("ix_except_order_all_refunded", "close_time", postgresql_include=["back_cost"], postgresql_where=_REFUNDED),
    )

    id = Column(Integer, primary_key=True)
    order_id = Column(Integer, ForeignKey("order.id"), nullable=False, comment="订单ID")
    business_id = Column(Integer, ForeignKey("user.id"), nullable=False, comment="卖家id")
    except_type = Column(String(30), nullable=False, comment="异常类型: 仅退款, 退货退款")
    status = Column(Integer, nullable=False, comment="服务状态: 0 退款中, 1 商家同意, 2 商家拒绝")
    create_time = time_column("下单时间", nullable=False)
    deliver_time = time_column("退货时间")
    recv_time = time_column("收货时间")
    close_time = time_column("关闭时间")
    logistics_id = Column(Integer, ForeignKey("logistics_company.id"), comment="物流商家ID")
    logistics_order_id = Column(Integer, ForeignKey("return_parcel.id"), comment="物流号")
    back_reason = Column(String(400), nullable=False, comment="退款原因")
    remark = Column(String(400), comment="退款原因")
    back_cost = Column(Float, nullable=False, comment="退款金额")
