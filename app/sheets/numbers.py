"""A number as a spreadsheet program shows it, as far as its digits go."""

import re

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|(\[[^\]]*\]|[_*].)|(.)', re.DOTALL)
_BESIDE = re.compile(r"[A-Za-z0-9 \-]*")  # what codes consist of; other literals, such as currency signs, are no part of them


def shown(number: float, layout: str = "") -> str:
    """The digits; with the zeros of a layout such as `0000000000000`.

    A number beyond the 15 digits that spreadsheets keep gets the form that shows the loss.
    """
    if abs(number) >= 1e15:
        return f"{number:E}"
    if not number.is_integer():
        return repr(number)
    return _laid_out(int(number), layout) if layout.count("0") > 1 and number >= 0 else str(int(number))


def _laid_out(number: int, layout: str) -> str:
    """The number as a layout of digits and texts shows it; without the layout where that is anything else."""
    parts: list[str | None] = []  # None is the place of a digit
    zeros = 0
    for quoted, escaped, ignored, plain in _TOKEN.findall(layout):
        if plain == ";":
            break
        if plain in ("0", "#", "?"):
            parts.append(None)
            zeros += plain == "0"
        elif ignored or plain == "":
            parts.append(quoted or escaped)
        elif plain in "- ":
            parts.append(plain)
        else:
            return str(number)
    if not all(part is None or _BESIDE.fullmatch(part) for part in parts):
        return str(number)
    return _filled(parts, str(number).zfill(zeros))


def _filled(parts: list[str | None], digits: str) -> str:
    """The digits in their places from the right; those that are left stand where the first place is."""
    places = parts.count(None)
    text, at = "", len(digits)
    for part in reversed(parts):
        if part is not None:
            text = part + text
            continue
        places -= 1
        start = at - 1 if places else 0
        text, at = digits[max(start, 0) : max(at, 0)] + text, start
    return text
