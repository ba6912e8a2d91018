"""What is wrong with what was sent (408, 413, 415, 422, 431)."""

from app.errors.base import AppError


class RequestIncomplete(AppError):
    status, code = 408, "request_incomplete"
    zh = "请求没有完整送达"
    en = "the request did not come whole, or too slowly"


class TooLarge(AppError):
    status, code = 413, "too_large"
    zh = "请求内容过大"
    en = "the request is too large"


class HeadersTooLarge(AppError):
    status, code = 431, "headers_too_large"
    zh = "请求头过大"
    en = "the request's target and headers are too large"


class UnsupportedMediaType(AppError):
    status, code = 415, "unsupported_media_type"
    zh = "请使用 application/json"
    en = "send application/json"


class InvalidInput(AppError):
    status, code = 422, "invalid_input"
    zh = "输入有误"
    en = "the input is wrong"


class KeyReused(AppError):
    status, code = 422, "key_reused"
    zh = "该 Idempotency-Key 已用于另一请求"
    en = "this Idempotency-Key was used for another request"


class BadKey(AppError):
    status, code = 422, "bad_idempotency_key"
    zh = "Idempotency-Key 须为 1 至 255 个可见 ASCII 字符"
    en = "an Idempotency-Key is 1 to 255 visible ASCII characters"


class BadCursor(AppError):
    status, code = 422, "bad_cursor"
    zh = "游标无效"
    en = "the cursor is not one that was handed out"
    place = "query"


class PageTooDeep(AppError):
    status, code = 422, "page_too_deep"
    zh = "页码过深，请用 cursor 继续"
    en = "pages end at row 10,000: walk on with cursor"
    place = "query"


class UnknownCarrier(AppError):
    status, code = 422, "unknown_carrier"
    zh = "没有名为“{word}”的物流商，请填写列表中的名称或简称，如“顺丰”"
    en = "there is no carrier “{word}”: use a name or code of the list, such as 顺丰 or SF"


class MistypedCarrier(UnknownCarrier):
    zh = "没有名为“{word}”的物流商，是不是“{nearest}”？"
    en = "there is no carrier “{word}”: did you mean “{nearest}”?"


class CarrierMissing(AppError):
    status, code = 422, "carrier_missing"
    zh = "请提供物流商 id 或名称"
    en = "name the carrier by logistic_id or logistic_name"


class CarrierDiffers(AppError):
    status, code = 422, "carrier_differs"
    zh = "物流商 id 与名称不一致"
    en = "logistic_id and logistic_name name different carriers"


class TrackingMissing(AppError):
    status, code = 422, "tracking_missing"
    zh = "请提供物流单号；无需物流单号时，请选择 无需物流、自提 或 同城配送"
    en = "give the tracking number, or ship by 无需物流, 自提 or 同城配送, which need none"


class DuplicateRow(AppError):
    status, code = 422, "duplicate_row"
    zh = "与前面的行重复，请只保留一行"
    en = "an earlier row names the same one: keep one of them"


class UnknownSku(AppError):
    status, code = 422, "unknown_sku"
    zh = "商品规格不存在"
    en = "there is no such SKU"


class UnknownCustomer(AppError):
    status, code = 422, "unknown_customer"
    zh = "买家不存在"
    en = "there is no such customer"


class UnknownSceneBase(AppError):
    status, code = 422, "unknown_scene_base"
    zh = "基础场景不存在"
    en = "there is no such scene base"


class RangeReversed(AppError):
    status, code = 422, "range_reversed"
    zh = "结束日期不能早于开始日期"
    en = "the range ends before it begins"


class RangeTooLong(AppError):
    status, code = 422, "range_too_long"
    zh = "最多 {most} 天"
    en = "at most {most} days"


class FutureTime(AppError):
    status, code = 422, "future_time"
    zh = "时间不能在将来"
    en = "the time is in the future"


class RestockFixed(AppError):
    status, code = 422, "restock_fixed"
    zh = "此时不能选择是否回库：{rule_zh}"
    en = "restock cannot be chosen here: {rule_en}"


class RefundZero(AppError):
    status, code = 422, "refund_zero"
    zh = "退款金额须大于 0"
    en = "a refund of an order that was paid is more than 0"


class WrongConfirmation(AppError):
    status, code = 422, "wrong_confirmation"
    zh = "密码错误，账号未注销"
    en = "the password is wrong: the account was not deleted"


class PiecesFixed(AppError):
    status, code = 422, "pieces_fixed"
    zh = "已发货的商品仅退款时不退件"
    en = "a refund without a return of goods that were shipped is not about pieces"


class ReasonMissing(AppError):
    status, code = 422, "reason_missing"
    zh = "退款少于已同意的金额时，请填写原因"
    en = "say in remark why less is refunded than was agreed"


class WrongOldPassword(AppError):
    status, code = 422, "wrong_old_password"
    zh = "原密码错误"
    en = "the old password is wrong"
