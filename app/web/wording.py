"""What is said in Chinese or English: the caller's language, and pydantic's faults in it."""

from typing import Any, NotRequired, TypedDict

from fastapi import Request


class Fault(TypedDict):
    """One fault of an input, as pydantic reports it; `ctx` holds what its message is filled in with."""

    type: str
    loc: tuple[int | str, ...]
    msg: str
    ctx: NotRequired[dict[str, Any]]


_MOST_LANGUAGES = 20  # of Accept-Language are looked at

_FIELD_ZH = {
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
    "expected_missing": "设置 stock 须提供 expected_stock",
    "nothing_given": "请提供 price 或 stock",
    "unknown_column": "没有这一列",
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
    if language == "zh" and fault["type"] in _FIELD_ZH:
        return _FIELD_ZH[fault["type"]].format(**fault.get("ctx", {}))
    return str(fault["msg"])
