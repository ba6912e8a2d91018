"""What was true before a wait for a lock is looked at again after it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg2
import pytest

from tests.support.factories import made
from tests.support.samples import refused
from tests.support.sheets import csv_of, sent
from tests.support.waiting import WAITING, eventually

HEADER = ["库存ID", "单价", "库存量", "导出时库存"]


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@contextmanager
def after(uri, sql, act, *statements):
    """Makes the statements in a transaction that commits once `act`, which begins meanwhile, waits for it; its answer."""
    connection = psycopg2.connect(uri)
    with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
        for statement, *values in statements:
            cursor.execute(statement, values)
        acting = pool.submit(act)
        eventually(lambda: sql(WAITING) or acting.done())
        assert not acting.done(), "it waits for nobody"
        connection.commit()
        yield acting.result()
    connection.close()


def removal(sku):
    """What takes a SKU off the shop, as `DELETE /skus/{id}` does it."""
    number = sku["id"]
    yield "SELECT id FROM sku WHERE id = %s FOR UPDATE", number
    yield "INSERT INTO removed_sku (sku_id, create_time) VALUES (%s, 1)", number
    if sku["stock"]:
        yield "UPDATE sku SET stock = 0, status = 0 WHERE id = %s", number
        yield (
            """INSERT INTO stock_movement (sku_id, delta, stock_after, reason, actor_kind, create_time)
            VALUES (%s, %s, 0, 'removed', 'merchant', 1)""",
            number,
            -sku["stock"],
        )


def imported(*cells):
    return lambda merchant, sku: sent(merchant, "/skus/import", csv_of([HEADER, [sku["id"], *cells]]))


def stocked(**values):
    return lambda merchant, sku: merchant.post(f"/skus/{sku['id']}/stock", {"reason": "盘点", **values})


CHANGES = {
    "change": lambda merchant, sku: merchant.patch(f"/skus/{sku['id']}", {"price": 1}),
    "stock by delta": stocked(delta=5),
    "stock by figure": stocked(stock=5, expected_stock=0),
    "removal": lambda merchant, sku: merchant.delete(f"/skus/{sku['id']}"),
    "import of a price": imported("1", "", ""),
    "import of a stock": imported("", "5", "0"),
}


class TestSkuThatIsBeingRemoved:
    @pytest.mark.parametrize("stock", [0, 3])
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_is_neither_priced_nor_stocked(self, world, merchant, migrated, sql, change, stock):
        sku = world.sku(merchant, stock=stock, price=9.9)
        with after(migrated, sql, partial(change, merchant, sku), *removal(sku)) as answer:
            told = answer.json()
        assert [each["code"] for each in told.get("results", [told])] == ["not_found"]
        assert sql("SELECT price, stock FROM sku WHERE id = %s", sku["id"]) == [(9.9, 0)]
        assert sql("SELECT coalesce(sum(delta), 0) FROM stock_movement WHERE sku_id = %s", sku["id"]) == [(0,)]
        verbs = sql("SELECT verb FROM event WHERE subject = 'sku' AND subject_id = %s ORDER BY id", sku["id"])
        assert verbs == [("create",), *[("stock",)] * (stock > 0)]

    def test_is_refused_alone_among_the_rows_of_an_import(self, world, merchant, migrated, sql):
        gone, other = world.sku(merchant), world.sku(merchant)
        rows = [[gone["id"], "1", "", ""], [other["id"], "2", "", ""]]
        send = partial(sent, merchant, "/skus/import", csv_of([HEADER, *rows]))
        with after(migrated, sql, send, *removal(gone)) as answer:
            assert [result["code"] for result in made(answer)["results"]] == ["not_found", None]
        assert made(merchant.get(f"/skus/{other['id']}"))["price"] == 2


class TestProductThatIsBeingRemoved:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PATCH", "", {"name": "茶杯"}),
            ("POST", "/skus", {"sku_name": "红色", "price": 1, "stock": 5}),
            ("DELETE", "", None),
        ],
    )
    def test_is_left_alone(self, world, merchant, migrated, sql, method, path, body):
        product = world.product(merchant, skus=[])
        removal = [
            ("SELECT id FROM product WHERE id = %s FOR UPDATE", product["id"]),
            ("INSERT INTO removed_product (product_id, create_time) VALUES (%s, 1)", product["id"]),
        ]
        act = partial(merchant.call, method, f"/products/{product['id']}{path}", json=body)
        with after(migrated, sql, act, *removal) as answer:
            refused(answer, 404, "not_found")
        assert sql("SELECT name FROM product WHERE id = %s", product["id"]) == [(product["name"],)]
        assert sql("SELECT count(*) FROM sku WHERE product_id = %s", product["id"]) == [(0,)]


def test_logging_out_ends_the_session_that_asks_and_no_later_one(merchant, migrated, sql):
    login = ('UPDATE "user" SET auth_token = %s WHERE id = %s', "later", merchant.id)
    with after(migrated, sql, partial(merchant.post, "/logout"), login) as answer:
        assert answer.status_code == 204
    assert sql('SELECT auth_token FROM "user" WHERE id = %s', merchant.id) == [("later",)]
    assert sql("SELECT count(*) FROM event WHERE business_id = %s AND verb = 'logout'", merchant.id) == [(0,)]
