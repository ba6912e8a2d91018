"""Search: orders by a part of the receiver or the order number, found without reading all the merchant's orders."""

from collections import Counter

import pytest

from app.db.work import MERCHANT, SYSTEM, Actor, Work
from app.services.orders import queries, search
from app.services.paging import CAP, Page, Start
from tests.support.api import Api
from tests.support.factories import World, made
from tests.support.plans import Counting, explained, nodes, rows_read

MANY = 40_000

# order number, receiver's name, receiver's phone
ROWS = (
    ("SEARCH-A1_x", "张三", "13800001111"),
    ("SEARCH-B22%", "张三丰", "13900002222"),
    ("SEARCH-C333", "欧阳 Anna", "021-55556666"),
    ("SEARCH-D444", "anna_lee", "+8613812"),
    ("SEARCH-E555", "O'Neil \\ & | ! :*", "15012345678"),
    ("SEARCH-F666", "三", "18812345670"),
)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file."""
    return migrated_module


@pytest.fixture(scope="module")
def sql(migrated, sql_connection):
    with sql_connection.asking(migrated) as sql:
        yield sql


@pytest.fixture(scope="module")
def world(migrated):
    with Api() as api:
        yield World(api)


@pytest.fixture(scope="module")
def merchant(world):
    return world.merchant()


@pytest.fixture(scope="module")
def rows(world, merchant, sql):
    """The ids of the orders of ROWS; another merchant has the same receivers."""
    customer, other = world.customer(), world.merchant()
    ids = []
    for number, name, phone in ROWS:
        receiver = {"receiver_name": name, "receiver_phone": phone}
        order = world.order(merchant, customer, **receiver)
        sql('UPDATE "order" SET order_number = %s WHERE id = %s', number, order["id"])
        index_again(sql, order["id"])
        ids.append(order["id"])
        world.order(other, customer, **receiver)
    return ids


@pytest.fixture(scope="module")
def crowd(world, sql):
    """A merchant with 40,000 orders among those of another with as many."""
    merchants = [world.merchant(), world.merchant()]
    model = world.order(merchants[0], world.customer(), create_time=1)["id"]
    sql(
        """INSERT INTO "order" (order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count,
            create_time, receiver_name, receiver_phone, receiver_address)
        SELECT 'M' || lpad((n * 7919 %% 1000003)::text, 7, '0') || n, 0, CASE n %% 2 WHEN 0 THEN %s ELSE %s END, customer_id,
            sku_id, 1, sku_snapshot, 1, n,
            substr('赵钱孙李周吴郑王冯陈', n / 2 %% 10 + 1, 1) || chr(20000 + n / 2 * 31 %% 2000),
            '13' || lpad((n::bigint * 7919 %% 1000000007)::text, 9, '0'), 'x'
        FROM "order", generate_series(1, %s) n WHERE "order".id = %s""",
        *(merchant.id for merchant in merchants),
        2 * MANY,
        model,
    )
    sql("VACUUM ANALYZE")
    return merchants[0]


def index_again(sql, *order_ids):
    sql(
        "UPDATE order_search SET grams = order_grams(business_id, receiver_name, receiver_phone, order_number)"
        ' FROM "order" WHERE "order".id = order_id AND order_id = ANY(%s)',
        list(order_ids),
    )
    sql("UPDATE order_receiver SET name = name WHERE order_id = ANY(%s)", list(order_ids))


def found(merchant, **asked):
    shown = made(merchant.get("/orders", **asked))
    assert shown["total"] == len(shown["items"])
    return [order["id"] for order in reversed(shown["items"])]


class TestParts:
    @pytest.mark.parametrize(
        ("part", "positions"),
        [
            ("张", [0, 1]),
            ("三", [0, 1, 5]),
            ("张三", [0, 1]),
            ("三丰", [1]),
            ("张三丰", [1]),
            ("丰三", []),
            ("张三丰三", []),
            ("阳 a", [2]),
            ("anna", [2, 3]),
            ("ANNA_", [3]),
            ("na_l", [3]),
            ("_", [3]),
            ("%", []),
            ("*", [4]),
            (":*", [4]),
            ("'", [4]),
            ("O'Neil \\ & | ! :*", [4]),
            ("\\", [4]),
            ("& |", [4]),
            ("138", [0, 3]),
            ("1", [0, 1, 2, 3, 4, 5]),
            ("12345678", [4]),
            ("1234567", [4, 5]),
            ("1111", [0]),
            ("021-5", [2]),
            ("+86", [3]),
            ("13800001111", [0]),
            ("138000011112", []),
            ("张三138", []),
            ("SEARCH", []),
        ],
    )
    def test_of_the_receiver(self, merchant, rows, part, positions):
        assert found(merchant, receiver=part) == [rows[position] for position in positions]

    @pytest.mark.parametrize(
        ("part", "positions"),
        [
            ("SEARCH-A1_x", [0]),
            ("search-a1_X", [0]),
            ("A1", [0]),
            ("_", [0]),
            ("%", [1]),
            ("2", [1]),
            ("22", [1]),
            ("222", []),
            ("H-", [0, 1, 2, 3, 4, 5]),
            ("SEARCH", [0, 1, 2, 3, 4, 5]),
            ("SEARCH-D444", [3]),
            ("CH-C33", [2]),
            ("138", []),
        ],
    )
    def test_of_the_order_number(self, merchant, rows, part, positions):
        assert found(merchant, order_number=part) == [rows[position] for position in positions]

    def test_with_other_filters(self, merchant, rows):
        assert found(merchant, receiver="张", order_number="22") == [rows[1]]
        assert found(merchant, receiver="张", status=0) == rows[:2]
        assert found(merchant, receiver="张", status=1) == []

    def test_page_by_page_and_by_cursor(self, merchant, rows):
        first = made(merchant.get("/orders", receiver="1", size=2))
        assert (first["total"], [order["id"] for order in first["items"]]) == (6, [rows[5], rows[4]])
        second = made(merchant.get("/orders", receiver="1", size=2, cursor=first["next_cursor"]))
        assert [order["id"] for order in second["items"]] == [rows[3], rows[2]]

    def test_staff_search_a_merchants_orders_by_parts_and_all_by_the_whole_number(self, world, merchant, rows):
        admin = world.admin()
        assert found(admin, business_id=merchant.id, receiver="张三") == rows[:2]
        assert found(admin, business_id=merchant.id, order_number="22") == [rows[1]]
        assert len(found(admin, receiver="张三丰")) == 2
        assert found(admin, order_number="SEARCH-D444") == [rows[3]]
        assert found(admin, order_number="SEARCH-D44") == []

    def test_a_customer_has_no_such_filter(self, world):
        assert world.customer().get("/orders", receiver="张").status_code == 422

    @pytest.mark.parametrize("name", ["receiver", "order_number"])
    def test_what_is_no_part_of_anything_is_refused(self, merchant, name):
        assert merchant.get("/orders", **{name: "x" * 201}).status_code == 422


@pytest.mark.long
class TestManyOrders:
    """What a search reads, at 40,000 orders of the merchant and as many of another."""

    @pytest.mark.parametrize(
        "filters",
        [
            {"receiver": "赵乱"},
            {"receiver": "乱"},
            {"receiver": "131234567"},
            {"receiver": "13000007919"},
            {"order_number": "71234"},
            {"receiver": "没有"},
        ],
    )
    def test_reads_the_index_and_few_rows(self, crowd, sql, filters):
        with Work(Actor(MERCHANT, crowd.id), writes=False) as work:
            plan, ids = search.look_up(work, filters)
            assert plan == search.LOOK_UP
            by = search.BY_END if any(len(part) > 2 * search.LONGEST for part in filters.values()) else search.BY_ALL
            named = search._look_up(MERCHANT, "actor_id", frozenset(filters), by)
            listed = queries._list(MERCHANT, frozenset(filters), Start.TOP, plan)
            shown = work.one(listed, **filters, **ids, **Page(1, 20).parameters())
            plans = [explained(work, statement, **filters, **ids) for statement in (named, listed)]
            read = sum(map(rows_read, plans), Counter())
            indexes = {node.get("Index Name") for plan in plans for node in nodes(plan)}
        within = {"receiver": "receiver_name || '/' || receiver_phone", "order_number": "order_number"}
        [(name, part)] = filters.items()
        matching = sql(
            f'SELECT count(*) FROM "order" WHERE business_id = %s AND strpos({within[name]}, %s) > 0', crowd.id, part
        )
        assert [(shown.total,)] == matching
        assert "ix_order_search_grams" in indexes
        assert max(read["order_search"], read["order"]) <= 500

    def test_an_end_that_many_have_is_found_by_the_beginning(self, crowd, sql):
        ids = [order_id for (order_id,) in sql(f'SELECT id FROM "order" WHERE business_id = {crowd.id} LIMIT 1200')]
        sql("UPDATE \"order\" SET order_number = 'E' || lpad(id::text, 8, '0') || '-ONLINE-SHOP' WHERE id = ANY(%s)", ids)
        index_again(sql, *ids)
        number = f"E{ids[7]:08}-ONLINE-SHOP"
        with Work(Actor(MERCHANT, crowd.id), writes=False) as work:
            few, many = (
                search.look_up(work, {"order_number": part})[1]["found"].split(",") for part in (number, "-ONLINE-SHOP")
            )
        assert len(few) < len(ids) / 5
        assert len(many) == len(ids)
        assert found(crowd, q=number) == [ids[7]]

    @pytest.mark.parametrize(("part", "total"), [("赵", MANY // 10), ("13", CAP), ("1313", None)])
    def test_what_many_have_is_found_without_reading_the_others(self, crowd, part, total):
        shown = made(crowd.get("/orders", receiver=part))
        with Counting(Actor(MERCHANT, crowd.id)) as work:
            queries.page(work, {"receiver": part}, Page(1, 20))
        assert max(work.read.values()) < 3 * shown["total"]
        assert all(part in order["receiver_name"] + "/" + order["receiver_phone"] for order in shown["items"])
        assert [order["create_time"] for order in shown["items"]] == sorted(
            (order["create_time"] for order in shown["items"]), reverse=True
        )
        assert total in (None, shown["total"])

    def test_the_worker_merges_what_the_index_gathered(self, world):
        merchant = world.merchant()
        world.order(merchant, world.customer(), receiver_name="新来的")
        with Work(Actor(SYSTEM), writes=True) as work:
            assert search.merge(work) > 0
            work.commit()
            assert search.merge(work) == 0
        assert len(found(merchant, receiver="新来")) == 1
