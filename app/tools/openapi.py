"""Writes the OpenAPI document, which the clients are made from: `python -m app.tools.openapi FILE`."""

import sys
from pathlib import Path

import orjson

from app.main import app


def write(path: Path) -> None:
    path.write_bytes(orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
