"""Shipping many orders at once, from JSON and from files: each row by itself, each order once."""

import io
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from app.services import carrier_names
from tests.support.api import Caller
from tests.support.factories import made
from tests.support.sheets import csv_of, read_csv, read_xlsx, sent, xlsx_of, xlsx_with

HEADER = ["订单号", "物流商", "物流单号"]
IMPORT = "/orders/ship/import"
RACERS = 8
MAX_INT = 2**31 - 1
CALLED = [
    ("韵达快递", "韵达速递"),
    ("京东物流", "京东快递"),
    ("中国邮政", "邮政快递包裹"),
    ("百世快递", "百世快递"),
    ("极兔", "极兔速递"),
    ("yuantong", "圆通速递"),
    ("POSTB", "邮政快递包裹"),
    ("德邦快运", "德邦快运"),
    (" 顺 丰 ", "顺丰速运"),
]


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def order(world, merchant, customer):
    return world.order(merchant, customer)


def item(order, **values):
    return {"order_id": order["id"], "logistic_id": 1, "logistic_order_id": "SF1", **values}


def line(order, carrier="顺丰速运", parcel="SF1"):
    return [order["order_number"], carrier, parcel]


def batch(merchant, *items, **options):
    return made(merchant.post("/orders/ship", {"items": list(items), **options}))


def codes(answer):
    return [result["code"] for result in answer["results"]]


def now(merchant, order):
    shown = made(merchant.get(f"/orders/{order['id']}"))
    return tuple(shown[name] for name in ("status", "logistic_id", "logistic_name", "logistic_order_id"))


class TestShip:
    @pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "a,b", "{a}", "NULL", "it's", "%(now)s", "顺丰 🚚", "$1"])
    def test_a_carrier_may_be_called_anything(self, merchant, order, name):
        batch(merchant, {"order_id": order["id"], "logistic_name": name, "logistic_order_id": "SF1"})
        assert now(merchant, order) == (1, None, name, "SF1")

    @pytest.mark.parametrize(("called", "name"), CALLED)
    @pytest.mark.parametrize("way", ["single", "batch", "import"])
    def test_carriers_go_by_the_names_that_people_use(self, merchant, order, way, called, name):
        if way == "single":
            made(merchant.post(f"/orders/{order['id']}/ship", {"logistic_name": called, "logistic_order_id": "SF1"}))
        elif way == "batch":
            batch(merchant, {"order_id": order["id"], "logistic_name": called, "logistic_order_id": "SF1"})
        else:
            made(sent(merchant, IMPORT, csv_of([HEADER, line(order, called)])))
        status, carrier_id, carrier_name, _ = now(merchant, order)
        assert (status, carrier_name) == (1, name)
        known = made(merchant.client.get("/api/v1/logistics-companies", params={"size": 100}))["items"]
        assert [each["name"] for each in known if each["id"] == carrier_id] == [name]

    def test_every_name_of_every_carrier_leads_to_it(self, merchant):
        listed = made(merchant.client.get("/api/v1/logistics-companies", params={"size": 100}))["items"]
        assert set(carrier_names.NAMES) <= {each["code"] for each in listed}
        words = carrier_names.by_word([(each["code"], each["name"]) for each in listed])
        for each in listed:
            for name in (each["name"], each["code"], *carrier_names.NAMES.get(each["code"], ())):
                assert words[carrier_names.simplified(name)] == each["code"], name

    @pytest.mark.parametrize(("typed", "nearest"), [("顺疯快递", "顺丰速运"), ("圆痛", "圆通速递"), ("zhongtng", "中通快递")])
    def test_an_unknown_carrier_is_repeated_with_the_nearest_known_one(self, merchant, order, typed, nearest):
        (result,) = made(sent(merchant, IMPORT, csv_of([HEADER, line(order, typed)])))["results"]
        assert result["code"] == "unknown_carrier"
        assert f"“{typed}”" in result["detail"]
        assert f"“{nearest}”" in result["detail"]
        (far,) = made(sent(merchant, IMPORT, csv_of([HEADER, line(order, "Q" * 20)])))["results"]
        assert "Q" * 20 in far["detail"]

    def test_an_id_and_another_name_of_the_same_carrier_agree(self, merchant, order):
        item = {"logistic_id": 1, "logistic_name": "顺丰", "logistic_order_id": "SF1"}
        assert made(merchant.post(f"/orders/{order['id']}/ship", item))["logistic_name"] == "顺丰速运"

    def test_every_row_is_shipped_with_its_own_parcel(self, world, merchant, customer):
        orders = [world.order(merchant, customer) for _ in range(3)]
        answer = batch(
            merchant,
            item(orders[0]),
            item(orders[1], logistic_id=2, logistic_order_id="YT-2"),
            {"order_number": orders[2]["order_number"], "logistic_name": "自家车队", "logistic_order_id": "C3"},
        )
        assert (answer["shipped"], answer["failed"]) == (3, 0)
        assert answer["results"] == [
            {"row": row, "order_number": order["order_number"], "ok": True, "code": None, "detail": None}
            for row, order in enumerate(orders, 1)
        ]
        carrier = {each["id"]: each["name"] for each in made(merchant.client.get("/api/v1/logistics-companies"))["items"]}
        assert [now(merchant, order) for order in orders] == [
            (1, 1, carrier[1], "SF1"),
            (1, 2, carrier[2], "YT-2"),
            (1, None, "自家车队", "C3"),
        ]

    def test_a_shipping_is_the_same_as_a_single_one(self, world, merchant, customer, order):
        other = world.order(merchant, customer)
        batch(merchant, item(order))
        made(merchant.post(f"/orders/{other['id']}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"}))
        fields = {"deliver_time", "status", "logistic_id", "logistic_name", "logistic_order_id", "deliver_address", "actions"}
        shown = [made(merchant.get(f"/orders/{each['id']}")) for each in (order, other)]
        assert {name: shown[0][name] for name in fields - {"deliver_time"}} == {
            name: shown[1][name] for name in fields - {"deliver_time"}
        }
        assert abs(shown[0]["deliver_time"] - shown[1]["deliver_time"]) <= 5
        events = [made(merchant.get(f"/orders/{each['id']}/events"))["items"][0] for each in (order, other)]
        alike = ("verb", "actor_kind", "actor_id", "subject", "from_status", "to_status", "details")
        assert [events[0][name] for name in alike] == [events[1][name] for name in alike]
        assert events[0]["verb"] == "ship"

    def test_no_bad_row_stops_another(self, world, merchant, customer, order):
        shipped, received, refunding = (world.order(merchant, customer, status) for status in (1, 2, -1))
        strangers = world.order(world.merchant(), customer)
        answer = batch(
            merchant,
            item(strangers),
            {"order_number": strangers["order_number"], "logistic_id": 1, "logistic_order_id": "SF1"},
            item(order, logistic_id=MAX_INT),
            item(order, logistic_order_id="S/F"),
            item(order, logistic_id=1, logistic_name="圆通速递"),
            {"order_id": order["id"], "logistic_order_id": "SF1"},
            {"logistic_id": 1, "logistic_order_id": "SF1"},
            {"order_id": order["id"], "logistic_id": 1},
            item(shipped, logistic_order_id="SF1391234567890"),
            item(shipped, logistic_order_id="ANOTHER"),
            item(received),
            item(refunding),
            item({"id": 2**40}),
            item(order),
            {"order_number": order["order_number"], "logistic_id": 1, "logistic_order_id": "SF2"},
            {"order_id": order["id"], "order_number": shipped["order_number"], "logistic_id": 1, "logistic_order_id": "SF1"},
        )
        assert codes(answer) == [
            "not_found",
            "not_found",
            "unknown_carrier",
            "invalid_input",
            "carrier_differs",
            "carrier_missing",
            "invalid_input",
            "tracking_missing",
            None,
            "duplicate_row",
            "order_completed",
            "order_refunding",
            "invalid_input",
            None,
            "duplicate_row",
            "not_found",
        ]
        assert (answer["shipped"], answer["failed"]) == (2, 14)
        assert all(result["detail"] for result in answer["results"] if not result["ok"])
        assert now(merchant, order)[3] == "SF1"
        assert now(merchant, shipped)[3] == "SF1391234567890"

    @pytest.mark.parametrize("parcel", [{"logistic_order_id": "ANOTHER"}, {"logistic_id": 2}], ids=["number", "carrier"])
    def test_another_parcel_does_not_take_the_place_of_the_one_under_way_unless_it_corrects(
        self, world, merchant, customer, parcel
    ):
        shipped = world.order(merchant, customer, 1)
        before = now(merchant, shipped)
        row = item(shipped, **{"logistic_order_id": before[3], **parcel})
        assert codes(batch(merchant, row)) == ["already_shipped"]
        assert now(merchant, shipped) == before
        told = batch(merchant, row, correct=True, dry_run=True)
        assert now(merchant, shipped) == before
        assert batch(merchant, row, correct=True) == told
        assert told["shipped"] == 1
        after = now(merchant, shipped)
        assert (after[1], after[3]) == (row["logistic_id"], row["logistic_order_id"])
        events = made(merchant.get(f"/orders/{shipped['id']}/events"))["items"]
        assert [event["details"]["logistic_order_id"] for event in events[:2]] == [row["logistic_order_id"], before[3]]

    def test_corrections_and_shipments_go_together(self, world, merchant, customer):
        to_ship, shipped, asked = (world.order(merchant, customer, status) for status in (0, 1, 1))
        world.ask(customer, asked)
        answer = batch(merchant, *map(item, (to_ship, shipped, asked)), correct=True)
        assert codes(answer) == [None] * 3
        assert [now(merchant, each) for each in (to_ship, shipped, asked)] == [
            (status, 1, "顺丰速运", "SF1") for status in (1, 1, -1)
        ]

    def test_a_correction_ends_where_the_order_does(self, world, merchant, customer):
        ended = [world.order(merchant, customer, status) for status in (2, 3, 4, -1)]
        answer = batch(merchant, *map(item, ended), correct=True)
        assert codes(answer) == ["order_completed", "order_refunded", "refund_refused", "order_refunding"]

    @pytest.mark.parametrize("parcel", [{}, {"logistic_order_id": "42"}], ids=["none", "a number"])
    @pytest.mark.parametrize("carrier", ["无需物流", "自提", "同城配送"])
    def test_what_leaves_without_a_parcel_needs_no_number(self, world, merchant, customer, carrier, parcel):
        listed = made(merchant.client.get("/api/v1/logistics-companies"))["items"]
        carrier_id = next(each["id"] for each in listed if each["name"] == carrier)
        assert {each["name"] for each in listed if not each["needs_tracking"]} == {"无需物流", "自提", "同城配送"}
        one, named, many, filed = (world.order(merchant, customer) for _ in range(4))
        made(merchant.post(f"/orders/{one['id']}/ship", {"logistic_id": carrier_id, **parcel}))
        made(merchant.post(f"/orders/{named['id']}/ship", {"logistic_name": carrier, **parcel}))
        batch(merchant, {"order_id": many["id"], "logistic_id": carrier_id, **parcel})
        content = csv_of([HEADER, line(filed, carrier, parcel.get("logistic_order_id", ""))])
        assert made(sent(merchant, IMPORT, content))["shipped"] == 1
        number = parcel.get("logistic_order_id")
        assert {now(merchant, each) for each in (one, named, many, filed)} == {(1, carrier_id, carrier, number)}
        assert made(customer.post(f"/orders/{one['id']}/receive"))["status"] == 2

    @pytest.mark.parametrize("carrier", [{"logistic_id": 1}, {"logistic_name": "自家车队"}])
    def test_a_parcel_needs_its_number(self, merchant, order, carrier):
        answer = merchant.post(f"/orders/{order['id']}/ship", carrier)
        assert (answer.status_code, answer.json()["code"]) == (422, "tracking_missing")
        assert answer.json()["errors"][0]["field"] == "logistic_order_id"
        assert codes(batch(merchant, {"order_id": order["id"], **carrier})) == ["tracking_missing"]
        assert now(merchant, order)[0] == 0

    @pytest.mark.parametrize(("language", "word"), [("zh", "格式不正确"), ("en", "match")])
    def test_reasons_are_told_in_the_callers_language(self, merchant, order, language, word):
        body = {"items": [item(order, logistic_order_id="S/F")]}
        answer = made(merchant.post("/orders/ship", body, headers={"Accept-Language": language}))
        detail = answer["results"][0]["detail"]
        assert detail.startswith("logistic_order_id: ")
        assert word in detail

    def test_a_dry_run_tells_the_same_and_changes_nothing(self, world, merchant, customer, order, sql):
        items = [item(order), item(world.order(merchant, customer, 1)), item(order), item({"id": MAX_INT})]
        before = sql('SELECT o::text, (SELECT count(*) FROM event) FROM "order" o ORDER BY id')
        told = batch(merchant, *items, dry_run=True)
        assert sql('SELECT o::text, (SELECT count(*) FROM event) FROM "order" o ORDER BY id') == before
        assert batch(merchant, *items) == told
        assert now(merchant, order)[0] == 1

    def test_the_same_batch_again_harms_nothing(self, world, merchant, customer):
        orders = [world.order(merchant, customer) for _ in range(2)]
        assert batch(merchant, *map(item, orders))["shipped"] == 2
        again = batch(merchant, *map(item, orders))
        assert codes(again) == [None] * 2
        assert all(len(made(merchant.get(f"/orders/{order['id']}/events"))["items"]) == 2 for order in orders)

    def test_a_key_is_answered_as_at_first(self, merchant, order):
        body, key = {"items": [item(order)]}, {"Idempotency-Key": "batch-1"}
        first = merchant.post("/orders/ship", body, headers=key)
        again = merchant.post("/orders/ship", body, headers=key)
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert made(first)["shipped"] == 1

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"items": []},
            {"items": [{}] * 1001},
            {"items": [{"order_id": "1"}]},
            {"items": [{"unknown": 1}]},
            {"items": [1]},
            {"items": [{}], "dry_run": "yes"},
        ],
        ids=lambda body: str(body)[:50],
    )
    def test_what_is_no_batch_is_refused_whole(self, merchant, body):
        answer = merchant.post("/orders/ship", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")

    def test_a_thousand_rows_are_taken(self, merchant, order):
        answer = batch(merchant, *[item({"id": MAX_INT})] * 999, item(order))
        assert (answer["shipped"], answer["failed"]) == (1, 999)


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_csv_in_the_encodings_that_shops_use(self, merchant, order, encoding):
        content = csv_of([HEADER, line(order)], encoding)
        answer = made(sent(merchant, IMPORT, content))
        assert answer["results"] == [
            {"row": 2, "order_number": order["order_number"], "ok": True, "code": None, "detail": None}
        ]
        assert now(merchant, order) == (1, 1, "顺丰速运", "SF1")

    @pytest.mark.parametrize(
        "header",
        [HEADER, ["order_number", "carrier", "logistic_order_id"], ["*订单编号 ", "物流公司", "快递单号"]],
    )
    @pytest.mark.parametrize("write", [csv_of, xlsx_of])
    def test_columns_go_by_their_names(self, merchant, order, header, write):
        rows = [["备注", *reversed(header)], ["x", *reversed(line(order))]]
        assert made(sent(merchant, IMPORT, write(rows), "a.xlsx"))["shipped"] == 1

    @pytest.mark.parametrize("carrier", ["顺丰速运", "SF", "sf", "1", 1])
    def test_a_carrier_goes_by_name_code_or_id(self, merchant, order, carrier, sql):
        if carrier in ("SF", "sf"):
            carrier = carrier.replace("SF", sql("SELECT code FROM logistics_company WHERE id = 1")[0][0])
            carrier = carrier.replace("sf", sql("SELECT lower(code) FROM logistics_company WHERE id = 1")[0][0])
        assert made(sent(merchant, IMPORT, xlsx_of([HEADER, line(order, carrier)])))["shipped"] == 1
        assert now(merchant, order)[1:3] == (1, "顺丰速运")

    def test_a_carrier_that_nobody_knows_is_told(self, merchant, order):
        assert codes(made(sent(merchant, IMPORT, csv_of([HEADER, line(order, "顺疯")])))) == ["unknown_carrier"]

    @pytest.mark.parametrize(
        ("number", "parcel"), [(139123456789.0, "139123456789"), (123456789012345, "123456789012345"), ("\t0012", "0012")]
    )
    def test_a_number_typed_as_a_number_keeps_its_digits(self, merchant, order, number, parcel):
        assert made(sent(merchant, IMPORT, xlsx_of([HEADER, line(order, parcel=number)])))["shipped"] == 1
        assert now(merchant, order)[3] == parcel

    def test_a_number_whose_last_digits_are_lost_is_refused(self, merchant, order):
        answer = made(sent(merchant, IMPORT, xlsx_of([HEADER, line(order, parcel=1391234567890123456)])))
        assert codes(answer) == ["invalid_input"]

    def test_rows_are_numbered_as_the_program_shows_them(self, merchant, order):
        rows = [[], HEADER, [], ["", " ", ""], line(order, parcel="S/F"), [], line(order), line(order, parcel="")]
        answer = made(sent(merchant, IMPORT, csv_of(rows)))
        assert [(result["row"], result["code"]) for result in answer["results"]] == [
            (5, "invalid_input"),
            (7, None),
            (8, "tracking_missing"),
        ]
        sheet = xlsx_with(
            '<row r="3"><c r="B3" t="inlineStr"><is><t>订单号</t></is></c><c r="C3" t="inlineStr"><is><t>物流商</t></is></c>'
            '<c t="inlineStr"><is><t>物流单号</t></is></c></row>'
            '<row r="9"><c r="B9" t="s"><v>0</v></c><c r="C9"><v>1</v></c><c r="D9" t="str"><v>SF1</v></c></row>',
            shared="<si><r><t>NO</t></r><r><t>NE</t></r><rPh><t>x</t></rPh></si>",
        )
        answer = made(sent(merchant, IMPORT, sheet))
        assert [(result["row"], result["order_number"], result["code"]) for result in answer["results"]] == [
            (9, "NONE", "not_found")
        ]

    def test_cells_right_of_the_header_are_told(self, merchant, order):
        assert codes(made(sent(merchant, IMPORT, csv_of([HEADER, [*line(order), "上海,浦东"]])))) == ["invalid_input"]

    @pytest.mark.parametrize("where", ["query", "form"])
    def test_a_dry_run_changes_nothing(self, merchant, order, where):
        options = {"params": {"dry_run": "true"}} if where == "query" else {"data": {"dry_run": "true"}}
        content = csv_of([HEADER, line(order), line(order)])
        told = made(sent(merchant, IMPORT, content, **options))
        assert (told["shipped"], codes(told)) == (1, [None, "duplicate_row"])
        assert now(merchant, order)[0] == 0
        assert made(sent(merchant, IMPORT, content)) == told

    def test_the_same_file_again_harms_nothing(self, merchant, order):
        content = csv_of([HEADER, line(order)])
        assert made(sent(merchant, IMPORT, content))["shipped"] == 1
        assert codes(made(sent(merchant, IMPORT, content))) == [None]
        assert len(made(merchant.get(f"/orders/{order['id']}/events"))["items"]) == 2

    @pytest.mark.parametrize("where", ["query", "form"])
    def test_another_file_corrects_what_it_says_it_corrects(self, world, merchant, customer, where):
        order = world.order(merchant, customer, 1)
        content = csv_of([HEADER, line(order, "圆通速递", "YT9")])
        assert codes(made(sent(merchant, IMPORT, content))) == ["already_shipped"]
        options = {"params": {"correct": "true"}} if where == "query" else {"data": {"correct": "true"}}
        assert codes(made(sent(merchant, IMPORT, content, **options))) == [None]
        assert now(merchant, order)[2:] == ("圆通速递", "YT9")

    def test_a_key_is_answered_as_at_first(self, merchant, order):
        request = merchant.client.build_request("POST", "/", files={"file": ("a.csv", csv_of([HEADER, line(order)]))})
        headers = {"Idempotency-Key": "file-1", "Content-Type": request.headers["content-type"]}
        first, again = (merchant.call("POST", IMPORT, content=request.read(), headers=headers) for _ in range(2))
        assert (made(first)["shipped"], again.content) == (1, first.content)
        assert again.headers["idempotent-replayed"] == "true"

    @pytest.mark.parametrize("file_format", ["csv", "xlsx"])
    def test_the_template_is_what_is_read(self, merchant, order, file_format):
        answer = merchant.get("/orders/ship/template", format=file_format)
        assert f'filename="ship.{file_format}"' in answer.headers["content-disposition"]
        header = (read_csv if file_format == "csv" else read_xlsx)(answer.content)[0]
        assert header == HEADER
        assert sent(merchant, IMPORT, answer.content).json()["code"] == "empty_file"
        write = csv_of if file_format == "csv" else xlsx_of
        assert made(sent(merchant, IMPORT, write([header, line(order)])))["shipped"] == 1

    @pytest.mark.long
    def test_ten_thousand_rows_are_taken_and_no_more(self, merchant, order):
        rows = [HEADER, *[["NONE", "1", "SF1"]] * 9_999, line(order)]
        answer = made(sent(merchant, IMPORT, csv_of(rows)))
        assert (answer["shipped"], answer["failed"]) == (1, 9_999)
        for write in (csv_of, xlsx_of):
            refused = sent(merchant, IMPORT, write([*rows, line(order)]))
            assert (refused.status_code, refused.json()["code"]) == (422, "too_many_rows")


def archive(**members):
    return xlsx_with("", **members)


def lying():
    """An archive whose member is far larger than it says."""
    content = bytearray(archive(**{"xl/media/a.bin": b"0" * 40_000_000}))
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            if struct.unpack_from("<I", content, at + place)[0] == 40_000_000:
                struct.pack_into("<I", content, at + place, 10)
    return bytes(content)


def encrypted():
    content = bytearray(archive())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + place] |= 1
    return bytes(content)


def other_compression():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as made_archive:
        made_archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


GOOD = [HEADER, ["ON1", "1", "SF1"]]
BAD_FILES = {
    "empty": (b"", 422, "empty_file"),
    "blank": (b"\xef\xbb\xbf\r\n \r\n,,\r\n", 422, "empty_file"),
    "only a header": (csv_of([HEADER]), 422, "empty_file"),
    "only a header, xlsx": (xlsx_of([HEADER]), 422, "empty_file"),
    "another encoding": (csv_of(GOOD, "utf-8") + b"\xff\xff", 422, "bad_encoding"),
    "no columns": (csv_of([["a", "b"], ["1", "2"]]), 422, "wrong_columns"),
    "a column missing": (csv_of([HEADER[:2], ["ON1", "1"]]), 422, "wrong_columns"),
    "a column twice": (csv_of([[*HEADER, "快递单号"], ["ON1", "1", "SF1", "SF2"]]), 422, "wrong_columns"),
    "an .exe": (b"MZ\x90\x00\x03\x00\x00\x00" + bytes(range(256)) * 20, 415, "unsupported_file"),
    "a PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 415, "unsupported_file"),
    "an .xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 415, "unsupported_file"),
    "half an archive": (xlsx_of(GOOD)[:500], 422, "broken_file"),
    "a .zip of something else": (archive(**{"xl/workbook.xml": b"<a/>"}), 422, "broken_file"),
    "a password": (encrypted(), 422, "protected_file"),
    "another compression": (other_compression(), 422, "broken_file"),
    "a zip bomb": (archive(**{"xl/media/a.bin": b"0" * 40_000_000}), 413, "too_large"),
    "a zip bomb that lies": (lying(), 413, "too_large"),
    "thousands of members": (archive(**{f"xl/{number}": b"" for number in range(1001)}), 413, "too_large"),
    "entities": (archive(**{"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), 422, "broken_file"),
    "endless nesting": (xlsx_with("<a>" * 100_000), 422, "broken_file"),
    "no XML": (xlsx_with("<row>"), 422, "broken_file"),
    "a text that is not there": (xlsx_with('<row><c t="s"><v>7</v></c></row>'), 422, "broken_file"),
    "a cell that is nowhere": (xlsx_with('<row><c r="1A"><v>7</v></c></row>'), 422, "broken_file"),
    "a number that is none": (xlsx_with("<row><c><v>x</v></c></row>"), 422, "broken_file"),
    "a cell in the last corner": (
        xlsx_with('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'),
        422,
        "wrong_columns",
    ),
}


class TestBadFiles:
    @pytest.mark.parametrize("what", BAD_FILES)
    def test_it_is_refused_whole(self, merchant, what):
        content, status, code = BAD_FILES[what]
        answer = sent(merchant, IMPORT, content, "parcels.xlsx")
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize(
        "bad", ['ON1,"顺丰,SF1', 'ON1,"顺丰"x,SF1', "ON1,1," + "S" * 200_000], ids=["open", "text after", "endless"]
    )
    def test_a_row_that_cannot_be_read_costs_itself_and_names_its_line(self, merchant, order, bad, language):
        head, last = csv_of([HEADER]), csv_of([line(order)], "utf-8")
        content = head + f"{bad}\r\n".encode() + last
        answer = made(sent(merchant, IMPORT, content, headers={"Accept-Language": language}))
        assert (answer["shipped"], codes(answer)) == (1, ["invalid_input", None])
        assert answer["results"][0]["row"] == 2
        assert {"zh": "文件第 2 行", "en": "line 2 of the file"}[language] in answer["results"][0]["detail"]
        assert now(merchant, order)[0] == 1

    def test_a_file_may_be_larger_than_other_bodies_but_not_endless(self, merchant, order):
        wide = [[*HEADER, "备注"], *[["NONE", "1", "SF1", "x" * 390]] * 9_998, [*line(order), ""]]
        assert made(sent(merchant, IMPORT, csv_of(wide)))["shipped"] == 1
        answer = sent(merchant, IMPORT, b"0" * 5_000_001)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert merchant.post("/orders/ship", {"items": [{"order_number": "x" * 1_000_000}]}).status_code == 413

    @pytest.mark.parametrize(
        ("options", "status"),
        [
            ({"json": {"file": "a"}}, 415),
            ({"content": csv_of(GOOD), "headers": {"Content-Type": "text/csv"}}, 415),
            ({"data": {"file": "a"}}, 415),
            ({"files": {"other": ("a.csv", csv_of(GOOD))}}, 422),
            ({"files": {"file": ("a.csv", csv_of(GOOD))}, "data": {"dry": "true"}}, 422),
            ({"files": {"file": ("a.csv", csv_of(GOOD))}, "params": {"dry": "true"}}, 422),
            ({"files": {"file": ("a.csv", csv_of(GOOD))}, "data": {"dry_run": "perhaps"}}, 422),
            ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}, 422),
            ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 422),
            ({}, 415),
        ],
    )
    def test_what_is_no_upload_is_refused(self, merchant, options, status):
        assert merchant.call("POST", IMPORT, **options).status_code == status


class TestRace:
    def test_racers_with_the_same_batch_ship_each_order_once(self, world, merchant, customer, served, environment):
        orders = [world.order(merchant, customer) for _ in range(20)]
        items = [item(order) for order in orders]
        gate = Barrier(RACERS)
        with httpx.Client(base_url=served(), timeout=30) as client:

            def race(number):
                caller = Caller(client, "merchant", merchant.token)
                order = items if number % 2 else items[::-1]
                gate.wait()
                return made(caller.post("/orders/ship", {"items": order}))

            with ThreadPoolExecutor(RACERS) as pool:
                answers = list(pool.map(race, range(RACERS)))
        assert [answer["shipped"] for answer in answers] == [len(orders)] * RACERS  # all say what was done
        for order in orders:
            verbs = [event["verb"] for event in made(merchant.get(f"/orders/{order['id']}/events"))["items"]]
            assert verbs == ["ship", "place"]

    def test_of_different_parcels_one_is_shipped_and_the_others_are_told(self, world, merchant, customer, served):
        orders = [world.order(merchant, customer) for _ in range(20)]
        gate = Barrier(RACERS)
        with httpx.Client(base_url=served(), timeout=30) as client:

            def race(number):
                caller = Caller(client, "merchant", merchant.token)
                items = [item(order, logistic_order_id=f"SF{number}") for order in orders]
                gate.wait()
                return made(caller.post("/orders/ship", {"items": items if number % 2 else items[::-1]}))

            with ThreadPoolExecutor(RACERS) as pool:
                answers = list(pool.map(race, range(RACERS)))
        assert sum(answer["shipped"] for answer in answers) == len(orders)
        refused = {result["code"] for answer in answers for result in answer["results"] if not result["ok"]}
        assert refused == {"already_shipped"}
