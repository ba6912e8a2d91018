"""What is wrong with a file that was sent (413, 415, 422)."""

from app.errors.base import AppError

LARGEST_MODEL = "50 MB"


class FileTooLarge(AppError):
    status, code = 413, "file_too_large"
    zh = "文件过大，最大 {most}"
    en = "the file is too large: {most} at most"


class ModelTextTooLarge(FileTooLarge):
    zh = "模型的 JSON 部分过大，最大 {most}。请导出为 .glb（glTF 2.0），二进制数据不计入"
    en = "the JSON of the model is too large: {most} at most. Export it as .glb (glTF 2.0), whose binary data does not count"


class NoForm(AppError):
    status, code = 415, "unsupported_media_type"
    zh = "请使用 multipart/form-data"
    en = "send multipart/form-data"


class UnsupportedFile(AppError):
    status, code = 415, "unsupported_file"
    zh = "请上传 XLSX、XLS 或 CSV 表格"
    en = "send a spreadsheet: XLSX, XLS or CSV"


class OtherFile(AppError):
    status, code = 415, "unsupported_file"
    zh = "这是 {kind_zh}，{remedy_zh}"
    en = "this is {kind_en}: {remedy_en}"


class ProtectedFile(AppError):
    status, code = 422, "protected_file"
    zh = "文件设有密码，请在 Excel 或 WPS 中取消密码、保存后再上传"
    en = "the file has a password: remove it in Excel or WPS, save the file and send it again"


class UnsupportedUpload(AppError):
    status, code = 415, "unsupported_upload"
    zh = "请上传 PNG、JPEG、WebP 图片，JSON 配置文件或 3D 模型（.glb，glTF 2.0）"
    en = "send a PNG, JPEG or WebP picture, a JSON config or a 3D model (.glb, glTF 2.0)"


class ZippedModel(UnsupportedUpload):
    zh = "这是 glTF 模型的 ZIP 压缩包，无法读取。请导出为 .glb（glTF 2.0）单个文件，最大 {most}"
    en = "this is a ZIP file of a glTF model: export the model as one .glb file (glTF 2.0), {most} at most"


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
    zh = "无法识别文件编码，请另存为 XLSX 或“CSV UTF-8”后再上传"
    en = "the text is not in UTF-8, UTF-16 or GB18030: save the file as XLSX or as CSV UTF-8"


class WrongColumns(AppError):
    status, code = 422, "wrong_columns"
    zh = "第 {sheet} 张表第 {row} 行缺少：{columns_zh}（表头须在未隐藏的工作表的前 10 行内）"
    en = "sheet {sheet}, row {row} lacks {columns_en}: headings stand in the first 10 rows of a sheet that is not hidden"


class RepeatedColumns(AppError):
    status, code = 422, "wrong_columns"
    zh = "第 {sheet} 张表第 {row} 行有多列含义相同：{columns}，请只保留一列"
    en = "sheet {sheet}, row {row} has several columns that mean the same: {columns}. Keep one of them"


class SeveralTables(AppError):
    status, code = 422, "several_tables"
    zh = "第 {sheets} 张表都有数据，请只保留一张，或隐藏其余的表"
    en = "sheets {sheets} all have rows: keep one of them, or hide the others"


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


class RangeNotSatisfiable(AppError):
    status, code = 416, "range_not_satisfiable"
    zh = "文件共 {size} 字节，没有所请求的部分"
    en = "the file has {size} bytes, and not the part that was asked for"


class TooManyPixels(AppError):
    status, code = 422, "too_many_pixels"
    zh = "图片过大，最多 {most} 百万像素，JPEG 最多 {most_of_jpeg} 百万像素，请缩小后再上传"
    en = "the picture is too large: {most} megapixels at most, {most_of_jpeg} of a JPEG: scale it down"


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
    zh = "模型有误，请导出为 .glb（glTF 2.0），最大 {most}。有误之处：{where}"
    en = "the model is broken, export it as .glb (glTF 2.0), {most} at most. What is wrong: {where}"

    def __init__(self, *, where: str) -> None:
        super().__init__(where=where, most=LARGEST_MODEL)


class ModelTooComplex(AppError):
    status, code = 422, "model_too_complex"
    zh = "模型过于复杂，无法处理，请简化后导出为 .glb（glTF 2.0）"
    en = "the model takes too much to measure: simplify it and export it as .glb (glTF 2.0)"


class ExternalUri(AppError):
    status, code = 422, "external_uri"
    zh = "模型引用了其他文件，请导出为包含全部数据的 .glb（glTF 2.0），最大 {most}。引用之处：{where}"
    en = "the model refers to other files, export it as .glb (glTF 2.0), which holds everything, {most} at most. Where: {where}"

    def __init__(self, *, where: str) -> None:
        super().__init__(where=where, most=LARGEST_MODEL)
