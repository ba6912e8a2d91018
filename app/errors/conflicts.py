"""What the present state forbids (409)."""

from app.errors.base import AppError


class NameTaken(AppError):
    status, code = 409, "name_taken"
    zh = "用户名已被使用"
    en = "this name is taken"


class StorenameTaken(AppError):
    status, code = 409, "storename_taken"
    zh = "店铺名称已被使用"
    en = "this store name is taken"


class OpenTicket(AppError):
    status, code = 409, "open_ticket"
    zh = "该订单已有进行中的服务单"
    en = "this order already has an open ticket"


class AfterSaleOver(AppError):
    status, code = 409, "after_sale_over"
    zh = "已超过售后期限"
    en = "the after-sale window is over"


class AlreadyExtended(AppError):
    status, code = 409, "already_extended"
    zh = "收货时间只能延长一次"
    en = "the time to receive this order was put off already, which can be done once"


class UnshipOver(AppError):
    status, code = 409, "unship_over"
    zh = "发货已超过一小时，不能撤销"
    en = "a shipment can be undone within an hour"


class NothingToReturn(AppError):
    status, code = 409, "nothing_to_return"
    zh = "商品尚未发货，只能仅退款"
    en = "nothing was shipped: only a refund without a return can be asked for"


class ReturnAddressMissing(AppError):
    status, code = 409, "return_address_missing"
    zh = "商家尚未设置退货地址，请先设置"
    en = "the merchant has no return address: set one first"


class RefundTooLarge(AppError):
    status, code = 409, "refund_too_large"
    zh = "退款金额合计不能超过支付金额"
    en = "the refunds of an order cannot exceed what was paid"


class RefundAboveAgreed(AppError):
    status, code = 409, "refund_above_agreed"
    zh = "退款金额不能超过已同意的金额"
    en = "the refund cannot exceed what was agreed"


class OfferNotRaised(AppError):
    status, code = 409, "offer_not_raised"
    zh = "退款金额须高于已向买家提出的金额"
    en = "the refund must be more than what the buyer was offered"


class TooManyPieces(AppError):
    status, code = 409, "too_many_pieces"
    zh = "最多 {most} 件"
    en = "at most {most} pieces"


class GoodsStillOwed(AppError):
    status, code = 409, "goods_still_owed"
    zh = "该订单尚有未退的款项和商品"
    en = "neither all the money nor all the goods of this order were given back"


class NothingStillOwed(AppError):
    status, code = 409, "nothing_still_owed"
    zh = "该订单已全部退款或退货"
    en = "all the money or all the goods of this order were given back"


class RefundPaid(AppError):
    status, code = 409, "refund_paid"
    zh = "该退款已支付"
    en = "this refund is already paid"


class OutOfStock(AppError):
    status, code = 409, "out_of_stock"
    zh = "库存不足"
    en = "too little stock"


class StockChanged(AppError):
    status, code = 409, "stock_changed"
    zh = "库存已变化，当前为 {stock}"
    en = "the stock has changed meanwhile: it is {stock} now"


class StockTooLarge(AppError):
    status, code = 409, "stock_too_large"
    zh = "库存超出上限"
    en = "the stock would exceed what can be counted"


class OrderDiffers(AppError):
    status, code = 409, "order_differs"
    zh = "该订单号已用于另一笔订单"
    en = "this order number belongs to an order with another content"


class ReceiverFixed(AppError):
    status, code = 409, "receiver_fixed"
    zh = "订单已发货或已结束，不能再修改收货人"
    en = "the order was shipped or has ended: its receiver can no longer be changed"


class StillRunning(AppError):
    status, code = 409, "still_running"
    zh = "相同 Idempotency-Key 的请求正在处理"
    en = "a request with this Idempotency-Key is still running"


class AccountInUse(AppError):
    status, code = 409, "account_in_use"
    zh = "还有 {orders} 笔订单未结束，其中 {tickets} 笔有进行中的服务单，结束后才能注销：{numbers}"
    en = "{orders} orders have not ended, {tickets} of them with an open ticket; the account can be deleted after: {numbers}"


class LastAdmin(AppError):
    status, code = 409, "last_admin"
    zh = "不能删除最后一个管理员"
    en = "the last admin cannot be deleted"


class InUse(AppError):
    status, code = 409, "in_use"
    zh = "正在使用中，不能删除"
    en = "it is in use and cannot be deleted"


class SkuCodeTaken(AppError):
    status, code = 409, "sku_code_taken"
    zh = "该商家编码已用于另一个 SKU"
    en = "another SKU has this code"


class ProductRemoved(AppError):
    status, code = 409, "product_removed"
    zh = "该商品已删除，请先恢复商品"
    en = "its product was removed: restore that first"


class TooManyApiKeys(AppError):
    status, code = 409, "too_many_api_keys"
    zh = "最多 {most} 个 API 密钥"
    en = "at most {most} API keys"


class FileInUse(AppError):
    status, code = 409, "file_in_use"
    zh = "文件正在使用中，不能删除：{where}"
    en = "the file is in use and cannot be deleted: {where}"


class TooManyFiles(AppError):
    status, code = 409, "too_many_files"
    zh = "最多上传 {most} 个文件"
    en = "at most {most} files"


class TooManyWebhooks(AppError):
    status, code = 409, "too_many_webhooks"
    zh = "最多 {most} 个 Webhook"
    en = "at most {most} webhooks"


class WebhookDisabled(AppError):
    status, code = 409, "webhook_disabled"
    zh = "该 Webhook 已停用，请先启用"
    en = "this webhook is disabled: enable it first"


class Conflict(AppError):
    status, code = 409, "conflict"
    zh = "与现有数据冲突"
    en = "this conflicts with what is stored"
