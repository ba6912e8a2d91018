"""Spreadsheets that stand for far more than their size: what is read, kept and answered stays in proportion."""

import io
import tracemalloc
import zipfile

import pytest

from app.errors import TooLarge
from app.services.orders.export import PARCELS
from app.sheets import reading, xlsx
from app.sheets.xlsx_parts import MAX_CELL
from tests.support.factories import made
from tests.support.sheets import SPREADSHEET, csv_of, sent, xlsx_with

HEADER = ["订单号", "物流商", "物流单号"]
IMPORT = "/orders/ship/import"
MB = 1_000_000


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: nothing is imported."""
    return migrated_module


def shared(*texts):
    return "".join(f"<si><t>{text}</t></si>" for text in texts)


def cells(*places):
    """Cells that show the shared texts at these places."""
    return "".join(f'<c t="s"><v>{place}</v></c>' for place in places)


def sheet(rows, *texts):
    """A sheet of these rows under the header, whose texts are shared."""
    return xlsx_with(f"<row>{cells(0, 1, 2)}</row>{rows}", shared=shared(*HEADER, *texts))


def rows_of(content):
    """The cells of the first sheet's rows."""
    with xlsx.opened(io.BytesIO(content)) as tables:
        return [row.cells for row in tables[0].rows]


def repeated(name, times, content):
    """A workbook with many members of one name."""
    file = io.BytesIO(xlsx_with("<row/>"))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(times):
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.long
@pytest.mark.parametrize("rows", [10_000, 1])
def test_a_long_text_in_many_cells_is_neither_kept_nor_repeated(merchant, rows):
    answer = sent(merchant, IMPORT, sheet(f"<row>{cells(3, 3, 3)}</row>" * rows, " " + "车" * 60_000))
    assert made(answer)["failed"] == rows
    assert len(answer.content) < 1000 * (rows + 1)


@pytest.mark.long
def test_reading_one_takes_little_memory():
    content = sheet(f"<row>{cells(3, 3, 3)}</row>" * 10_000, " " + "车" * 60_000)
    tracemalloc.start()
    lines = reading.read(io.BytesIO(content), PARCELS, filled=("logistic_order_id",)).rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(lines) == 10_000
    assert peak < 40 * MB


@pytest.mark.parametrize("length", [MAX_CELL, MAX_CELL + 1, 100_000])
@pytest.mark.parametrize("kind", ["shared", "inline", "rich"])
def test_a_cell_is_cut_where_no_value_of_ours_is_so_long(length, kind):
    text = "x" * length
    if kind == "rich":
        content = xlsx_with(f"<row>{cells(0)}</row>", shared="<si>" + "<r><t>x</t></r>" * length + "</si>")
    elif kind == "shared":
        content = xlsx_with(f"<row>{cells(0)}</row>", shared=shared(text))
    else:
        content = xlsx_with(f'<row><c t="inlineStr"><is><t>{text}</t></is></c></row>')
    ((cell,),) = rows_of(content)
    assert cell == (text if length <= MAX_CELL else text[:MAX_CELL] + "…")


def test_a_number_that_is_cut_is_no_number(merchant):
    zeros = "0" * MAX_CELL
    (result,) = made(sent(merchant, "/skus/import", xlsx_with(
        f"<row>{cells(0, 1)}</row><row>{cells(2, 3)}</row>", shared=shared("库存ID", "单价", "1", zeros + "5")
    )))["results"]  # fmt: skip
    assert result["code"] == "invalid_input"


@pytest.mark.parametrize(
    "content",
    [
        sheet(f"<row>{cells(*[3] * 200)}</row>" * 2_000, "x" * 300),
        xlsx_with(f"<row>{cells(0)}</row>", shared="<si/>" * 2_100_000),
    ],
    ids=["shown text", "elements"],
)
@pytest.mark.long
def test_more_than_a_sheet_holds_is_too_large(merchant, content):
    assert len(content) < 100_000
    answer = sent(merchant, IMPORT, content)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.long
def test_members_of_one_name_are_read_once():
    elements = b"<sst xmlns='%s'>" % SPREADSHEET.encode() + b"<a/>" * 700_000 + b"</sst>"
    content = repeated("xl/sharedStrings.xml", 3, elements)
    assert rows_of(content) == []  # three times as many would be TooLarge


@pytest.mark.long
def test_the_allowance_is_one_for_the_whole_file():
    elements = b"<sst xmlns='%s'>" % SPREADSHEET.encode() + b"<a/>" * 1_010_000 + b"</sst>"
    content = xlsx_with("<a/>" * 1_010_000, **{"xl/sharedStrings.xml": elements})
    with pytest.raises(TooLarge):
        rows_of(content)


@pytest.mark.parametrize("number", ["0", "-1", "1048577", "1" + "0" * 30])
def test_a_row_that_no_sheet_has_is_damage(merchant, number):
    answer = sent(merchant, IMPORT, sheet(f'<row r="{number}">{cells(3, 3, 3)}</row>', "x"))
    assert (answer.status_code, answer.json()["code"]) == (422, "broken_file")


def test_columns_beyond_those_of_a_sheet_are_left_out(merchant):
    """Each is looked at by every heading: millions of them took a process for 17 s."""
    wide = csv_of([[*HEADER, *[""] * 250, "x", "y", "z", "z"], ["ON1", "1", "SF1"]])
    assert made(sent(merchant, IMPORT, wide))["failed"] == 1
    assert (
        sent(merchant, IMPORT, csv_of([[*[""] * 256, *HEADER], [*[""] * 256, "ON1", "1", "SF1"]])).json()["code"]
        == "empty_file"
    )


def test_what_stands_beside_a_table_is_a_note_and_left_out(merchant):
    content = sheet(f"<row>{cells(3, 3, 3, *[4] * 20)}</row>" * 3, "a", "x" * 300)
    assert reading.read(io.BytesIO(content), PARCELS, filled=("carrier",)).rows[0].cells == {
        "order_number": "a",
        "carrier": "a",
        "logistic_order_id": "a",
    }
