"""Text that people send, made plain: what looks the same is stored the same, and what cannot be seen is not stored."""

import re
import unicodedata
from itertools import groupby

_JOINER = "\u200d"
_LEFT_RIGHT_ARROW = "\u2194"  # a mathematical symbol to Unicode, and the end of some emoji
_BETWEEN_EMOJI = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # variation and skin tone, before a joiner
# Characters that show nothing, though Unicode does not count them among the white space.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
_AS_SPACES = dict.fromkeys([*_CONTROLS, *map(ord, _BLANKS)], " ")
_NO_CONTROLS = {**dict.fromkeys(_CONTROLS), **dict.fromkeys(map(ord, "\t" + _BLANKS), " "), ord("\n"): "\n"}
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"))
_MOST_MARKS = 30  # one after another, as in the stream-safe text format (UAX 15): ordering more takes time by their square


def one_line(text: str) -> str:
    """The text in NFC, trimmed, with one space for each run of white space and control characters.

    Format characters are dropped, except the joiner inside an emoji. It is empty if no visible character is left.
    """
    return _visible(" ".join(_normal(_unformatted(text).translate(_AS_SPACES), "NFC").split()))


def prose(text: str) -> str:
    """As `one_line`, but with its line breaks and inner spaces; other control characters are dropped."""
    return _visible(_normal(_unformatted(_LINE_BREAK.sub("\n", text)).translate(_NO_CONTROLS), "NFC").strip())


def code(text: str) -> str:
    """An identifier as it is meant: full-width characters as ASCII (NFKC), trimmed."""
    return one_line(_normal(one_line(text), "NFKC"))


def compact(text: str) -> str:
    """As `code`, without the white space inside."""
    return code("".join(code(text).split()))


def name_key(text: str) -> str:
    """What two names that look the same have in common, as `db.sql.name_key` computes it."""
    return _normal(text, "NFKC").lower()


def cut(text: str, longest: int) -> str:
    """The beginning of a text, at most `longest` characters, that ends neither inside an emoji nor before a letter's accent."""
    if len(text) <= longest:
        return text
    end = longest
    while end and _continues(text, end):
        end -= 1
    return text[: end or longest].rstrip()


def _continues(text: str, position: int) -> bool:
    """Whether the character at a position belongs to the one before it."""
    joined = text[position] == _JOINER or text[position - 1] == _JOINER
    return joined or text[position] in _BETWEEN_EMOJI or unicodedata.category(text[position]) in ("Mn", "Me", "Mc")


def _unformatted(text: str) -> str:
    """The text without format characters and lone surrogates."""
    if text.isprintable():
        return text
    kept = (
        character
        for position, character in enumerate(text)
        if unicodedata.category(character) not in ("Cf", "Cs") or _joins_emoji(text, position)
    )
    return "".join(kept)


def _joins_emoji(text: str, position: int) -> bool:
    if text[position] != _JOINER or position + 1 == len(text):
        return False
    before = text[max(0, position - 3) : position].rstrip(_BETWEEN_EMOJI)
    after = text[position + 1]
    return before != "" and _is_pictured(before[-1]) and _is_pictured(after)


def _is_pictured(character: str) -> bool:
    return unicodedata.category(character) == "So" or character == _LEFT_RIGHT_ARROW


def _normal(text: str, form: str) -> str:
    if text.isascii():
        return text
    if any(map(unicodedata.combining, text)):
        runs = (list(run) for _, run in groupby(text, key=lambda character: unicodedata.combining(character) > 0))
        text = "".join("".join(run[:_MOST_MARKS]) if unicodedata.combining(run[0]) else "".join(run) for run in runs)
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def _visible(text: str) -> str:
    return text if any(unicodedata.category(character) not in _INVISIBLE for character in text) else ""
