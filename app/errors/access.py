"""Who may not: not logged in, not theirs, too many tries (401, 403, 404, 405, 429)."""

from app.errors.base import AppError


class NotAuthenticated(AppError):
    status, code = 401, "not_authenticated"
    zh = "请先登录"
    en = "log in first: the token is missing, wrong or no longer live"


class WrongApiKey(NotAuthenticated):
    zh = "API 密钥错误或已删除"
    en = "the API key is wrong, or was deleted"


class ScopeMissing(AppError):
    status, code = 403, "scope_missing"
    zh = "该 API 密钥没有权限：{scope}"
    en = "this API key lacks the scope {scope}"


class NotForApiKeys(AppError):
    status, code = 403, "not_for_api_keys"
    zh = "此接口不能使用 API 密钥，请登录后再试"
    en = "an API key does not open this: log in"


class WrongPassword(AppError):
    status, code = 401, "wrong_password"
    zh = "用户名或密码错误"
    en = "the name or the password is wrong"


class BadSignature(AppError):
    status, code = 401, "bad_signature"
    zh = "签名无效"
    en = "the signature is missing, wrong or too old"


class WrongAudience(AppError):
    status, code = 403, "wrong_audience"
    zh = "该令牌不能用于此处"
    en = "this token is for another audience"


class Disabled(AppError):
    status, code = 403, "disabled"
    zh = "账号已被禁用"
    en = "this account is disabled"


class NotFound(AppError):
    status, code = 404, "not_found"
    zh = "不存在"
    en = "there is nothing here, or it is not yours"


class ConsoleNotBuilt(AppError):
    status, code = 404, "console_not_built"
    zh = "页面尚未构建，请运行 make console"
    en = "the pages are not built yet: run make console"


class NoSuchPath(AppError):
    status, code = 404, "no_such_path"
    zh = "没有这个地址"
    en = "there is no such path"


class MethodNotAllowed(AppError):
    status, code = 405, "method_not_allowed"
    zh = "不支持该方法"
    en = "this path does not take the method"


class UnknownOrder(NotFound):
    zh = "没有这个订单，请核对"
    en = "you have no such order: check it"


class UnknownSkuId(NotFound):
    zh = "没有这个库存ID，请使用导出文件中的库存ID"
    en = "you have no such SKU: use the ids of an export"


class UnknownSkuCode(NotFound):
    zh = "没有这个商家编码，或它不属于该行的库存ID"
    en = "you have no SKU with this code, or it is not that of the SKU id beside it"


class TooManyTries(AppError):
    status, code = 429, "too_many_tries"
    zh = "尝试次数过多，请 {retry_after} 秒后再试"
    en = "too many tries: try again in {retry_after} seconds"
