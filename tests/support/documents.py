"""What docs/operations.md shows, so that tests run just that."""

import re

from tests.conftest import ROOT


def documented(beginning: str) -> str:
    """The block of docs/operations.md that begins so."""
    shown = re.search(rf"```\w*\n({re.escape(beginning)}.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    assert shown is not None, beginning
    return shown[1]
