"""What is wrong on our side, for now (5xx)."""

from app.errors.base import AppError


class Internal(AppError):
    status, code = 500, "internal_error"
    zh = "服务内部错误"
    en = "something went wrong on our side"


class PendingMigration(AppError):
    status, code = 503, "pending_migration"
    zh = "数据库结构尚未升级，当前为 {revision}"
    en = "the schema waits to be migrated: it is at {revision}"


class Unavailable(AppError):
    status, code = 503, "unavailable"
    zh = "数据库暂不可用，请稍后再试"
    en = "the database is away: try again soon"


class Overloaded(AppError):
    status, code = 503, "overloaded"
    zh = "请求过多，请稍后再试"
    en = "there is more to do than can be done: try again soon"


class CallsOverdue(AppError):
    status, code = 503, "calls_overdue"
    zh = "有请求长时间没有完成"
    en = "calls hang that should have ended long ago"


class StorageAway(AppError):
    status, code = 503, "storage_away"
    zh = "文件存储暂不可用，请稍后再试"
    en = "the file storage is away: try again soon"
