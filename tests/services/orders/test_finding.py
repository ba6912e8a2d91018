"""What a merchant finds orders by: one word, a parcel, a buyer, a time of shipping, a flag; and in which order."""

import time

import pytest

from app.config import DAY, HOUR
from app.services.sweeping.sweep import sweep
from tests.support.factories import REFUND, made

NOW = int(time.time())


def found(merchant, **asked):
    shown = made(merchant.get("/orders", **asked))
    assert shown["total"] == len(shown["items"])
    counted = made(merchant.get("/orders/counts", **{name: value for name, value in asked.items() if name != "sort"}))
    if asked.get("sort") != "deadline":
        assert sum(counted.values()) == shown["total"]
        for status, number in counted.items():
            assert number == len([row for row in shown["items"] if row["status"] == int(status)])
    return [row["id"] for row in shown["items"]]


def ship(merchant, order, number, **values):
    return made(merchant.post(f"/orders/{order['id']}/ship", {"logistic_id": 1, "logistic_order_id": number, **values}))


class TestOneWord:
    @pytest.mark.parametrize(
        "word",
        ["NO-77", "no-7711", "711A", "欧阳", "阳", "明月", "1390000", "22", "SF55", "sf5566", "7788", "青花", "瓷瓶", "花"],
    )
    def test_it_is_found_wherever_it_stands(self, world, merchant, customer, word):
        sku = world.product(merchant, name="青花瓷瓶")["skus"][0]
        receiver = {"receiver_name": "欧阳明月", "receiver_phone": "13900002222"}
        order = world.order(merchant, customer, sku=sku, order_number="NO-7711A", **receiver)
        ship(merchant, order, "SF55667788")
        other = {"receiver_name": "王", "receiver_phone": "010", "order_number": "X"}
        ship(merchant, world.order(merchant, customer, **other), "ZT1")
        world.order(world.merchant(), customer, **receiver)
        assert found(merchant, q=word) == [order["id"]]

    def test_what_stands_in_none_of_them_is_not_found(self, world, merchant, customer):
        world.order(merchant, customer, order_number="AB", receiver_name="CD")
        for word in ("ABCD", "BC", "世纪大道", "%", "_"):
            assert found(merchant, q=word) == []

    def test_with_other_filters(self, world, merchant, customer):
        first, second = (world.order(merchant, customer, receiver_name="张三") for _ in range(2))
        ship(merchant, first, "SF1")
        assert found(merchant, q="张三") == [second["id"], first["id"]]
        assert found(merchant, q="张三", sort="oldest") == [first["id"], second["id"]]
        assert found(merchant, q="张三", status=1) == [first["id"]]
        assert found(merchant, q="张三", logistic_order_id="SF1") == [first["id"]]
        assert found(merchant, q="张三", order_number=second["order_number"]) == [second["id"]]
        assert found(merchant, q="李四", logistic_order_id="SF1") == []
        assert found(merchant, q="张三", updated_after=NOW - 60, customer_id=customer.id) == [second["id"], first["id"]]

    def test_an_order_is_found_by_the_name_that_it_was_placed_under(self, world, merchant, customer):
        product = world.product(merchant, name="青花瓷瓶")
        before = world.order(merchant, customer, sku=product["skus"][0])
        made(merchant.patch(f"/products/{product['id']}", {"name": "白瓷碗"}))
        after = world.order(merchant, customer, sku=product["skus"][0])
        assert (found(merchant, q="青花"), found(merchant, q="白瓷")) == ([before["id"]], [after["id"]])
        assert found(merchant, q="瓷") == [after["id"], before["id"]]


class TestInStep:
    """What changes is found by what it is now, at once, and no more by what it was."""

    def test_of_an_imported_shipment_and_of_a_batch(self, world, merchant, customer):
        first, second = (world.order(merchant, customer) for _ in range(2))
        sheet = f"order_number,carrier,logistic_order_id\n{first['order_number']},顺丰,SFIMPORT1\n".encode()
        made(merchant.call("POST", "/orders/ship/import", files={"file": ("a.csv", sheet)}))
        item = {"order_id": second["id"], "logistic_id": 1, "logistic_order_id": "SFBATCH2"}
        made(merchant.post("/orders/ship", {"items": [item]}))
        assert (found(merchant, q="import1"), found(merchant, q="batch2")) == ([first["id"]], [second["id"]])
        assert found(merchant, logistic_order_id="SFIMPORT1") == [first["id"]]
        corrected = {"items": [{**item, "logistic_order_id": "YT3"}], "correct": True}
        made(merchant.post("/orders/ship", corrected))
        assert (found(merchant, q="YT3"), found(merchant, q="BATCH")) == ([second["id"]], [])

    def test_of_a_parcel_that_is_corrected_and_taken_back(self, world, merchant, customer):
        order = world.order(merchant, customer)
        ship(merchant, order, "SF111")
        assert found(merchant, q="SF111") == found(merchant, logistic_order_id="SF111") == [order["id"]]
        ship(merchant, order, "ZT222")
        assert found(merchant, q="ZT222") == found(merchant, logistic_order_id="ZT222") == [order["id"]]
        assert found(merchant, q="SF111") == found(merchant, logistic_order_id="SF111") == []
        made(merchant.post(f"/orders/{order['id']}/unship"))
        assert found(merchant, q="ZT222") == found(merchant, logistic_order_id="ZT222") == []
        ship(merchant, order, "YT333")
        assert found(merchant, q="T33") == [order["id"]]

    @pytest.mark.parametrize("by", ["merchant", "platform"])
    def test_of_a_receiver_that_is_corrected(self, world, merchant, customer, by):
        order = world.order(merchant, customer, receiver_name="旧名字", receiver_phone="13511110000")
        path = f"/orders/{order['id' if by == 'merchant' else 'order_number']}/receiver"
        caller = merchant if by == "merchant" else world.api.platform
        made(caller.patch(path, {"receiver_name": "新名称", "receiver_phone": "+86 137 2222 0000"}))
        for word in ("新名称", "名称", "13722220000", "137 2222"):
            assert found(merchant, q=word) == [order["id"]]
        for word in ("旧名字", "13511110000"):
            assert found(merchant, q=word) == []


class TestParcel:
    def test_it_is_found_whole(self, world, merchant, customer):
        order, longer = (world.order(merchant, customer) for _ in range(2))
        ship(merchant, order, "SF12")
        ship(merchant, longer, "SF123")
        assert found(merchant, logistic_order_id="SF12") == [order["id"]]
        assert found(merchant, logistic_order_id=" ＳＦ12 ") == [order["id"]]
        assert found(merchant, logistic_order_id="F12") == []
        assert found(world.merchant(), logistic_order_id="SF12") == []


def test_the_orders_of_one_buyer(world, merchant, customer):
    order, other = world.order(merchant, customer), world.customer()
    world.order(merchant, other)
    assert found(merchant, customer_id=customer.id) == [order["id"]]
    assert merchant.get("/orders", customer_id=0).status_code == 422


def test_shipped_between(world, merchant, customer, sql):
    orders = [world.order(merchant, customer, create_time=NOW - 10 * DAY) for _ in range(3)]
    world.order(merchant, customer)
    for place, order in enumerate(orders):
        ship(merchant, order, f"SF{place}")
        sql('UPDATE "order" SET deliver_time = %s WHERE id = %s', NOW - 5 * DAY + place * HOUR, order["id"])
    first, second, third = (order["id"] for order in orders)
    start = NOW - 5 * DAY
    assert found(merchant, deliver_from=start) == [third, second, first]
    assert found(merchant, deliver_from=start + 1) == [third, second]
    assert found(merchant, deliver_to=start + HOUR) == [second, first]
    assert found(merchant, deliver_from=start + HOUR, deliver_to=start + HOUR) == [second]


def test_by_flag(world, merchant, customer):
    orders = [world.order(merchant, customer)["id"] for _ in range(4)]
    for order, flag in zip(orders, (1, 2, 1, 0), strict=True):
        made(merchant.put(f"/orders/{order}/note", {"note": "x", "flag": flag}))
    plain = world.order(merchant, customer)["id"]
    assert found(merchant, flag=1) == [orders[2], orders[0]]
    assert found(merchant, flag=1, sort="oldest") == [orders[0], orders[2]]
    assert found(merchant, flag=0) == [plain, orders[3]]
    assert found(merchant, flag=3) == []
    assert found(world.merchant(), flag=1) == []
    assert merchant.get("/orders", flag=6).status_code == 422


class TestSort:
    @pytest.fixture
    def orders(self, world, merchant, customer):
        """Orders to be shipped, to be received and completed, by when their deadlines fall."""
        made_at = [NOW - days * DAY for days in (1, 3, 2, 20, 20, 4)]
        rows = [world.order(merchant, customer, create_time=each) for each in made_at]
        for row in rows[3:]:
            ship(merchant, row, f"SF{row['id']}")
        made(customer.post(f"/orders/{rows[5]['id']}/receive"))
        made(merchant.post(f"/orders/{rows[3]['id']}/extend", {"days": 5}))
        return rows

    def test_by_deadline(self, merchant, orders):
        rows = made(merchant.get("/orders", sort="deadline"))["items"]
        falls = [row["deadline_at"] for row in rows]
        assert [row["id"] for row in rows] == [orders[place]["id"] for place in (1, 2, 0, 4, 3)]
        assert falls == sorted(falls)
        assert made(merchant.get("/orders", sort="deadline"))["total"] == 5
        assert found(merchant, sort="deadline", status=1) == [orders[4]["id"], orders[3]["id"]]
        assert found(merchant, sort="deadline", status=2) == []

    @pytest.mark.parametrize("sort", ["newest", "oldest", "deadline"])
    def test_page_by_page_and_by_cursor(self, merchant, orders, sort):
        whole = [row["id"] for row in made(merchant.get("/orders", sort=sort))["items"]]
        pages, walked, cursor = [], [], None
        for number in range(1, 5):
            pages += [row["id"] for row in made(merchant.get("/orders", sort=sort, size=2, page=number))["items"]]
        while True:
            asked = {} if cursor is None else {"cursor": cursor}
            shown = made(merchant.get("/orders", sort=sort, size=2, **asked))
            walked += [row["id"] for row in shown["items"]]
            cursor = shown["next_cursor"]
            if cursor is None:
                break
        assert pages == walked == whole

    def test_a_cursor_is_of_its_order(self, merchant, orders):
        cursor = made(merchant.get("/orders", sort="deadline", size=2))["next_cursor"]
        for sort in ("newest", "oldest"):
            answer = merchant.get("/orders", sort=sort, cursor=cursor)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")

    def test_the_worker_forgets_what_has_ended(self, merchant, customer, orders, sql):
        assert sql("SELECT order_id FROM put_off_order") == [(orders[3]["id"],)]
        sweep(NOW)
        assert sql("SELECT order_id FROM put_off_order") == [(orders[3]["id"],)]
        made(customer.post(f"/orders/{orders[3]['id']}/receive"))
        assert sweep(NOW)["caught_up"] == 1
        assert sql("SELECT order_id FROM put_off_order") == []


def test_a_row_shows_its_ticket(world, merchant, customer):
    order = world.order(merchant, customer, 1)
    ticket = world.ask(customer, order, REFUND, back_cost=5)
    [row] = made(merchant.get("/orders"))["items"]
    assert row["ticket"] == {"id": ticket["id"], "step": "applied", "back_cost": 5}
    world.offer(merchant, ticket, 2)
    assert made(merchant.get("/orders"))["items"][0]["ticket"]["step"] == "offered"


def test_an_export_of_some_orders(world, merchant, customer):
    orders = [world.order(merchant, customer) for _ in range(3)]
    theirs = world.order(world.merchant(), customer)
    asked = ",".join(str(order["id"]) for order in (*orders[:2], theirs))
    lines = merchant.get("/orders/export", ids=asked, columns="order_id").text.split()
    assert lines[1:] == [str(order["id"]) for order in orders[1::-1]]
    lines = merchant.get("/orders/export", ids=asked, q=orders[0]["order_number"], columns="order_id").text.split()
    assert lines[1:] == [str(orders[0]["id"])]
    ship(merchant, orders[2], "SF9")
    for filters in ({"logistic_order_id": "SF9"}, {"deliver_from": NOW - HOUR}):
        lines = merchant.get("/orders/export", columns="order_id", **filters).text.split()
        assert lines[1:] == [str(orders[2]["id"])]
