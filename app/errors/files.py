"""What is wrong with a file that was sent (413, 415, 422)."""

from app.errors.base import AppError


class FileTooLarge(AppError):
    status, code = 413, "file_too_large"
    zh = "文件过大，最多 {most} 字节"
    en = "the file is too large: {most} bytes at most"


class NoForm(AppError):
    status, code = 415, "unsupported_media_type"
    zh = "请使用 multipart/form-data"
    en = "send multipart/form-data"


class UnsupportedFile(AppError):
    status, code = 415, "unsupported_file"
    zh = "请上传 CSV 或 XLSX 文件"
    en = "send a CSV or XLSX file"


class UnsupportedUpload(AppError):
    status, code = 415, "unsupported_upload"
    zh = "请上传 PNG、JPEG、WebP 图片，JSON 配置文件或 glTF 2.0 模型"
    en = "send a PNG, JPEG or WebP picture, a JSON config or a glTF 2.0 model"


class NoPicture(AppError):
    status, code = 415, "no_picture"
    zh = "请上传 PNG、JPEG 或 WebP 图片"
    en = "send a PNG, JPEG or WebP picture"


class EmptyFile(AppError):
    status, code = 422, "empty_file"
    zh = "文件中没有数据行"
    en = "the file has no rows"


class BrokenFile(AppError):
    status, code = 422, "broken_file"
    zh = "文件已损坏，无法读取"
    en = "the file is damaged and cannot be read"


class BadEncoding(AppError):
    status, code = 422, "bad_encoding"
    zh = "文件编码须为 UTF-8 或 GB18030"
    en = "the text is neither UTF-8 nor GB18030"


class WrongColumns(AppError):
    status, code = 422, "wrong_columns"
    zh = "表头有误，须各有一列：{columns}"
    en = "the header row is wrong: it needs, once each, {columns}"


class TooManyRows(AppError):
    status, code = 422, "too_many_rows"
    zh = "最多 {limit} 行"
    en = "at most {limit} rows"


class UnknownFile(AppError):
    status, code = 422, "unknown_file"
    zh = "文件不存在，请先上传"
    en = "there is no such file of yours: upload it first"


class WrongFileKind(AppError):
    status, code = 422, "wrong_file_kind"
    zh = "文件类型不符，须为 {kind}"
    en = "this file is of another kind: {kind} is needed"


class TooManyPixels(AppError):
    status, code = 422, "too_many_pixels"
    zh = "图片过大，最多 {most} 像素"
    en = "the picture is too large: {most} pixels at most"


class ImageTooComplex(AppError):
    status, code = 422, "image_too_complex"
    zh = "图片过于复杂，无法处理，请另存为普通图片后再上传"
    en = "the picture takes too much to decode: save it anew as a plain one"


class BrokenImage(AppError):
    status, code = 422, "broken_image"
    zh = "图片已损坏，无法解码"
    en = "the picture is damaged and cannot be decoded"


class BrokenConfig(AppError):
    status, code = 422, "broken_config"
    zh = "配置文件须为 UTF-8 编码的 JSON 对象"
    en = "a config is a JSON object in UTF-8"


class BrokenModel(AppError):
    status, code = 422, "broken_model"
    zh = "不是有效的 glTF 2.0 模型：{where}"
    en = "this is no valid glTF 2.0 model: {where}"


class ExternalUri(AppError):
    status, code = 422, "external_uri"
    zh = "模型须自带全部数据：{where}"
    en = "a model must hold all of its data itself, or in data: URIs: {where}"
