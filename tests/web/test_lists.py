"""Lists: their filters, their order, their pages and cursors, and the counts beside them."""

import base64
import itertools
import time

import pytest

from app.db.work import Actor, Work
from app.services.orders import tally
from tests.support.api import Api
from tests.support.factories import RETURN, World, made

HOUR = 3600
START = 1_700_000_000


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test looks at rows of its own merchants only."""
    return migrated_module


@pytest.fixture(scope="module")
def world(migrated):
    with Api() as api:
        yield World(api)


@pytest.fixture(scope="module")
def sql(migrated, sql_connection):
    with sql_connection.asking(migrated) as sql:
        yield sql


def ids(shown):
    return [row["id"] for row in shown["items"]]


class TestOrderFilters:
    # status, hours after START, receiver's name, receiver's phone, which SKU
    ROWS = (
        (0, 0, "张三", "13800000001", "cup"),
        (1, 1, "李四", "13900000002", "cup"),
        (2, 2, "张三丰", "13800000003", "pot"),
        (3, 3, "100%_A", "15012345678", "pot"),
        (4, 4, "100xya", "15012340000", "cup"),
        (-1, 5, "Zhang\\San", "021-5555", "pot"),
        (0, 6, "李四", "13900000002", "pot"),
    )

    @pytest.fixture(scope="class")
    def merchant(self, world):
        return world.merchant()

    @pytest.fixture(scope="class")
    def customer(self, world):
        return world.customer()

    @pytest.fixture(scope="class")
    def orders(self, world, merchant, customer):
        """One order per row, and one of another merchant that no filter may show."""
        skus = {name: world.sku(merchant) for name in ("cup", "pot")}
        orders = []
        for status, hours, name, phone, sku in self.ROWS:
            values = {"receiver_name": name, "receiver_phone": phone, "create_time": START + hours * HOUR}
            orders.append(world.order(merchant, customer, status, sku=skus[sku], **values))
        world.order(world.merchant(), customer, receiver_name="张三", create_time=START)
        return orders

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", [6, 5, 4, 3, 2, 1, 0]),
            ("status=0", [6, 0]),
            ("status=-1", [5]),
            ("status=0&status=1", [6, 1, 0]),
            ("status=0,1", [6, 1, 0]),
            ("status=0,1&status=4", [6, 4, 1, 0]),
            ("status=2,2", [2]),
            ("status=-1,0,1,2,3,4", [6, 5, 4, 3, 2, 1, 0]),
            ("receiver=张三", [2, 0]),
            ("receiver=丰", [2]),
            ("receiver=1380000000", [2, 0]),
            ("receiver=5678", [3]),
            ("receiver=zhang", [5]),
            ("receiver=%25", [3]),
            ("receiver=_", [3]),
            ("receiver=0%25_", [3]),
            ("receiver=%5C", [5]),
            ("receiver=021-", [5]),
            ("receiver=王五", []),
            ("create_from=1700007200", [6, 5, 4, 3, 2]),
            ("create_to=1700007200", [2, 1, 0]),
            ("create_from=1700007200&create_to=1700007200", [2]),
            ("create_from=1700007201&create_to=1700010799", []),
            ("create_from=1700010800&create_to=1700007200", []),
            ("overdue=true", [6, 0]),
            ("overdue=false", [5, 4, 3, 2, 1]),
            ("status=0,2&receiver=张三", [2, 0]),
            ("status=0&receiver=张三&create_to=1700000000", [0]),
            ("status=0&overdue=false", []),
            ("status=1&create_from=1700003600&overdue=false", [1]),
            ("receiver=李四&create_from=1700003601", [6]),
        ],
    )
    def test_each_alone_and_together(self, merchant, orders, query, found):
        shown = made(merchant.call("GET", f"/orders?{query}"))
        assert ids(shown) == [orders[position]["id"] for position in found]
        assert (shown["total"], shown["total_is_capped"], shown["next_cursor"]) == (len(found), False, None)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"sku": 0}, [4, 1, 0]),
            ({"sku": 0, "status": 0}, [0]),
            ({"sku": 5, "receiver": "李四"}, [6]),
            ({"order_number": 3}, [3]),
            ({"order_number": 3, "status": 3}, [3]),
            ({"order_number": 3, "status": 0}, []),
            ({"order_number": 3, "sku": 0}, []),
        ],
        ids=str,
    )
    def test_by_sku_and_number_of_an_order(self, merchant, orders, filters, found):
        asked = dict(filters)
        if "sku" in asked:
            asked["sku_id"] = orders[asked.pop("sku")]["sku_id"]
        if "order_number" in asked:
            asked["order_number"] = orders[asked["order_number"]]["order_number"]
        assert ids(made(merchant.get("/orders", **asked))) == [orders[position]["id"] for position in found]

    def test_a_part_of_a_number_is_enough(self, merchant, orders):
        assert ids(made(merchant.get("/orders", order_number=orders[0]["order_number"][1:]))) == [orders[0]["id"]]

    def test_a_list_shows_an_order_as_it_is_shown_alone(self, merchant, orders):
        for shown in made(merchant.get("/orders"))["items"]:
            alone = made(merchant.get(f"/orders/{shown['id']}"))
            del alone["except_order"], alone["customer_name"]
            assert shown == alone

    def test_a_buyer_sees_their_own_by_state(self, world, customer, orders):
        other = world.customer()
        mine = made(customer.get("/orders"))
        assert mine["total"] == len(orders) + 1
        assert {order["customer_id"] for order in mine["items"]} == {customer.id}
        assert sorted(ids(made(customer.get("/orders", status="1,2")))) == [orders[1]["id"], orders[2]["id"]]
        assert made(other.get("/orders"))["items"] == []

    def test_staff_see_all_and_pick_by_merchant_and_buyer(self, world, merchant, customer, orders):
        admin = world.admin()
        mine = [order["id"] for order in reversed(orders)]
        assert {order["business_id"] for order in made(admin.get("/orders", size=100))["items"]} > {merchant.id}
        assert ids(made(admin.get("/orders", business_id=merchant.id))) == mine
        assert made(admin.get("/orders", customer_id=customer.id))["total"] == len(mine) + 1
        assert ids(made(admin.get("/orders", business_id=merchant.id, customer_id=customer.id, status=2))) == [mine[4]]
        assert ids(made(admin.get("/orders", business_id=merchant.id, receiver="%"))) == [mine[3]]
        assert made(admin.get("/orders", business_id=merchant.id, customer_id=world.customer().id))["items"] == []


class TestOrderFiltersByTheClock:
    def test_what_changed_after_a_time(self, world, merchant, customer, sql):
        orders = [world.order(merchant, customer) for _ in range(3)]
        sql("ALTER TABLE event DISABLE TRIGGER append_only")
        sql("UPDATE event SET time = %s WHERE business_id = %s", START, merchant.id)
        sql("ALTER TABLE event ENABLE TRIGGER append_only")
        assert made(merchant.get("/orders", updated_after=START + 1))["total"] == 0
        assert made(merchant.get("/orders", updated_after=START))["total"] == len(orders)
        world.ship(merchant, orders[0])
        assert ids(made(merchant.get("/orders", updated_after=START + 1))) == [orders[0]["id"]]
        assert made(merchant.get("/orders", updated_after=START + 1, status=0))["items"] == []
        assert made(merchant.get("/orders", updated_after=int(time.time()) + 60))["items"] == []

    def test_overdue_begins_where_the_deadline_ends(self, world, merchant, customer):
        now = int(time.time())
        fresh = world.order(merchant, customer, create_time=now - 48 * HOUR + 60)
        late = world.order(merchant, customer, create_time=now - 48 * HOUR - 60)
        assert ids(made(merchant.get("/orders", overdue=True))) == [late["id"]]
        assert ids(made(merchant.get("/orders", overdue=False))) == [fresh["id"]]
        assert (late["deadline_at"] < now, fresh["deadline_at"] > now) == (True, True)


class TestPages:
    @pytest.fixture(scope="class")
    def shop(self, world):
        return world.merchant()

    @pytest.fixture(scope="class")
    def rows(self, world, shop):
        """Seven orders' ids, newest first; the middle ones are of the same second."""
        return orders_of(world, shop)

    def test_newest_first_and_ties_by_id(self, shop, rows):
        assert ids(made(shop.get("/orders"))) == rows

    @pytest.mark.parametrize(
        ("page", "size", "start", "pages"), [(1, 3, 0, 3), (2, 3, 3, 3), (3, 3, 6, 3), (4, 3, 9, 3), (1, 7, 0, 1), (7, 1, 6, 7)]
    )
    def test_a_page_is_a_part_of_it(self, shop, rows, page, size, start, pages):
        shown = made(shop.get("/orders", page=page, size=size))
        assert ids(shown) == rows[start : start + size]
        assert (shown["total"], shown["page"], shown["size"], shown["pages"]) == (7, page, size, pages)
        assert (shown["next_cursor"] is None) == (start + size >= 7)

    def test_an_empty_list_has_no_pages(self, merchant):
        shown = made(merchant.get("/orders"))
        assert (shown["items"], shown["total"], shown["pages"], shown["next_cursor"]) == ([], 0, 0, None)

    @pytest.mark.parametrize(("page", "size"), [(101, 100), (5001, 2), (10_000, 2)])
    def test_pages_end_at_row_10000(self, merchant, page, size):
        answer = merchant.get("/orders", page=page, size=size)
        assert (answer.status_code, answer.json()["code"]) == (422, "page_too_deep")
        assert merchant.get("/orders", page=10_000 // size, size=size).status_code == 200

    @pytest.mark.parametrize("size", [1, 2, 3, 7])
    def test_a_cursor_shows_every_row_once(self, shop, rows, size):
        assert walked(shop, "/orders", size=size) == rows

    def test_a_cursor_counts_nothing(self, shop, rows):
        first = made(shop.get("/orders", size=3))
        second = made(shop.get("/orders", size=3, cursor=first["next_cursor"]))
        assert (second["total"], second["pages"], second["page"], second["total_is_capped"]) == (None, None, None, False)

    def test_a_cursor_keeps_to_the_filters(self, world, merchant):
        rows = orders_of(world, merchant)
        for order_id in rows[::2]:
            world.ship(merchant, {"id": order_id})
        assert walked(merchant, "/orders", size=1, status=1) == rows[::2]

    def test_rows_that_come_in_between_shift_nothing(self, world, merchant, customer):
        rows, sku = orders_of(world, merchant), world.sku(merchant)
        newer = itertools.count(START + 10)
        seen, cursor = [], None
        while True:
            shown = made(merchant.get("/orders", size=2, **({"cursor": cursor} if cursor else {})))
            seen += ids(shown)
            cursor = shown["next_cursor"]
            if cursor is None:
                break
            world.order(merchant, customer, sku=sku, create_time=next(newer))
        assert seen == rows

    def test_a_cursor_past_the_end_shows_nothing(self, shop, rows):
        cursor = base64.urlsafe_b64encode(b"1.1").decode().rstrip("=")
        shown = made(shop.get("/orders", cursor=cursor))
        assert (shown["items"], shown["next_cursor"]) == ([], None)

    @pytest.mark.parametrize(
        "path",
        ["/skus", "/products", "/except-orders", "/orders/{order}/events", "/skus/{sku}/movements", "/products/{product}/skus"],
    )
    def test_every_list_of_a_merchant_can_be_walked(self, world, merchant, customer, path):
        product = world.product(merchant)
        sku = product["skus"][0]
        made(merchant.post(f"/products/{product['id']}/skus", {"sku_name": "红色", "price": 1, "stock": 0}), 201)
        made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 50, "reason": "补货"}))
        for _ in range(2):
            ticket = world.ticket(merchant, customer, "refused", sku=sku)
        world.product(merchant)
        path = path.format(order=ticket["order_id"], sku=sku["id"], product=product["id"])
        whole = made(merchant.get(path))
        assert whole["total"] == len(whole["items"]) >= 2
        assert walked(merchant, path, size=1) == ids(whole)

    @pytest.mark.parametrize("path", ["/orders", "/except-orders", "/users", "/customers", "/admins", "/events"])
    def test_every_list_of_staff_can_be_walked(self, world, merchant, customer, path):
        for _ in range(2):
            world.ticket(world.merchant(), world.customer())
            admin = world.admin()
        whole = made(admin.get(path, size=100))
        assert min(whole["total"], 100) == len(whole["items"]) >= 2
        assert walked(admin, path, size=40)[:100] == ids(whole)

    def test_ledgers_are_walked_when_their_ids_have_outgrown_an_integer(self, world, merchant, customer, sql):
        first = 3_000_000_000
        try:
            for table in ("event", "stock_movement"):
                sql(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {first}")
            order = world.order(merchant, customer, 2)
            for path in (f"/orders/{order['id']}/events", f"/skus/{order['sku_id']}/movements"):
                whole = ids(made(merchant.get(path)))
                assert min(whole) >= first
                assert walked(merchant, path, size=1) == whole
        finally:
            for table in ("event", "stock_movement"):
                sql(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH 1000000")


class TestManyOrders:
    def test_the_total_is_capped_and_the_counts_are_exact(self, world, merchant, customer, sql):
        order = world.order(merchant, customer, create_time=START)
        columns = "status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count"
        receiver = "receiver_name, receiver_phone, receiver_address"
        sql(
            f"""INSERT INTO "order" (order_number, create_time, {columns}, {receiver})
            SELECT 'MANY' || n, create_time + n, {columns}, {receiver} FROM "order", generate_series(1, 10050) n
            WHERE id = %s""",
            order["id"],
        )
        for filters in ({}, {"status": 0}, {"status": "0,1"}, {"receiver": "张"}, {"sku_id": order["sku_id"]}):
            shown = made(merchant.get("/orders", size=100, **filters))
            assert (shown["total"], shown["total_is_capped"], shown["pages"]) == (10_000, True, 100), filters
        assert made(merchant.get("/orders/counts")) == {"0": 10_051, "1": 0, "2": 0, "3": 0, "4": 0, "-1": 0}
        last = made(merchant.get("/orders", page=100, size=100))
        assert len(last["items"]) == 100
        onward = made(merchant.get("/orders", size=100, cursor=last["next_cursor"]))
        assert len(onward["items"]) == 51
        assert (ids(onward)[-1], onward["next_cursor"]) == (order["id"], None)


BUSY = {"0": 2, "1": 1, "2": 2, "3": 2, "4": 2, "-1": 4}


class TestCounts:
    @pytest.fixture
    def busy(self, world, merchant, customer):
        """A merchant with orders in all states, many of them moved again and again."""
        for status in (0, 0, 1, 2, 3, 4, -1):
            world.order(merchant, customer, status)
        for step in ("applied", "withdrawn", "refused", "awaiting_return", "awaiting_receipt", "refunded"):
            world.ticket(merchant, customer, step)
        world.order(world.merchant(), customer)
        return merchant

    def test_every_state_is_counted(self, world, busy, sql):
        counts = made(busy.get("/orders/counts"))
        assert counts == BUSY
        recount = sql('SELECT status::text, count(*) FROM "order" WHERE business_id = %s GROUP BY 1', busy.id)
        assert {status: number for status, number in counts.items() if number} == dict(recount)
        for status, number in counts.items():
            assert made(busy.get("/orders", status=status))["total"] == number

    def test_none_is_0_in_every_state(self, merchant):
        assert made(merchant.get("/orders/counts")) == dict.fromkeys(BUSY, 0)

    def test_the_tally_is_a_recount_before_and_after_the_folding(self, world, busy, customer, sql):
        assert tallied(sql) == recounted(sql)
        for _ in range(2):
            with Work(Actor("system"), writes=True) as work:
                tally.fold(work)
                work.commit()
            assert tallied(sql) == recounted(sql)
            assert made(busy.get("/orders/counts")) == BUSY
        assert sql("SELECT count(*) FROM order_tally WHERE business_id = %s", busy.id)[0][0] <= len(BUSY)
        world.order(busy, customer, 1)
        assert made(busy.get("/orders/counts")) == {**BUSY, "1": 2}
        assert tallied(sql) == recounted(sql)


class TestTicketFilters:
    STEPS = ("applied", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn")

    @pytest.fixture(scope="class")
    def merchant(self, world):
        return world.merchant()

    @pytest.fixture(scope="class")
    def tickets(self, world, merchant, sql):
        """A ticket at each step, an hour apart, then a refund without a return; the ids."""
        customer = world.customer()
        tickets = [world.ticket(merchant, customer, step) for step in self.STEPS]
        tickets.append(world.ticket(merchant, customer, "refunded", except_type="仅退款"))
        for hours, ticket in enumerate(tickets):
            sql("UPDATE except_order SET create_time = %s WHERE id = %s", START + hours * HOUR, ticket["id"])
        world.ticket(world.merchant(), customer)
        return [ticket["id"] for ticket in tickets]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", [6, 5, 4, 3, 2, 1, 0]),
            ("status=0", [5, 0]),
            ("status=1", [6, 3, 2, 1]),
            ("status=2", [4]),
            ("status=0,2", [5, 4, 0]),
            ("status=0&status=2", [5, 4, 0]),
            ("step=applied", [0]),
            ("step=awaiting_return", [1]),
            ("step=awaiting_receipt", [2]),
            ("step=refunded", [6, 3]),
            ("step=refused", [4]),
            ("step=withdrawn", [5]),
            ("step=lapsed", []),
            ("except_type=仅退款", [6]),
            ("except_type=退货退款", [5, 4, 3, 2, 1, 0]),
            ("create_from=1700010800", [6, 5, 4, 3]),
            ("create_to=1700010800", [3, 2, 1, 0]),
            ("create_from=1700010800&create_to=1700010800", [3]),
            ("overdue=true", [0]),
            ("overdue=false", [6, 5, 4, 3, 2, 1]),
            ("status=1&step=refunded&except_type=退货退款", [3]),
            ("status=0&step=refused", []),
        ],
    )
    def test_each_alone_and_together(self, merchant, tickets, query, found):
        shown = made(merchant.call("GET", f"/except-orders?{query}"))
        assert ids(shown) == [tickets[position] for position in found]
        assert shown["total"] == len(found)

    def test_by_order(self, world, customer):
        shop = world.merchant()
        ticket = world.ticket(shop, customer, "withdrawn")
        again = world.ask(customer, {"id": ticket["order_id"]}, RETURN)
        world.ticket(shop, customer)
        assert ids(made(shop.get("/except-orders", order_id=ticket["order_id"]))) == [again["id"], ticket["id"]]

    @pytest.mark.parametrize(("step", "column"), [("applied", "create_time"), ("awaiting_receipt", "deliver_time")])
    def test_one_that_waits_for_the_merchant_too_long_is_overdue(self, world, customer, sql, step, column):
        shop = world.merchant()
        late, _ = (world.ticket(shop, customer, step) for _ in range(2))
        sql(f"UPDATE except_order SET {column} = %s WHERE id = %s", START, late["id"])
        assert ids(made(shop.get("/except-orders", overdue=True))) == [late["id"]]

    def test_staff_see_all_and_pick_by_merchant(self, world, merchant, tickets):
        admin = world.admin()
        assert ids(made(admin.get("/except-orders", business_id=merchant.id))) == tickets[::-1]
        assert ids(made(admin.get("/except-orders", business_id=merchant.id, step="refused"))) == [tickets[4]]
        assert made(admin.get("/except-orders"))["total"] > len(tickets)

    def test_a_list_shows_a_ticket_as_it_is_shown_alone(self, merchant, tickets):
        for shown in made(merchant.get("/except-orders"))["items"]:
            assert shown == made(merchant.get(f"/except-orders/{shown['id']}"))


class TestStaffLists:
    @pytest.mark.parametrize(("path", "kind"), [("/users", "merchant"), ("/customers", "customer"), ("/admins", "admin")])
    def test_accounts_by_a_part_of_the_name(self, world, path, kind):
        admin = world.admin()
        found = [getattr(world, kind)(name=f"{kind} List%_{number}").id for number in range(2)]
        assert ids(made(admin.get(path, name="list%_"))) == found[::-1]
        assert ids(made(admin.get(path, name=f"{kind} LIST%_1"))) == [found[1]]
        assert made(admin.get(path, name="list__"))["items"] == []

    def test_merchants_by_state(self, world):
        admin = world.admin()
        merchants = [world.merchant(name=f"state {number}") for number in range(2)]
        made(admin.post(f"/users/{merchants[0].id}/disable"))
        for status, merchant in ((1, merchants[0]), (0, merchants[1])):
            assert ids(made(admin.get("/users", name="state ", status=status))) == [merchant.id]

    def test_events_by_merchant_order_and_verb(self, world, merchant, customer):
        admin, order = world.admin(), world.order(merchant, customer, 1)
        events = made(admin.get("/events", order_id=order["id"]))["items"]
        assert [event["verb"] for event in events] == ["ship", "place"]
        assert {event["business_id"] for event in events} == {merchant.id}
        (shipped,) = made(admin.get("/events", business_id=merchant.id, verb="ship"))["items"]
        assert shipped == events[0]
        assert made(admin.get("/events", order_id=order["id"], verb="nothing"))["items"] == []


class TestTimeline:
    def test_a_whole_life_is_told_newest_first(self, world, merchant, customer):
        order = world.order(merchant, customer)
        path = f"/orders/{order['id']}"
        for tracking_number, carrier in (("SF0001", 1), ("YT0002", 3)):
            body = {"logistic_id": carrier, "logistic_order_id": tracking_number}
            made(merchant.post(f"{path}/ship", body, headers={"X-Request-ID": f"ship-{tracking_number}"}))
        made(customer.post(f"{path}/receive"))
        ticket = world.ask(customer, order, RETURN, back_cost=5)
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"remark": "好"}))
        made(customer.post(f"/except-orders/{ticket['id']}/return", {"logistics_id": 2, "tracking_number": "ZT3"}))
        made(merchant.post(f"/except-orders/{ticket['id']}/receive", {}))
        events = made(merchant.get(f"{path}/events"))["items"][::-1]
        names = ("actor_kind", "actor_id", "subject", "verb", "from_status", "to_status")
        seller, buyer = ("merchant", merchant.id), ("customer", customer.id)
        assert [tuple(event[name] for name in names) for event in events] == [
            ("platform", None, "order", "place", None, 0),
            (*seller, "order", "ship", 0, 1),
            (*seller, "order", "ship", 1, 1),
            (*buyer, "order", "receive", 1, 2),
            (*buyer, "except_order", "apply", None, 0),
            (*buyer, "order", "except-orders", 2, -1),
            (*seller, "except_order", "agree", 0, 1),
            (*buyer, "except_order", "return", 1, 1),
            (*seller, "except_order", "receive", 1, 1),
            ("system", None, "refund", "due", None, None),
            (*seller, "order", "refund", -1, 3),
        ]
        ids_of = {"order": order["id"], "except_order": ticket["id"], "refund": ticket["id"]}
        assert [event["subject_id"] for event in events] == [ids_of[event["subject"]] for event in events]
        assert [event["details"]["logistic_order_id"] for event in events[1:3]] == ["SF0001", "YT0002"]
        assert [event["details"]["logistic_name"] for event in events[1:3]] == ["顺丰速运", "圆通速递"]
        assert [event["request_id"] for event in events[1:3]] == ["ship-SF0001", "ship-YT0002"]
        assert (events[4]["details"]["back_cost"], events[6]["details"]["remark"]) == (5, "好")
        assert [event["time"] for event in events] == sorted(event["time"] for event in events)
        assert made(merchant.get(path))["logistic_order_id"] == "YT0002"


def orders_of(world, merchant):
    """Seven new orders' ids, newest first; the middle ones are of the same second."""
    customer, sku = world.customer(), world.sku(merchant)
    seconds = (0, 1, 1, 1, 1, 2, 3)
    return [world.order(merchant, customer, sku=sku, create_time=START + second)["id"] for second in seconds][::-1]


def walked(caller, path, **filters):
    """The ids of all rows, page after page by cursor."""
    shown = made(caller.get(path, **filters))
    found = ids(shown)
    while shown["next_cursor"]:
        shown = made(caller.get(path, cursor=shown["next_cursor"], **filters))
        found += ids(shown)
    return found


def tallied(sql):
    sums = "SELECT business_id, status, sum(delta)::int FROM order_tally GROUP BY 1, 2 HAVING sum(delta) <> 0"
    return sorted(sql(sums))


def recounted(sql):
    return sorted(sql('SELECT business_id, status, count(*)::int FROM "order" GROUP BY 1, 2'))
