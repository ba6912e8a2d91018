"""What is said in Chinese or English: the caller's language, and pydantic's faults in it."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from fastapi import Request


class Fault(TypedDict):
    """One fault of an input, as pydantic reports it; `ctx` holds what its message is filled in with."""

    type: str
    loc: tuple[int | str, ...]
    msg: str
    ctx: NotRequired[dict[str, Any]]


_MOST_LANGUAGES = 20  # of Accept-Language are looked at

FIELD_ZH = {
    "missing": "必填",
    "too_many_fields": "字段过多，最多 {most} 个",
    "extra_forbidden": "未知字段",
    "json_invalid": "不是有效的 JSON",
    "string_type": "须为字符串",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不正确",
    "string_unicode": "不是有效的文本",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_parsing_size": "整数过大",
    "int_from_float": "须为整数",
    "float_type": "须为数字",
    "float_parsing": "须为数字",
    "decimal_parsing": "须为数字",
    "finite_number": "须为有限数字",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "list_type": "须为数组",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "须不小于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "须不大于 {le}",
    "literal_error": "须为 {expected}",
    "model_attributes_type": "须为 JSON 对象",
    "control_character": "不能包含控制字符",
    "day_format": "须为 YYYY-MM-DD 格式的日期",
    "too_many_decimals": "金额最多两位小数",
    "stock_one_way": "请提供 delta，或同时提供 stock 与 expected_stock",
    "delta_zero": "delta 不能为 0",
    "order_unnamed": "请提供 order_id 或 order_number",
    "sku_unnamed": "请提供 sku_id 或 sku_code",
    "expected_missing": "设置 stock 须提供 expected_stock",
    "actor_kind_missing": "提供 actor_id 须同时提供 actor_kind",
    "subject_missing": "提供 subject_id 须同时提供 subject 或 type",
    "nothing_given": "请提供 price 或 stock",
    "unknown_column": "没有这一列，可选：{columns}",
    "types_or_verbs": "请用 types 或 verbs 之一指定事件，不能同时使用",
    "url_type": "须为网址",
    "url_parsing": "不是有效的网址",
    "url_syntax_violation": "不是有效的网址",
    "url_scheme": "须以 https:// 开头",
    "url_too_long": "网址最多 {max_length} 个字符",
    "url_not_https": "须以 https:// 开头",
    "url_with_credentials": "网址不能包含用户名或密码",
    "url_with_fragment": "网址不能包含片段（#）",
    "url_port": "端口须为 80、443 或 1024 至 65535",
    "url_not_public": "须为公网地址",
}


_SHEET_ZH = {
    "missing": "没有填写",
    "string_pattern_mismatch": "只能有字母、数字和 - _ .，最多 30 个字符",
    "int_parsing": "须为整数，如 20",
    "float_parsing": "须为数字，如 129.00",
    "expected_missing": "修改“{stock}”须同时提供“{expected_stock}”，请用导出的文件修改",
    "order_unnamed": "没有填写“{order_number}”",
    "sku_unnamed": "没有填写“{sku_id}”或“{sku_code}”",
    "digits_lost": "第 15 位之后的数字已丢失（表格软件把它当成了数字），请把该列设为文本格式，重新填写完整的号码",
    "scientific_notation": "是科学计数法，号码已不完整，请把该列设为文本格式，重新填写完整的号码",
    "unreadable_row": "文件第 {line} 行无法读取，请检查该行的引号是否成对",
    "cells_beyond": "该行的内容比表头多，多出“{value}”：含逗号的文字请加引号，备注请给该列加上表头",
}
_SHEET_EN = {
    "missing": "is empty: fill it in",
    "string_pattern_mismatch": "use letters, digits and - _ . only, 30 at most",
    "int_parsing": "write a whole number, such as 20",
    "float_parsing": "write a number, such as 129.00",
    "expected_missing": "to change “{stock}”, give “{expected_stock}” too, as the exported file does",
    "order_unnamed": "“{order_number}” is empty: fill it in",
    "sku_unnamed": "fill in “{sku_id}” or “{sku_code}”",
}
_SHEET_TITLES = {
    "stock": "库存量",
    "expected_stock": "导出时库存",
    "order_number": "订单号",
    "sku_id": "库存ID",
    "sku_code": "商家编码",
}


def language(request: Request) -> str:
    """`zh` or `en`, whichever Accept-Language prefers (RFC 9110, 12.5.4); `zh` if it names neither."""
    ranked = []
    for position, part in enumerate(request.headers.get("accept-language", "").split(",", _MOST_LANGUAGES)):
        tag, _, weight = part.partition(";")
        quality = weight.strip().removeprefix("q=")
        try:
            ranked.append((-float(quality or 1), position, tag.strip()[:2].lower()))
        except ValueError:
            continue
    return next((tag for quality, _, tag in sorted(ranked) if tag in ("zh", "en") and quality < 0), "zh")


def worded(fault: Fault, language: str) -> str:
    """The fault's message: pydantic's own in English, ours in Chinese where there is one."""
    if language == "zh" and fault["type"] in FIELD_ZH:
        return FIELD_ZH[fault["type"]].format(**{name: _whole(value) for name, value in fault.get("ctx", {}).items()})
    return str(fault["msg"])


def _whole(value: Any) -> Any:
    """A bound without the `.0` of a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def worded_for_sheets(fault: Fault, language: str, titles: Mapping[str, str]) -> str:
    """The fault's message for who sent a spreadsheet: what to do, in the words of the file's headings."""
    words = (_SHEET_ZH if language == "zh" else _SHEET_EN).get(fault["type"])
    if words is None:
        return worded(fault, language)
    return words.format(**{**_SHEET_TITLES, **titles, **fault.get("ctx", {})})
