"""Whether a secret is easy to guess."""

from typing import AnyStr

_PLACEHOLDERS = ("change", "secret", "example", "placeholder", "password", "default", "dummy", "xxxx", "12345", "<", ">")
_FEWEST = 10  # different characters, or bytes; 32 random hexadecimal digits have more


def is_weak(secret: str) -> bool:
    """Whether it is a placeholder, repeats itself, or has few different characters."""
    return is_monotonous(secret) or is_placeholder(secret)


def is_monotonous(secret: AnyStr) -> bool:
    """Whether it repeats a part of itself, or has few different characters or bytes."""
    repeats = (secret + secret).find(secret, 1) < len(secret)
    return repeats or len(set(secret)) < _FEWEST


def is_placeholder(text: str) -> bool:
    """Whether it contains a word that examples are written with."""
    plain = text.lower()
    return any(word in plain for word in _PLACEHOLDERS)
