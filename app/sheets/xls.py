"""The sheets of an .xls workbook (BIFF), which a process of its own reads: see `xls_reader.py`."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from app.errors import BrokenFile, ProtectedFile, TooLarge
from app.sheets.kinds import refuse_compound
from app.sheets.numbers import shown
from app.sheets.rows import MAX_CELL, MAX_COLUMNS, Merge, Row, Table

PATIENCE = 60  # seconds
_READER = Path(__file__).with_name("xls_reader.py")
_REFUSALS = {2: ProtectedFile, 3: TooLarge, -9: TooLarge, -24: TooLarge}  # its exits; killed; SIGXCPU


def tables(content: bytes) -> list[Table]:
    """The visible sheets; raises UnsupportedFile, OtherFile, ProtectedFile, BrokenFile, TooLarge."""
    refuse_compound(content)
    command = [sys.executable, "-I", str(_READER), str(MAX_COLUMNS), str(MAX_CELL)]
    try:
        done = subprocess.run(  # noqa: S603 - it is our own
            command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise TooLarge from None
    if done.returncode:
        raise _REFUSALS.get(done.returncode, BrokenFile)
    found = [orjson.loads(line) for line in done.stdout.splitlines()]
    if not found:
        raise BrokenFile
    return [
        Table(table["place"], _rows(table["rows"]), typed=True, merged=[Merge(*each) for each in table["merged"]])
        for table in found
    ]


def _rows(rows: list[tuple[int, bool, list[Any]]]) -> Iterator[Row]:
    for number, hidden, cells in rows:
        yield Row(number, [cell if isinstance(cell, str) else shown(*cell) for cell in cells], hidden)
