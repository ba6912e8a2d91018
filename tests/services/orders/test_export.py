"""Orders and SKUs as files: what spreadsheet programs make of them, and what the service keeps meanwhile."""

import datetime
import io
import socket
import zipfile
from urllib.parse import urlsplit

import httpx
import pytest

from app.services.orders import export
from app.sheets import writing
from tests.support.factories import made
from tests.support.sheets import csv_of, read_csv, read_xlsx, sent
from tests.support.waiting import eventually

HEADINGS = [column.heading for column in export.COLUMNS.values()]
FORMATS = ["csv", "xlsx"]
AT = 1_704_164_645  # 2024-01-02 11:04:05 in Shanghai


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def table(caller, file_format, path="/orders/export", **asked):
    answer = caller.get(path, format=file_format, **asked)
    assert answer.status_code == 200, answer.text
    name = path.split("/")[1]
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.{file_format}"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    return (read_csv if file_format == "csv" else read_xlsx)(answer.content)


class TestOrders:
    def test_csv_shows_each_value_as_it_is_meant(self, world, merchant, customer):
        order = world.order(merchant, customer, 1, create_time=AT, num=3, pay_count=29.7)
        header, row = table(merchant, "csv")
        assert header == HEADINGS
        shown = dict(zip(header, row, strict=True))
        delivered = datetime.datetime.fromtimestamp(order["deliver_time"], datetime.timezone(datetime.timedelta(hours=8)))
        assert shown == {
            "订单号": order["order_number"],
            "订单状态": "待收货",
            "商品": "水杯",
            "规格": "蓝色",
            "单价": "9.9",
            "数量": "3",
            "支付金额": "29.7",
            "收货人": "张三",
            "收货电话": "\t13800000000",
            "收货地址": "上海市浦东新区世纪大道 1 号",
            "物流商": "顺丰速运",
            "物流单号": "SF1391234567890",
            "下单时间": "2024-01-02 11:04:05",
            "发货时间": delivered.strftime("%Y-%m-%d %H:%M:%S"),
            "收货时间": "",
            "结束时间": "",
            "发货地址": "",
            "退款原因": "",
            "订单ID": str(order["id"]),
            "库存ID": str(order["sku_id"]),
            "买家ID": str(order["customer_id"]),
        }
        raw = merchant.get("/orders/export").content.decode("utf-8-sig")
        assert '"\t13800000000"' in raw

    def test_xlsx_has_numbers_texts_and_times(self, world, merchant, customer):
        order = world.order(merchant, customer, 1, create_time=AT, num=3, pay_count=29.7, order_number="1391234567890123")
        header, row = table(merchant, "xlsx")
        assert header == HEADINGS
        shown = dict(zip(header, row, strict=True))
        assert shown["订单号"] == "1391234567890123"
        assert shown["收货电话"] == "13800000000"
        assert (shown["单价"], shown["数量"], shown["支付金额"], shown["订单ID"]) == (9.9, 3, 29.7, order["id"])
        assert shown["下单时间"] == datetime.datetime(2024, 1, 2, 11, 4, 5)
        assert (shown["收货时间"], shown["退款原因"]) == ("", "")

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_every_state_goes_by_its_chinese_name(self, world, merchant, customer, file_format):
        for status in (0, 1, 2, 3, 4, -1):
            world.order(merchant, customer, status)
        names = {each["value"]: each["zh"] for each in made(merchant.client.get("/api/v1/statuses"))["order"]}
        rows = table(merchant, file_format, columns="status")
        assert sorted(row[0] for row in rows[1:]) == sorted(names.values())

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_nothing_in_a_cell_is_a_formula(self, world, merchant, customer, file_format):
        names = ['=HYPERLINK("http://a.b","x")', "+1", "-1", "@SUM(A1)", "＝1＋1", "a=1", 'say "x", y', "1-2"]
        for name in names:
            world.order(merchant, customer, receiver_name=name)
        rows = table(merchant, file_format, columns=["receiver_name"])
        marked = "'" if file_format == "csv" else ""
        assert [row[0] for row in rows[1:]] == [(marked + name if name[0] in "=+-@＝" else name) for name in names[::-1]]
        if file_format == "xlsx":
            content = merchant.get("/orders/export", format="xlsx").content
            assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_each_order_shows_what_was_bought_by_it(self, world, merchant, customer, file_format):
        sold = [{"sku_name": name, "sku_attr": "{}", "price": price, "stock": 9} for name, price in (("-红", 1.5), ("蓝", 2))]
        skus = world.product(merchant, name="=1+1", skus=sold)["skus"]
        for sku in (skus[0], skus[1], skus[0]):
            world.order(merchant, customer, sku=sku)
        rows = table(merchant, file_format, columns="sku_name,product_name,price")
        marked = "'" if file_format == "csv" else ""
        red, blue = [f"{marked}-红", f"{marked}=1+1", "1.5"], ["蓝", f"{marked}=1+1", "2"]
        assert [[*names, f"{float(price):g}"] for *names, price in rows[1:]] == [red, blue, red]

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_codes_that_start_like_formulas_are_text_too(self, world, merchant, customer, file_format):
        world.order(merchant, customer, receiver_phone="+8613800000", order_number=f"-{file_format}")
        marked = "'" if file_format == "csv" else ""
        shown = table(merchant, file_format, columns="receiver_phone,order_number")[1]
        assert shown == [f"{marked}+8613800000", f"{marked}-{file_format}"]

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_columns_are_chosen_and_ordered_each_once(self, world, merchant, customer, file_format):
        world.order(merchant, customer)
        rows = table(merchant, file_format, columns="num,order_number,num")
        assert rows[0] == ["数量", "订单号"]
        assert len(rows) == 2

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_no_order_is_a_header_alone(self, merchant, file_format):
        assert table(merchant, file_format) == [HEADINGS]

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_the_lists_filters_choose_the_same_orders(self, world, merchant, customer, file_format):
        old = world.order(merchant, customer, 1, create_time=AT, receiver_name="李四")
        new = world.order(merchant, customer)
        world.order(world.merchant(), customer)
        for asked in (
            {},
            {"status": 1},
            {"status": "0,1"},
            {"receiver": "李"},
            {"create_to": AT},
            {"order_number": new["order_number"]},
            {"sku_id": old["sku_id"]},
            {"overdue": "true"},
            {"overdue": "false"},
        ):
            listed = [order["id"] for order in made(merchant.get("/orders", **asked))["items"]]
            rows = table(merchant, file_format, columns="order_id", **asked)
            assert [int(row[0]) for row in rows[1:]] == listed

    @pytest.mark.parametrize(
        "asked",
        [
            {"columns": "order_number,password_hash"},
            {"format": "pdf"},
            {"page": 2},
            {"status": 9},
            {"unknown": 1},
        ],
        ids=str,
    )
    def test_what_can_not_be_asked_is_refused(self, merchant, asked):
        answer = merchant.get("/orders/export", **asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")

    @pytest.mark.parametrize("path", ["/orders/export", "/except-orders/export", "/skus/export"])
    def test_a_column_that_there_is_not_is_refused_with_those_that_there_are(self, merchant, path):
        for language in ("zh", "en"):
            answer = merchant.call("GET", f"{path}?columns=password_hash", headers={"Accept-Language": language})
            [error] = answer.json()["errors"]
            assert (answer.status_code, error["code"]) == (422, "unknown_column")
            named = error["detail"].split("：" if language == "zh" else "choose of ")[1].split(", ")
            chosen = merchant.call("GET", f"{path}?columns={','.join(named)}").text
            assert chosen == merchant.get(path).text

    def test_more_rows_than_a_sheet_has_are_refused_before_the_first_byte(self, world, merchant, customer, monkeypatch):
        monkeypatch.setattr(writing, "MAX_XLSX_ROWS", 1)
        world.order(merchant, customer)
        assert len(table(merchant, "xlsx")) == 2
        world.order(merchant, customer)
        answer = merchant.get("/orders/export", format="xlsx")
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rows")
        assert len(table(merchant, "csv")) == 3

    @pytest.mark.parametrize("path", ["/orders/export", "/skus/export", "/orders/ship/template"])
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_a_session_that_ended_gets_nothing(self, merchant, path, file_format):
        assert merchant.post("/logout").status_code == 204
        assert merchant.get(path, format=file_format).status_code == 401

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_an_export_filled_in_is_a_shipping(self, world, merchant, customer, file_format):
        orders = [world.order(merchant, customer) for _ in range(2)]
        header, *rows = table(merchant, file_format, status=0)
        filled = dict.fromkeys(header)
        for row in rows:
            filled = {**dict(zip(header, row, strict=True)), "物流商": "顺丰速运", "物流单号": "SF7"}
            row[:] = filled.values()
        assert made(sent(merchant, "/orders/ship/import", csv_of([header, *rows], "gb18030")))["shipped"] == len(orders)


class TestConnections:
    """Of a server that has two connections: nobody's pace holds one of them."""

    @pytest.fixture
    def many(self, world, merchant, customer, sql):
        order = world.order(merchant, customer)
        sql("SET session_replication_role = replica")
        names = [name for (name,) in sql("SELECT column_name FROM information_schema.columns WHERE table_name = 'order'")]
        values = [{"id": "1000000 + g", "order_number": "'M' || g"}.get(name, f'"{name}"') for name in names]
        columns = ", ".join(f'"{name}"' for name in names)
        copied = f'SELECT {", ".join(values)} FROM "order", generate_series(1, 60000) g WHERE id = %s'
        sql(f'INSERT INTO "order" ({columns}) {copied}', order["id"])
        yield
        sql('DELETE FROM "order" WHERE id > 1000000')
        sql("SET session_replication_role = origin")

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_clients_that_stop_reading_or_leave_hold_none(self, merchant, many, served, file_format, sql):
        url = served(THREADS="2", POOL_SIZE="4")
        idle = [_asking(url, merchant.token, file_format) for _ in range(4)]
        begun = [one.recv(100) for one in idle]
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in begun)
        for _ in range(10):
            answer = httpx.get(
                url + "/api/v1/merchant/orders", headers={"Authorization": f"Bearer {merchant.token}"}, timeout=5
            )
            assert answer.status_code == 200
        busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE '%%transaction%%'"
        for one in idle:
            one.close()
        eventually(lambda: sql(busy) == [(0,)], 5)


def _asking(url, token, file_format):
    """A connection that has asked for an export and reads as little as it likes."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    request = (
        f"GET /api/v1/merchant/orders/export?format={file_format} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    connection.sendall(request.encode())
    return connection
