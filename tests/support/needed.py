"""What a test needs of the machine."""

import os

import pytest


def require(there: object, why: str) -> None:
    """Skip the test loudly where what it needs is not there, but fail it in CI, which has all."""
    if not there and os.environ.get("CI"):
        pytest.fail(why)
    if not there:
        pytest.skip(f"NOT RUN: {why}")
