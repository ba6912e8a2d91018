"""Reads an .xls workbook from stdin and writes its visible sheets to stdout as JSON; run as a process of its own.

A few bytes of such a file can ask for any amount of memory or time, so the process bounds itself. Exits with PROTECTED or
TOO_LARGE for files that are so, with 1 for damage.
"""

import io
import json
import os
import resource
import sys
from typing import Any

import xlrd

PROTECTED, TOO_LARGE = 2, 3
MEMORY = 600_000_000  # bytes
SECONDS = 20  # of CPU
MOST_CHARACTERS = 10_000_000
_NUMBERS = (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE)


def main(most_columns: int, longest_cell: int) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    content = sys.stdin.buffer.read()
    try:
        with open(os.devnull, "w") as nowhere:
            book = xlrd.open_workbook(
                file_contents=content, logfile=nowhere, formatting_info=True, on_demand=True, ragged_rows=True
            )
            found = io.StringIO()
            for place in range(book.nsheets):
                sheet = book.sheet_by_index(place)
                if not sheet.visibility:
                    json.dump(_table(book, sheet, place + 1, most_columns, longest_cell), found, separators=(",", ":"))
                    found.write("\n")
                    if found.tell() > MOST_CHARACTERS:
                        return TOO_LARGE
                book.unload_sheet(place)
        sys.stdout.write(found.getvalue())
    except MemoryError:
        return TOO_LARGE
    except xlrd.XLRDError as error:
        return PROTECTED if "encrypted" in str(error) else 1
    return 0


def _table(book: Any, sheet: Any, place: int, most_columns: int, longest_cell: int) -> dict[str, Any]:
    rows, left = [], MOST_CHARACTERS
    for number in range(sheet.nrows):
        cells = [_cell(book, sheet, number, column, longest_cell) for column in range(min(sheet.row_len(number), most_columns))]
        left -= sum(len(cell) + 3 for cell in cells)
        if left < 0:
            raise MemoryError
        if any(cells):
            information = sheet.rowinfo_map.get(number)
            rows.append((number + 1, bool(information and information.hidden), cells))
    merged = [(first + 1, last, column) for first, last, column, _ in sheet.merged_cells if last > first + 1]
    return {"place": place, "rows": rows, "merged": merged}


def _cell(book: Any, sheet: Any, row: int, column: int, longest: int) -> str | tuple[float, str]:
    """A text, cut where it is too long, or a number with its format."""
    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind in _NUMBERS:
        style = book.xf_list[sheet.cell_xf_index(row, column)]
        return float(value), book.format_map[style.format_key].format_str[:longest]
    if kind == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, "#N/A"))
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
