"""Files as merchants have them: of every writer, encoding and separator, and what a cell means."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sheets import cells
from app.sheets.numbers import shown
from tests.support.factories import made
from tests.support.sheets import csv_of, sent, xlsx_of

FIXTURES = Path(__file__).parent / "fixtures"
IMPORT = "/orders/ship/import"
HEADER = ["订单号", "物流商", "物流单号"]
FIRST, SECOND = "0000000019647", "SF1391234567890"
SHIPPED = {"FX-1": FIRST, "FX-2": SECOND}

WRITTEN = {
    #                   shipped, refused codes, hidden, skipped
    "openpyxl.xlsx": (SHIPPED, [], 1, 1),
    "backslashes.xlsx": (SHIPPED, [], 1, 1),
    "xlsxwriter.xlsx": (SHIPPED, ["invalid_input"], 1, 0),
    "xlwt.xls": (SHIPPED, [], 1, 1),
    "sheetjs.xlsx": (SHIPPED, [], 0, 1),
    "sheetjs.xls": (SHIPPED, [], 0, 1),
    "sheetjs.txt": (SHIPPED, [], 0, 1),
    "exceljs.xlsx": (SHIPPED, ["invalid_input"], 1, 1),
    "libreoffice.xlsx": (SHIPPED, [], 1, 1),
    "libreoffice.xls": (SHIPPED, [], 1, 1),
    "libreoffice.csv": ({"FX-1": "19647", "FX-3": "ZT3"}, ["carrier_missing"], 0, 1),
}
REFUSED = {
    "password.xlsx": (422, "protected_file", "密码"),
    "sheetjs-2003.xls": (415, "unsupported_file", "Excel 2003 XML"),
    "sheetjs-html.xls": (415, "unsupported_file", "HTML"),
    "sheetjs.ods": (415, "unsupported_file", "ODS"),
    "sheetjs.xlsb": (415, "unsupported_file", "XLSB"),
}


@pytest.fixture
def orders(world, merchant, customer):
    """The orders that the fixtures name, by their numbers."""
    return {f"FX-{each}": world.order(merchant, customer, order_number=f"FX-{each}") for each in range(1, 6)}


def parcels(merchant):
    """The tracking numbers of the shipped orders."""
    items = made(merchant.get("/orders", status=1))["items"]
    assert all(order["logistic_id"] for order in items)
    return {order["order_number"]: order["logistic_order_id"] for order in items}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.processes] * name.endswith(".xls")) for name in WRITTEN]
)
def test_what_other_programs_write_is_shipped_as_it_is_shown(merchant, orders, name):
    shipped, refused, hidden, skipped = WRITTEN[name]
    answer = made(sent(merchant, IMPORT, (FIXTURES / name).read_bytes(), name))
    assert [result["code"] for result in answer["results"] if not result["ok"]] == refused
    assert (answer["shipped"], answer["hidden"], answer["skipped"]) == (len(shipped), hidden, skipped)
    assert parcels(merchant) == shipped


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_called_by_its_name(merchant, name):
    status, code, word = REFUSED[name]
    answer = sent(merchant, IMPORT, (FIXTURES / name).read_bytes(), name, headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert word in answer.json()["detail"]


@pytest.mark.processes
@pytest.mark.parametrize("cut", [slice(0, 3000), slice(0, 600)])
def test_a_damaged_xls_is_refused_whole(merchant, cut):
    content = bytearray((FIXTURES / "xlwt.xls").read_bytes())
    content[cut] = content[cut][:520] + bytes(len(content[cut]) - 520)
    answer = sent(merchant, IMPORT, bytes(content))
    assert (answer.status_code, answer.json()["code"]) == (422, "broken_file")


def test_no_fixture_is_left_out():
    made_by_hand = {"README.md", "make.py", "make.js", "make.sh"}
    assert {path.name for path in FIXTURES.iterdir()} - made_by_hand == {*WRITTEN, *REFUSED}


@pytest.mark.parametrize("separator", [",", ";", "\t", "sep"], ids=["comma", "semicolon", "tab", "sep="])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_text_in_every_encoding_and_with_every_separator(merchant, orders, encoding, separator):
    text = '九月 发货单\r\n\r\n*线上订单号,物流 公司（必填）,运单号码\r\nFX-1,顺丰,0000000019647\r\nFX-2,中通快递,"ZT""2"\r\n'
    text = f"sep=;\r\n{text}".replace(",", ";") if separator == "sep" else text.replace(",", separator)
    answer = made(sent(merchant, IMPORT, text.encode(encoding)))
    assert (answer["shipped"], answer["results"][1]["code"]) == (1, "invalid_input")
    assert parcels(merchant) == {"FX-1": FIRST}


class TestLostDigits:
    """A number that a program has rounded could name another order."""

    @pytest.mark.parametrize("lost", ["1391234567890120000", "1.39123E+18", "1.39123456789012E+18", "1391234567890120"])
    @pytest.mark.parametrize("place", [0, 2])
    def test_csv_that_a_program_has_saved_again_is_refused_with_the_reason(self, world, merchant, customer, lost, place):
        world.order(merchant, customer, order_number="1391234567890120000")
        row = ["1391234567890120001", "顺丰", "SF1"]
        row[place] = lost
        (result,) = made(sent(merchant, IMPORT, csv_of([HEADER, row]), headers={"Accept-Language": "zh"}))["results"]
        assert result["code"] == "invalid_input"
        assert f"{HEADER[place]}“{lost}”：" in result["detail"]
        assert "文本格式" in result["detail"]
        assert parcels(merchant) == {}

    @pytest.mark.parametrize("kept", ['="{}"', "'{}", "\t{}", "{}\u200b"])
    def test_digits_that_are_marked_as_text_are_all_there(self, world, merchant, customer, kept):
        number = "1391234567890120000"
        world.order(merchant, customer, order_number=number)
        if kept.endswith("\u200b"):
            content = xlsx_of([HEADER, [number, "顺丰", number]])  # a text cell
        else:
            content = csv_of([HEADER, [kept.format(number), "顺丰", kept.format(number)]])
        assert made(sent(merchant, IMPORT, content))["shipped"] == 1
        assert parcels(merchant) == {number: number}

    def test_a_number_of_a_workbook_that_has_more_digits_than_one_keeps_is_refused(self, merchant, orders):
        book = openpyxl.Workbook()
        book.active.append(HEADER)
        book.active.append(["FX-1", "顺丰", 1391234567890123456])
        (result,) = made(sent(merchant, IMPORT, saved(book)))["results"]
        assert (result["ok"], result["code"]) == (False, "invalid_input")
        assert "set the column to text" in result["detail"]


class TestRoundTrip:
    """What the service exports, edited by a program and sent back."""

    @pytest.mark.parametrize("number", ["1391234567890120000", "00123", "-1", "SF"])
    def test_an_exported_order_is_shipped(self, world, merchant, customer, number):
        world.order(merchant, customer, order_number=number, receiver_name="=1+1")
        book = openpyxl.load_workbook(io.BytesIO(merchant.get("/orders/export", format="xlsx").content))
        titles = {cell.value: cell.column for cell in book.active[1]}
        assert book.active.cell(2, titles["收货人"]).value == "=1+1"
        assert book.active.cell(2, titles["订单号"]).number_format == "@"
        book.active.cell(2, titles["物流商"]).value = "韵达快递"
        book.active.cell(2, titles["物流单号"]).value = "YD 0012"
        assert made(sent(merchant, IMPORT, saved(book)))["shipped"] == 1
        assert parcels(merchant) == {number: "YD0012"}

    def test_the_template_keeps_what_is_typed_into_it_as_text(self, merchant):
        book = openpyxl.load_workbook(io.BytesIO(merchant.get("/orders/ship/template", format="xlsx").content))
        columns = book.active.column_dimensions.values()
        assert [(each.min, each.max, each.number_format) for each in columns] == [(1, 3, "@")]

    def test_skus_come_back_with_prices_as_people_write_and_calculate_them(self, world, merchant):
        skus = [world.sku(merchant, price=9.9, stock=5) for _ in range(4)]
        book = openpyxl.load_workbook(io.BytesIO(merchant.get("/skus/export", format="xlsx").content))
        titles = {cell.value: cell.column for cell in book.active[1]}
        prices = {sku["id"]: price for sku, price in zip(skus, [3.1 * 0.8, "1,299.00", "￥129.00", "9.9元"], strict=True)}
        for row in book.active.iter_rows(min_row=2):
            row[titles["单价"] - 1].value = prices[int(row[titles["库存ID"] - 1].value)]
        assert made(sent(merchant, "/skus/import", saved(book)))["changed"] == 4
        assert [made(merchant.get(f"/skus/{sku['id']}"))["price"] for sku in skus] == [2.48, 1299, 129, 9.9]


class TestWords:
    """What is said of a file and its rows: the file's own headings, the value, and what to do."""

    @pytest.mark.parametrize(
        ("language", "said"),
        [("zh", "第 1 张表第 2 行缺少：物流商"), ("en", "sheet 1, row 2 lacks carrier")],
    )
    def test_a_heading_that_is_missing_is_named_with_its_place(self, merchant, language, said):
        content = csv_of([["发货单"], ["订单编号", "运单号"], ["ON1", "SF1"]])
        answer = sent(merchant, IMPORT, content, headers={"Accept-Language": language})
        assert answer.json()["code"] == "wrong_columns"
        assert answer.json()["detail"].startswith(said)

    def test_two_sheets_with_rows_are_not_chosen_from(self, merchant, orders):
        book = openpyxl.Workbook()
        for sheet in (book.active, book.create_sheet()):
            sheet.append(HEADER)
            sheet.append(["FX-1", "顺丰", "SF1"])
        answer = sent(merchant, IMPORT, saved(book), headers={"Accept-Language": "zh"})
        assert answer.json()["code"] == "several_tables"
        book.worksheets[1].sheet_state = "hidden"
        assert made(sent(merchant, IMPORT, saved(book)))["shipped"] == 1

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_a_row_is_told_in_the_files_words(self, merchant, orders, language):
        rows = [["FX-1", "顺疯", "SF1"], ["FX-2", "顺丰", "SF/1" + "x" * 200], ["FX-9", "顺丰", "SF1"], ["FX-3", "顺丰", ""]]
        content = csv_of([["订单编号", "快递公司", "运单号"], *rows])
        answer = made(sent(merchant, IMPORT, content, headers={"Accept-Language": language}))
        carrier, tracking, order, missing = (result["detail"] for result in answer["results"])
        assert "顺疯" in carrier
        assert "顺丰速运" in carrier
        assert carrier.startswith("快递公司")
        assert tracking.replace(" ", "").startswith("运单号“SF/1x")
        assert len(tracking) < 150
        assert order.replace(" ", "").startswith("订单编号“FX-9”")
        assert missing.startswith("运单号")
        for detail in (carrier, tracking, order, missing):
            assert "logistic" not in detail
            assert "[0-9" not in detail

    def test_a_wrong_price_is_told_in_chinese(self, world, merchant):
        sku = world.sku(merchant)
        content = csv_of([["库存ID", "售价"], [sku["id"], "九块九"], [sku["id"], "9.999"], [sku["id"], "-1"]])
        results = made(sent(merchant, "/skus/import", content, headers={"Accept-Language": "zh"}))["results"]
        assert [result["detail"] for result in results] == [
            "售价“九块九”：须为数字，如 129.00",
            "售价“9.999”：金额最多两位小数",
            "售价“-1”：须不小于 0",
        ]


class TestCells:
    noise = st.text(st.sampled_from(" \t\r\n\u200b\u200e\ufeff\u3000\u00a0\u2009"), max_size=3)

    @given(st.text(st.sampled_from("0123456789ABCxyz-_."), min_size=1, max_size=14), noise, noise)
    def test_a_code_keeps_its_meaning_in_whatever_it_is_typed(self, code, before, after):
        for typed in (code, f"'{code}", f'="{code}"', code.translate({ord(a): ord(a) + 0xFEE0 for a in "0123456789ABCxyz"})):
            assert cells.code("a", f"{before}{typed}{after}", typed=False) == (code, None)
        spaced = " ".join(code)
        assert cells.code("a", spaced, typed=True).text == code

    @given(st.text(max_size=40), st.booleans())
    def test_any_text_has_a_meaning_that_can_be_written_down(self, text, typed):
        for clean in (cells.code, cells.amount, cells.word):
            meant, _ = clean("a", text, typed)
            json.dumps(meant).encode()
            meant.encode()
            assert meant == meant.strip()
            assert "\0" not in meant

    @given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=30))
    def test_words_stay_as_they_are_but_for_their_form(self, text):
        once = cells.word("a", text, typed=True).text
        assert cells.word("a", f" {once}", typed=True).text in (once, once.removeprefix("'"), cells.plain(once))

    @given(st.integers(0, 999_999_999_999_999))
    def test_a_number_shows_its_digits(self, number):
        assert shown(float(number)) == str(number)
        assert shown(float(number), "0" * 18) == f"{number:018}"
        assert shown(float(number), "0000-0000").replace("-", "") == f"{number:08}"
        assert shown(float(number), '"SF"0000000000') == f"SF{number:010}"

    @pytest.mark.parametrize(
        ("value", "layout", "seen"),
        [
            (19647, "0000000000000", "0000000019647"),
            (13800000000, "000-0000-0000", "138-0000-0000"),
            (1234.5, "0000.00", "1234.5"),
            (1299, "#,##0.00", "1299"),
            (5, "yyyy-mm-dd", "5"),
            (-7, "0000", "-7"),
            (7, "0000;[Red]-0000", "0007"),
            (7, '00"件"', "7"),
        ],
    )
    def test_layouts(self, value, layout, seen):
        assert shown(float(value), layout) == seen

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [("1,299.00", "1299.00"), ("￥129", "129"), ("¥ 1,299", "1299"), ("１２．５", "12.5"), ("12元", "12"),
         ("1,29", "1,29"), ("RMB 5", "5")],
    )  # fmt: skip
    def test_amounts(self, typed, meant):
        assert cells.amount("a", typed, typed=False) == (meant, None)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
