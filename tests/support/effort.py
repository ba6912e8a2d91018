"""How hard the suite tries: a little in `make test`, much in `make test-hard` (HARD=1); and one seed for all that is random."""

import os
import random
import secrets
from typing import TypeVar

Number = TypeVar("Number", int, float)
HARD = os.environ.get("HARD") == "1"
SEED = os.environ.setdefault("HARD_SEED", secrets.token_hex(4))  # the processes that share the tests inherit it
MINUTES = float(os.environ.get("HARD_MINUTES", "2"))  # that the long load of the hard suite takes
ROUNDS = int(os.environ.get("HARD_ROUNDS", "60"))  # of each race of the hard suite


def often(some: Number, many: Number) -> Number:
    """How often to try: `some` times while developing, `many` times when it is about finding what breaks."""
    return many if HARD else some


def dice(name: str) -> random.Random:
    """A source of chance of its own for the test of this name, the same again with the same seed."""
    return random.Random(f"{SEED} {name}")
