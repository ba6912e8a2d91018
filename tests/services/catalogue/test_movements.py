"""The movements of a whole shop's stock, and the indexes that find them."""

import time

import psycopg2
import pytest

from app.db import migration
from app.db.work import MERCHANT, Actor, Work
from app.services.catalogue import movements
from app.services.paging import NEWEST, Start
from tests.support.factories import made
from tests.support.plans import explained, rows_read
from tests.support.samples import refused

CHANGE = """INSERT INTO stock_movement (sku_id, delta, stock_after, reason, actor_kind, create_time)
    SELECT %s, 1, 1, %s, 'merchant', %s + number FROM generate_series(1, %s) number"""


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def reasons(merchant, **asked):
    return [item["reason"] for item in made(merchant.get("/movements", **asked))["items"]]


def test_every_change_of_stock_is_listed_with_its_names(world, merchant, customer):
    sku, other = world.sku(merchant, sku_code="A-1", stock=5), world.sku(merchant, stock=0)
    order = world.order(merchant, customer, 3, sku=sku)
    made(merchant.post("/skus/stock", {"items": [{"sku_code": "A-1", "delta": 2}, {"sku_id": other["id"], "delta": 1}]}))
    shown = made(merchant.get("/movements"))
    assert [(item["sku_id"], item["delta"], item["stock_after"], item["reason"]) for item in shown["items"]] == [
        (other["id"], 1, 1, "sync"),
        (sku["id"], 2, 7, "sync"),
        (sku["id"], 1, 5, "refund"),
        (sku["id"], -1, 4, "order"),
        (sku["id"], 5, 5, "initial"),
    ]
    names = {"product_id": sku["product_id"], "product_name": "水杯", "sku_name": "蓝色", "sku_code": "A-1"}
    assert {name: shown["items"][2][name] for name in names} == names
    assert shown["items"][3]["reference"] == order["order_number"]
    of_sku = made(merchant.get(f"/skus/{sku['id']}/movements"))["items"]
    assert of_sku == [{name: value for name, value in item.items() if name not in names} for item in shown["items"][1:]]
    assert shown["total"] == 5


def test_filters_choose(world, merchant):
    sku, other = world.sku(merchant), world.sku(merchant)
    made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 1, "reason": "盘点"}))
    assert reasons(merchant, sku_id=sku["id"]) == ["盘点", "initial"]
    assert reasons(merchant, product_id=other["product_id"]) == ["initial"]
    assert reasons(merchant, reason="盘点") == ["盘点"]
    assert reasons(merchant, reason="order") == []
    now = int(time.time())
    assert len(reasons(merchant, create_from=now - 100, create_to=now + 100)) == 3
    assert reasons(merchant, create_to=now - 100) == reasons(merchant, create_from=now + 100) == []
    first = made(merchant.get("/movements", size=2))
    assert [item["reason"] for item in made(merchant.get("/movements", cursor=first["next_cursor"]))["items"]] == ["initial"]
    refused(merchant.get("/movements", create_from=-1), 422, "invalid_input")


def test_those_of_a_removed_sku_stay(world, merchant):
    sku = world.sku(merchant, stock=5)
    assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
    assert reasons(merchant, sku_id=sku["id"]) == ["removed", "initial"]
    refused(merchant.get(f"/skus/{sku['id']}/movements"), 404, "not_found")


def test_it_shows_nothing_of_others(world, merchant):
    theirs = world.sku(world.merchant())
    world.sku(merchant)
    assert len(reasons(merchant)) == 1
    assert reasons(merchant, sku_id=theirs["id"]) == reasons(merchant, product_id=theirs["product_id"]) == []


def test_a_statement_that_does_not_say_whose_it_is_is_completed(world, merchant, sql):
    sku = world.sku(merchant, stock=0)
    sql(CHANGE, sku["id"], "old release", 1, 1)
    assert reasons(merchant) == ["old release"]


def test_movements_of_before_are_filled_in(empty_database):
    migration.migrate("0027")
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO "user" (name, storename, password_hash, status, create_time, update_time)
            SELECT n::text, n::text, 'x', 0, 1, 1 FROM generate_series(1, 2) n;
            INSERT INTO product (business_id, name, create_time, last_update) VALUES (1, 'x', 1, 1), (2, 'y', 1, 1);
            INSERT INTO sku (product_id, sku_name, price, stock, status) VALUES (1, 'x', 1, 0, 0), (2, 'y', 1, 0, 0)
        """)
        cursor.execute(CHANGE, (1, "x", 1, 12_000))
        cursor.execute(CHANGE, (2, "y", 1, 5))
    migration.migrate()
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT business_id, reason, count(*) FROM stock_movement GROUP BY 1, 2 ORDER BY 1")
        assert cursor.fetchall() == [(1, "x", 12_000), (2, "y", 5)]
        with pytest.raises(psycopg2.IntegrityError, match="append-only"):
            cursor.execute("UPDATE stock_movement SET business_id = 1")


@pytest.mark.long
@pytest.mark.parametrize("asked", [{}, {"reason": "rare"}, {"create_to": 1_000_500}, {"reason": "order"}], ids=str)
def test_an_index_finds_them(world, merchant, sql, asked):
    sku = world.sku(merchant, stock=0)
    sql(CHANGE, sku["id"], "order", 1_000_000, 30_000)
    sql(CHANGE, sku["id"], "rare", 1_000_000, 3)
    sql("ANALYZE stock_movement")
    listing = movements._OF_SHOP if asked.get("reason", "order") == "order" else movements._BUT_ORDERS
    statement = listing._statement(MERCHANT, frozenset(asked), Start.CURSOR, NEWEST)
    with Work(Actor(MERCHANT, merchant.id), writes=False) as work:
        plan = explained(work, statement, **asked, after_time=2**31 - 1, after_id=2**60)
    assert rows_read(plan)["stock_movement"] <= 30
