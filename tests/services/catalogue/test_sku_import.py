"""SKUs taken away, edited and sent back: prices and stocks, each row by itself."""

import pytest

from tests.support.factories import made
from tests.support.sheets import csv_of, read_csv, read_xlsx, sent, xlsx_of

HEADER = ["库存ID", "单价", "库存量", "导出时库存"]
IMPORT = "/skus/import"
FORMATS = {"csv": (read_csv, csv_of), "xlsx": (read_xlsx, xlsx_of)}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def sku(world, merchant):
    return world.sku(merchant, price=9.9, stock=5)


def imported(merchant, *rows, header=HEADER, **options):
    return made(sent(merchant, IMPORT, csv_of([header, *rows]), **options))


def codes(answer):
    return [result["code"] for result in answer["results"]]


def now(merchant, sku):
    shown = made(merchant.get(f"/skus/{sku['id']}"))
    return shown["price"], shown["stock"], shown["status"]


class TestExport:
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_it_shows_what_is_on_the_shop(self, world, merchant, file_format):
        sku = world.sku(merchant, sku_name="=1+1", price=9.9, stock=0, sku_code="0012")
        world.sku(world.merchant())
        gone = world.sku(merchant)
        assert merchant.delete(f"/skus/{gone['id']}").status_code == 204
        header, *rows = FORMATS[file_format][0](merchant.get("/skus/export", format=file_format).content)
        attributes = '{"颜色":"蓝"}'
        numbers = [sku["id"], 9.9, 0, 0, sku["product_id"]]
        if file_format == "csv":
            numbers = [str(number) for number in numbers]
        assert header == ["库存ID", "商家编码", "商品", "规格", "规格属性", "单价", "库存量", "导出时库存", "状态", "货物ID"]
        name, code = ("'=1+1", "\t0012") if file_format == "csv" else ("=1+1", "0012")
        assert rows == [[numbers[0], code, "水杯", name, attributes, *numbers[1:4], "缺货", numbers[4]]]

    def test_filters_and_columns_choose(self, world, merchant, sku):
        world.sku(merchant, stock=0)
        answer = merchant.get("/skus/export", status=1, columns="stock,sku_id")
        assert read_csv(answer.content) == [["库存量", "库存ID"], ["5", str(sku["id"])]]
        assert merchant.get("/skus/export", columns="business_id").status_code == 422


class TestImport:
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_an_export_edited_is_what_then_stands(self, world, merchant, sku, file_format):
        other = world.sku(merchant, stock=3)
        read, write = FORMATS[file_format]
        header, *rows = read(merchant.get("/skus/export", format=file_format).content)
        for row in rows:
            if int(row[0]) == sku["id"]:
                row[header.index("单价")], row[header.index("库存量")] = "12.5", "0"
        answer = made(sent(merchant, IMPORT, write([header, *rows])))
        assert (answer["changed"], answer["failed"]) == (2, 0)
        assert now(merchant, sku) == (12.5, 0, 0)
        assert now(merchant, other) == (9.9, 3, 1)
        movement = made(merchant.get(f"/skus/{sku['id']}/movements"))["items"][0]
        assert [movement[name] for name in ("delta", "stock_after", "reason", "actor_id")] == [-5, 0, "import", merchant.id]
        assert made(merchant.get(f"/skus/{other['id']}/movements"))["total"] == 1

    def test_a_price_or_a_stock_alone_is_enough(self, world, merchant, sku):
        assert imported(merchant, [sku["id"], "0.01"], header=HEADER[:2])["changed"] == 1
        assert imported(merchant, [sku["id"], "", "8", "5"])["changed"] == 1
        assert now(merchant, sku) == (0.01, 8, 1)

    @pytest.mark.parametrize("file_format", FORMATS)
    @pytest.mark.parametrize("heading", ["商家编码", "商家 SKU 编码", "sku_code", "Seller SKU"])
    def test_a_code_stands_for_the_id(self, world, merchant, file_format, heading):
        coded, spaced = world.sku(merchant, sku_code="0012", stock=5), world.sku(merchant, sku_code="A 1", stock=5)
        world.sku(world.merchant(), sku_code="F-1")
        rows = [["0012", "1", "8", "5"], ["A 1", "2", "", ""], ["F-1", "3", "", ""], ["", "4", "", ""], ["0012", "5", "", ""]]
        answer = made(sent(merchant, IMPORT, FORMATS[file_format][1]([[heading, *HEADER[1:]], *rows])))
        assert codes(answer) == [None, None, "not_found", "invalid_input", "duplicate_row"]
        assert (now(merchant, coded)[:2], now(merchant, spaced)[:2]) == ((1, 8), (2, 5))
        assert [result["sku_id"] for result in answer["results"][:2]] == [coded["id"], spaced["id"]]
        assert f"{heading} “F-1”: " in answer["results"][2]["detail"]
        assert answer["results"][3]["detail"] == f"fill in “库存ID” or “{heading}”"

    def test_an_id_and_the_code_of_another_sku_are_refused(self, world, merchant, sku):
        other = world.sku(merchant, sku_code="B-1")
        header = ["库存ID", "商家编码", "单价"]
        assert codes(imported(merchant, [sku["id"], "B-1", "1"], [other["id"], "", "2"], header=header)) == ["not_found", None]
        assert codes(imported(merchant, [other["id"], "B-1", "3"], ["", "B-1", "4"], header=header)) == [None, "duplicate_row"]
        assert (now(merchant, sku)[0], now(merchant, other)[0]) == (9.9, 3)

    def test_no_bad_row_stops_another(self, world, merchant, sku):
        other = world.sku(merchant, stock=3)
        strangers = world.sku(world.merchant())
        answer = imported(
            merchant,
            [strangers["id"], "1", "", ""],
            ["abc", "1", "", ""],
            [2**31, "1", "", ""],
            [sku["id"], "-1", "", ""],
            [sku["id"], "1.001", "", ""],
            [sku["id"], "", "", ""],
            [sku["id"], "", "4", ""],
            [sku["id"], "", "-1", "5"],
            [sku["id"], "", "9", "5"],
            [sku["id"], "2", "", ""],
            [other["id"], "7", "9", "4"],
            [other["id"], "7", "2", "3"],
        )
        assert codes(answer) == [
            "not_found",
            *["invalid_input"] * 6,
            None,
            "duplicate_row",
            "stock_changed",
            "duplicate_row",
        ]
        assert [result["sku_id"] for result in answer["results"][:3]] == [strangers["id"], "abc", 2**31]
        assert [result["row"] for result in answer["results"]] == [2, 3, 4, 5, 6, *range(8, 14)]
        assert answer["skipped"] == 1
        assert now(merchant, sku) == (9.9, 9, 1)
        assert now(merchant, other) == (9.9, 3, 1)

    def test_a_stock_that_changed_meanwhile_is_not_overwritten(self, merchant, sku):
        made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": -2, "reason": "盘点"}))
        answer = imported(merchant, [sku["id"], "1", "9", "5"])
        assert codes(answer) == ["stock_changed"]
        assert "3" in answer["results"][0]["detail"]
        assert now(merchant, sku) == (9.9, 3, 1)

    def test_a_stock_that_was_not_edited_is_left_alone(self, merchant, sku):
        made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": -2, "reason": "盘点"}))
        assert codes(imported(merchant, [sku["id"], "1", "5", "5"])) == [None]
        assert now(merchant, sku) == (1, 3, 1)

    def test_a_dry_run_tells_the_same_and_changes_nothing(self, merchant, sku, sql):
        rows = ([sku["id"], "1", "9", "5"], [sku["id"], "1", "", ""])
        before = sql(
            "SELECT s::text, (SELECT count(*) FROM event), (SELECT count(*) FROM stock_movement) FROM sku s ORDER BY id"
        )
        told = imported(merchant, *rows, params={"dry_run": "true"})
        assert before == sql(
            "SELECT s::text, (SELECT count(*) FROM event), (SELECT count(*) FROM stock_movement) FROM sku s ORDER BY id"
        )
        assert imported(merchant, *rows) == told
        assert now(merchant, sku) == (1, 9, 1)

    def test_changes_are_written_down(self, merchant, sku, sql):
        imported(merchant, [sku["id"], "1", "9", "5"])
        assert sql(
            "SELECT verb, details FROM event WHERE subject = 'sku' AND subject_id = %s ORDER BY id DESC LIMIT 2", sku["id"]
        ) == [
            ("stock", {"stock": 9, "delta": 4, "reason": "import", "reference": None}),
            ("change", {"price": 1}),
        ]
        assert sql(
            "SELECT stock = (SELECT sum(delta) FROM stock_movement WHERE sku_id = s.id) FROM sku s WHERE id = %s", sku["id"]
        ) == [(True,)]

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (csv_of([HEADER]), 422, "empty_file"),
            (csv_of([["单价"], ["1"]]), 422, "wrong_columns"),
            (csv_of([[*HEADER, "id"], ["1", "1", "1", "1", "1"]]), 422, "wrong_columns"),
            (b"MZ\0", 415, "unsupported_file"),
            (csv_of([HEADER, *[["1", "1", "", ""]] * 10_001]), 422, "too_many_rows"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_a_bad_file_is_refused_whole(self, merchant, content, status, code):
        answer = sent(merchant, IMPORT, content)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
