"""The chart as each line renders it, and none; `make snapshots` writes it to `tests/snapshots`, so that a change shows."""

import re

from app import __version__
from tests.support.charts import LINES, render
from tests.support.rendering import FOLDER


def renderings() -> dict[str, str]:
    """Every manifest, then the notes as comments, by the name of their file. What each release changes is not in them."""
    found = {"default": render("default", line=False)} | {namespace: render(namespace) for namespace in LINES}
    return {
        f"chart_{name}.yaml": "\n".join(
            [
                *(line for line in _steady(one.text).splitlines() if line.strip()),
                *(f"# {line}".rstrip() for line in _steady(one.notes).rstrip().splitlines()),
                "",
            ]
        )
        for name, one in found.items()
    }


def _steady(text: str) -> str:
    return re.sub("checksum/config: [0-9a-f]{64}", "checksum/config: CHECKSUM", text).replace(__version__, "VERSION")


def write() -> None:
    for name, text in renderings().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
