"""What every field and parameter means, by its name: one name means one thing wherever it stands.

An entry is the description, in English with the Chinese term, unit and range, and an example. `Model.field` stands for a name
that means something else in one model and in those that are made from it.
"""

from typing import Any, NamedTuple

from app.document.glossary import accounts, events, files, goods, lists, orders, tickets


class Word(NamedTuple):
    """What a field means, and an example of it; an object, or a list of objects, has none of its own."""

    meaning: str
    has_example: bool
    example: Any


_WORDS: dict[str, tuple[Any, ...]] = {
    **accounts.WORDS,
    **events.WORDS,
    **files.WORDS,
    **goods.WORDS,
    **lists.WORDS,
    **orders.WORDS,
    **tickets.WORDS,
}


def word(name: str, models: tuple[str, ...]) -> Word | None:
    """What the field of this name means in the first of these models that gives it a meaning of its own, or anywhere."""
    for key in (*(f"{model}.{name}" for model in models), name):
        if key in _WORDS:
            meaning, *example = _WORDS[key]
            return Word(meaning, bool(example), example[0] if example else None)
    return None


def names() -> set[str]:
    """Every entry, so that a test can tell which are used."""
    return set(_WORDS)
