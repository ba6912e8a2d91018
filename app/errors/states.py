"""The state that an order or a ticket is in, which forbids a move (409)."""

from app.errors.base import AppError


class IllegalMove(AppError):
    status, code = 409, "illegal_move"
    zh = "当前状态不允许此操作"
    en = "the present state does not allow this"


class NotShipped(IllegalMove):
    code = "not_shipped"
    zh = "该订单尚未发货"
    en = "this order has not been shipped"


class AlreadyShipped(IllegalMove):
    code = "already_shipped"
    zh = "该订单已发货；如需更正物流信息，请指定 correct"
    en = "this order is shipped already; to mend its tracking, say correct"


class OrderCompleted(IllegalMove):
    code = "order_completed"
    zh = "买家已收货，订单已完成"
    en = "this order is completed: the buyer has received it"


class OrderRefunding(IllegalMove):
    code = "order_refunding"
    zh = "该订单正在退款中，请先处理服务单"
    en = "a refund of this order is in progress: its ticket comes first"


class OrderRefunded(IllegalMove):
    code = "order_refunded"
    zh = "该订单已退款"
    en = "this order was refunded"


class RefundRefused(IllegalMove):
    code = "refund_refused"
    zh = "该订单的退款已被拒绝，订单已完成"
    en = "the refund of this order was refused, which ended it"


class TicketApplied(IllegalMove):
    code = "ticket_applied"
    zh = "该服务单正等待商家处理"
    en = "this ticket waits for the merchant's answer"


class TicketOffered(IllegalMove):
    code = "ticket_offered"
    zh = "商家已提出退款金额，正等待买家确认"
    en = "the merchant has made an offer, which waits for the buyer's answer"


class TicketAwaitingReturn(IllegalMove):
    code = "ticket_awaiting_return"
    zh = "商家已同意退货，正等待买家寄回商品"
    en = "the return was agreed to, and waits for the buyer to send the goods"


class TicketAwaitingReceipt(IllegalMove):
    code = "ticket_awaiting_receipt"
    zh = "买家已寄回商品，正等待商家收货"
    en = "the goods are on their way back, and wait for the merchant to receive them"


class TicketRefunded(IllegalMove):
    code = "ticket_refunded"
    zh = "该服务单已退款"
    en = "this ticket was refunded"


class TicketRefused(IllegalMove):
    code = "ticket_refused"
    zh = "该服务单已被商家拒绝"
    en = "the merchant refused this ticket"


class TicketWithdrawn(IllegalMove):
    code = "ticket_withdrawn"
    zh = "该服务单已撤销"
    en = "this ticket was withdrawn"


class TicketLapsed(IllegalMove):
    code = "ticket_lapsed"
    zh = "买家未按时寄回商品，该服务单已失效"
    en = "this ticket lapsed: the goods did not come back in time"
