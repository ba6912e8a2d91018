"""Every error that a caller can meet: its stable code, its status, and its words in Chinese and English."""

from typing import Any, ClassVar


class AppError(Exception):
    """A refusal with a stable code; rolls the work back and is answered as problem+json (RFC 9457)."""

    status: ClassVar[int]
    code: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]
    place: ClassVar[str] = "body"  # where the field is that it speaks of

    def __init__(
        self,
        *,
        actions: list[str] | None = None,
        field: str | None = None,
        retry_after: int | None = None,
        **values: Any,
    ) -> None:
        super().__init__(self.code)
        self.actions = actions
        self.field = field
        self.retry_after = retry_after
        self.values = values

    def detail(self, language: str) -> str:
        return (self.zh if language == "zh" else self.en).format(**self.values)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail('en')}"


def _error(code: str, status: int, zh: str, en: str, *, place: str = "body") -> type[AppError]:
    name = "".join(part.capitalize() for part in code.split("_"))
    return type(name, (AppError,), {"code": code, "status": status, "zh": zh, "en": en, "place": place, "__module__": __name__})


NotAuthenticated = _error("not_authenticated", 401, "请先登录", "log in first: the token is missing, wrong or no longer live")
WrongPassword = _error("wrong_password", 401, "用户名或密码错误", "the name or the password is wrong")
BadSignature = _error("bad_signature", 401, "签名无效", "the signature is missing, wrong or too old")
WrongAudience = _error("wrong_audience", 403, "该令牌不能用于此处", "this token opens another door")
Disabled = _error("disabled", 403, "账号已被禁用", "this account is disabled")
NotFound = _error("not_found", 404, "不存在", "there is nothing here, or it is not yours")

NameTaken = _error("name_taken", 409, "用户名已被使用", "this name is taken")
StorenameTaken = _error("storename_taken", 409, "店铺名称已被使用", "this store name is taken")
IllegalMove = _error("illegal_move", 409, "当前状态不允许此操作", "the present state does not allow this")
OpenTicket = _error("open_ticket", 409, "该订单已有进行中的服务单", "this order already has an open ticket")
AfterSaleOver = _error("after_sale_over", 409, "已超过售后期限", "the after-sale window is over")
NothingToReturn = _error(
    "nothing_to_return", 409, "商品尚未发货，只能仅退款", "nothing was shipped: only a refund without a return can be asked for"
)
RefundTooLarge = _error("refund_too_large", 409, "退款金额不能超过支付金额", "a refund can not exceed what was paid")
OutOfStock = _error("out_of_stock", 409, "库存不足", "too little stock")
StockChanged = _error("stock_changed", 409, "库存已变化，当前为 {stock}", "the stock has changed meanwhile: it is {stock} now")
StockTooLarge = _error("stock_too_large", 409, "库存超出上限", "the stock would exceed what can be counted")
OrderDiffers = _error(
    "order_differs", 409, "该订单号已用于另一笔订单", "this order number belongs to an order with another content"
)
MerchantDisabled = _error("merchant_disabled", 409, "该商家已被禁用", "this merchant is disabled")
StillRunning = _error(
    "still_running", 409, "相同 Idempotency-Key 的请求正在处理", "a request with this Idempotency-Key is still running"
)
AlreadyShipped = _error(
    "already_shipped", 409, "该订单已用此单号发货", "this order was already shipped with this tracking number"
)
LastAdmin = _error("last_admin", 409, "不能删除最后一个管理员", "the last admin can not be deleted")
InUse = _error("in_use", 409, "正在使用中，不能删除", "it is in use and can not be deleted")
TooManyWebhooks = _error("too_many_webhooks", 409, "最多 {most} 个 Webhook", "at most {most} webhooks")
WebhookDisabled = _error("webhook_disabled", 409, "该 Webhook 已停用，请先启用", "this webhook is disabled: enable it first")
Conflict = _error("conflict", 409, "与现有数据冲突", "this conflicts with what is stored")

TooLarge = _error("too_large", 413, "请求内容过大", "the request is too large")
HeadersTooLarge = _error("headers_too_large", 431, "请求头过大", "the request's target and headers are too large")
FileTooLarge = _error("file_too_large", 413, "文件过大，最多 {most} 字节", "the file is too large: {most} bytes at most")
UnsupportedMediaType = _error("unsupported_media_type", 415, "请使用 application/json", "send application/json")
NoForm = _error("unsupported_media_type", 415, "请使用 multipart/form-data", "send multipart/form-data")
UnsupportedFile = _error("unsupported_file", 415, "请上传 CSV 或 XLSX 文件", "send a CSV or XLSX file")
UnsupportedUpload = _error(
    "unsupported_upload",
    415,
    "请上传 PNG、JPEG、WebP 图片，JSON 配置文件或 glTF 2.0 模型",
    "send a PNG, JPEG or WebP picture, a JSON config or a glTF 2.0 model",
)

InvalidInput = _error("invalid_input", 422, "输入有误", "the input is wrong")
KeyReused = _error("key_reused", 422, "该 Idempotency-Key 已用于另一请求", "this Idempotency-Key was used for another request")
BadKey = _error(
    "bad_idempotency_key",
    422,
    "Idempotency-Key 须为 1 至 255 个可见 ASCII 字符",
    "an Idempotency-Key is 1 to 255 visible ASCII characters",
)
BadCursor = _error("bad_cursor", 422, "游标无效", "the cursor is not one that was handed out", place="query")
PageTooDeep = _error(
    "page_too_deep", 422, "页码过深，请用 cursor 继续", "pages end at row 10,000: walk on with cursor", place="query"
)
UnknownCarrier = _error("unknown_carrier", 422, "未知的物流商", "there is no such carrier")
CarrierMissing = _error("carrier_missing", 422, "请提供物流商 id 或名称", "name the carrier by logistic_id or logistic_name")
CarrierDiffers = _error(
    "carrier_differs", 422, "物流商 id 与名称不一致", "logistic_id and logistic_name name different carriers"
)
EmptyFile = _error("empty_file", 422, "文件中没有数据行", "the file has no rows")
BrokenFile = _error("broken_file", 422, "文件已损坏，无法读取", "the file is damaged and can not be read")
BadEncoding = _error("bad_encoding", 422, "文件编码须为 UTF-8 或 GB18030", "the text is neither UTF-8 nor GB18030")
WrongColumns = _error(
    "wrong_columns", 422, "表头有误，须各有一列：{columns}", "the header row is wrong: it needs, once each, {columns}"
)
TooManyRows = _error("too_many_rows", 422, "最多 {limit} 行", "at most {limit} rows")
DuplicateRow = _error("duplicate_row", 422, "与前面的行重复", "an earlier row names the same one")
UnknownSku = _error("unknown_sku", 422, "商品规格不存在", "there is no such SKU")
UnknownCustomer = _error("unknown_customer", 422, "买家不存在", "there is no such customer")
UnknownSceneBase = _error("unknown_scene_base", 422, "基础场景不存在", "there is no such scene base")
UnknownFile = _error("unknown_file", 422, "文件不存在，请先上传", "there is no such file of yours: upload it first")
WrongFileKind = _error("wrong_file_kind", 422, "文件类型不符，须为 {kind}", "this file is of another kind: {kind} is needed")
TooManyPixels = _error("too_many_pixels", 422, "图片过大，最多 {most} 像素", "the picture is too large: {most} pixels at most")
BrokenImage = _error("broken_image", 422, "图片已损坏，无法解码", "the picture is damaged and can not be decoded")
BrokenConfig = _error("broken_config", 422, "配置文件须为 UTF-8 编码的 JSON 对象", "a config is a JSON object in UTF-8")
BrokenModel = _error("broken_model", 422, "不是有效的 glTF 2.0 模型：{where}", "this is no valid glTF 2.0 model: {where}")
ExternalUri = _error(
    "external_uri", 422, "模型须自带全部数据：{where}", "a model must hold all of its data itself, or in data: URIs: {where}"
)
RangeReversed = _error("range_reversed", 422, "结束日期不能早于开始日期", "the range ends before it begins")
RangeTooLong = _error("range_too_long", 422, "最多 {most} 天", "at most {most} days")
FutureTime = _error("future_time", 422, "时间不能在将来", "the time is in the future")
RestockFixed = _error("restock_fixed", 422, "此时不能选择是否回库：{rule_zh}", "restock can not be chosen here: {rule_en}")
WrongOldPassword = _error("wrong_old_password", 422, "原密码错误", "the old password is wrong")

TooManyTries = _error(
    "too_many_tries", 429, "尝试次数过多，请 {retry_after} 秒后再试", "too many tries: try again in {retry_after} seconds"
)
Internal = _error("internal_error", 500, "服务内部错误", "something went wrong on our side")
PendingMigration = _error(
    "pending_migration", 503, "数据库结构尚未升级，当前为 {revision}", "the schema waits to be migrated: it is at {revision}"
)
Unavailable = _error("unavailable", 503, "数据库暂不可用，请稍后再试", "the database is away: try again soon")
CallsOverdue = _error("calls_overdue", 503, "有请求长时间没有完成", "calls hang that should have ended long ago")
StorageAway = _error("storage_away", 503, "文件存储暂不可用，请稍后再试", "the file storage is away: try again soon")
